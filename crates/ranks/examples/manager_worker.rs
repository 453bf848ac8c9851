//! A manager starts workers, gives each a part of a sum, and adds up what they find. One program is both.
//!
//! `ranks run -n 1 --example manager_worker`, or without a launcher: `target/release/examples/manager_worker 4`

use ranks::Spawn;

const TERMS: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    match world.parent()? {
        None => {
            let count = std::env::args().nth(1).map_or(Ok(2), |word| word.parse())?;
            let workers = world.spawn(&Spawn::new(std::env::current_exe()?).ranks(count), 0)?;
            for rank in 0..workers.remote_size() {
                workers.send(&TERMS, rank, 0)?;
            }
            let mut sum = 0.0;
            for _ in 0..workers.remote_size() {
                sum += workers.receive::<f64>(ranks::ANY_SOURCE, 0)?.0;
            }
            println!("{count} workers say that pi is {:.6}", 4.0 * sum);
        }
        Some(manager) => {
            let (terms, _) = manager.receive::<u64>(0, 0)?;
            let mine = (world.rank() as u64..terms).step_by(world.size());
            let part: f64 = mine.map(|k| (1.0 - 2.0 * (k % 2) as f64) / (2 * k + 1) as f64).sum();
            manager.send(&part, 0, 0)?;
        }
    }
    Ok(())
}
