//! A number goes round the ring; each rank adds one.
//!
//! `ranks run -n 4 --example ring -- --count 3`

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let count = count()?;
    let next = (world.rank() + 1) % world.size();
    let previous = (world.rank() + world.size() - 1) % world.size();

    let mut number = 0u64;
    for _ in 0..count {
        // Rank 0 starts each round, and is where it ends.
        if world.rank() == 0 {
            world.send(&(number + 1), next, 0)?;
            number = world.receive(previous, 0)?.0;
        } else {
            let (so_far, _) = world.receive::<u64>(previous, 0)?;
            world.send(&(so_far + 1), next, 0)?;
        }
    }
    if world.rank() == 0 {
        println!("after {count} rounds of {} ranks: {number}", world.size());
        assert_eq!(number, count * world.size() as u64);
    }
    Ok(())
}

fn count() -> Result<u64, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(1),
        ["--count", number] => number.parse().map_err(|_| format!("--count {number}: not a number")),
        _ => Err("usage: ring [--count N]".to_owned()),
    }
}
