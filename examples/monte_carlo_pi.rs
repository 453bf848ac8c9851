//! Pi, from random points: each rank throws its share at a square, and counts those in the circle.
//!
//! `ranks run -n 4 --example monte_carlo_pi -- --points 10000000`

use ranks::op;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let (rank, size) = (world.rank() as u64, world.size() as u64);
    let begun = std::time::Instant::now();

    // Rank 0 reads the command line, so all agree on it.
    let points = world.broadcast((rank == 0).then(points), 0)??;
    let mine = points / size + u64::from(rank < points % size);
    let mut random = Random::new(rank);
    let inside = (0..mine).filter(|_| random.unit().powi(2) + random.unit().powi(2) <= 1.0).count();

    let mut total = [0u64];
    world.reduce_into(&[inside as u64], (rank == 0).then_some(&mut total[..]), op::sum, 0)?;
    if rank == 0 {
        let share = total[0] as f64 / points as f64;
        let deviation = 4.0 * (share * (1.0 - share) / points as f64).sqrt();
        println!("{size} ranks threw {points} points in {:.2} s", begun.elapsed().as_secs_f64());
        println!("pi is about {:.6}, give or take {deviation:.6}", 4.0 * share);
    }
    Ok(())
}

fn points() -> Result<u64, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(10_000_000),
        ["--points", number] => match number.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("--points {number}: not a number above 0")),
        },
        _ => Err("usage: monte_carlo_pi [--points N]".to_owned()),
    }
}

/// SplitMix64. Its sequence is the multiples of one odd number, so multiples of 2^48 lie at least 2^48 numbers
/// apart in it: no rank meets the numbers of another.
struct Random(u64);

impl Random {
    fn new(rank: u64) -> Self {
        Self(rank << 48)
    }

    /// The next number, from 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
