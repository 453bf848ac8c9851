//! Mean and deviation of numbers that rank 0 has: deal, work, combine.
//!
//! `ranks run -n 4 --example statistics`

use ranks::op;

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;

    // Rank 0 has the numbers; each rank gets an equal part.
    let part = 250;
    let numbers: Option<Vec<f64>> =
        (world.rank() == 0).then(|| (0..part * world.size()).map(|i| (i % 100) as f64).collect());
    let mut mine = vec![0.0; part];
    world.scatter_into(numbers.as_deref(), &mut mine, 0)?;

    // Everyone works on its part.
    let sums = [mine.iter().sum(), mine.iter().map(|x| x * x).sum::<f64>(), mine.len() as f64];
    println!("rank {} of {} has summed {} numbers", world.rank(), world.size(), mine.len());

    // The sums are added up at rank 0.
    let mut totals = [0.0; 3];
    world.reduce_into(&sums, (world.rank() == 0).then_some(&mut totals[..]), op::sum, 0)?;
    if world.rank() == 0 {
        let [sum, squares, count] = totals;
        let mean = sum / count;
        println!("mean {mean:.2}, deviation {:.2}", (squares / count - mean * mean).sqrt());
    }
    Ok(())
}
