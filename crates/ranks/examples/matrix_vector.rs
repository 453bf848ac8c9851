//! A matrix times a vector: rank 0 deals the rows, all know the vector, and the results are collected.
//!
//! `ranks run -n 4 --example matrix_vector -- --size 1000`

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let (rank, ranks) = (world.rank(), world.size());
    let size = world.broadcast((rank == 0).then(size), 0)??;

    // Rows may not divide evenly: the first ranks have one more.
    let rows: Vec<usize> = (0..ranks).map(|r| size / ranks + usize::from(r < size % ranks)).collect();
    let cells: Vec<usize> = rows.iter().map(|rows| rows * size).collect();

    // Row i of the matrix is i, i + 1, i + 2 ...; the vector is 1, 1/2, 1/3 ...
    let matrix = |row: usize, column: usize| (row + column) as f64;
    let all: Vec<f64> = match rank {
        0 => (0..size * size).map(|cell| matrix(cell / size, cell % size)).collect(),
        _ => Vec::new(),
    };
    let mut vector: Vec<f64> = match rank {
        0 => (1..=size).map(|i| 1.0 / i as f64).collect(),
        _ => vec![0.0; size],
    };
    let mut mine = vec![0.0; cells[rank]];
    world.scatter_v_into((rank == 0).then_some((&all[..], &cells[..])), &mut mine, 0)?;
    world.broadcast_into(&mut vector, 0)?;

    let product: Vec<f64> =
        mine.chunks_exact(size).map(|row| row.iter().zip(&vector).map(|(a, b)| a * b).sum()).collect();

    let mut whole = vec![0.0; if rank == 0 { size } else { 0 }];
    world.gather_v_into(&product, (rank == 0).then_some((&mut whole[..], &rows[..])), 0)?;
    if rank == 0 {
        // Row i times the vector is (row 0 times the vector) + i * (the sum of the vector).
        let sum: f64 = vector.iter().sum();
        let off = whole.iter().enumerate().map(|(i, x)| (x - whole[0] - i as f64 * sum).abs() / x.max(1.0));
        assert!(off.fold(0.0, f64::max) < 1e-9, "the product is wrong");
        println!("{size} x {size}, row 0: {:.6}, last row: {:.6}", whole[0], whole[size - 1]);
    }
    Ok(())
}

fn size() -> Result<usize, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(500),
        ["--size", number] => match number.parse() {
            Ok(size) if size > 0 => Ok(size),
            _ => Err(format!("--size {number}: not a number above 0")),
        },
        _ => Err("usage: matrix_vector [--size N]".to_owned()),
    }
}
