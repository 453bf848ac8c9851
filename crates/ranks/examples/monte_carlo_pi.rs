//! Pi, from random points: each rank throws its share at a square, and counts those in the circle. A table
//! says how the estimate gets better with the number of points, from twenty trials each.
//!
//! `ranks run -n 4 --example monte_carlo_pi -- --points 1000000 --svg pi.svg`

use ranks::{World, op};
use std::fmt::Write;

/// Trials for each line of the table.
const TRIALS: usize = 20;

/// A line: points of a trial, the mean of the trials' estimates, their standard deviation.
type Line = (u64, f64, f64);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let begun = std::time::Instant::now();

    // Rank 0 reads the command line, so all agree on it.
    let options = world.broadcast((world.rank() == 0).then(options), 0)?;
    let (points, picture) = options?;

    let mut random = Random::new(world.rank() as u64);
    let mut table: Vec<Line> = Vec::new();
    let mut line_points = points.min(1000);
    while line_points <= points {
        table.push(line(&world, line_points, &mut random)?);
        line_points *= 10;
    }
    if world.rank() == 0 {
        println!("{:>12} {:>10} {:>10}", "points", "mean", "deviation");
        table
            .iter()
            .for_each(|(points, mean, deviation)| println!("{points:>12} {mean:>10.6} {deviation:>10.6}"));
        let (_, mean, deviation) = table.last().expect("there is a line for the fewest points");
        println!("pi is about {mean:.6}, give or take {:.6}", deviation / (TRIALS as f64).sqrt());
        println!("{} ranks, {:.2} s", world.size(), begun.elapsed().as_secs_f64());
        if let Some(file) = picture {
            std::fs::write(&file, svg(&table)).map_err(|error| format!("cannot write {file}: {error}"))?;
            println!("drawn in {file}");
        }
    }
    Ok(())
}

/// All trials with so many points. Each rank throws its share in every trial.
fn line(world: &World, points: u64, random: &mut Random) -> ranks::Result<Line> {
    let (rank, size) = (world.rank() as u64, world.size() as u64);
    let mine = points / size + u64::from(rank < points % size);
    let mut inside = [0u64; TRIALS];
    for count in &mut inside {
        *count = (0..mine).filter(|_| random.unit().powi(2) + random.unit().powi(2) <= 1.0).count() as u64;
    }
    world.all_reduce_in_place(&mut inside, op::sum)?;
    let estimates = inside.map(|count| 4.0 * count as f64 / points as f64);
    let mean = estimates.iter().sum::<f64>() / TRIALS as f64;
    let squares = estimates.iter().map(|estimate| (estimate - mean).powi(2)).sum::<f64>();
    Ok((points, mean, (squares / (TRIALS - 1) as f64).sqrt()))
}

fn options() -> Result<(u64, Option<String>), String> {
    let (mut points, mut picture) = (1_000_000, None);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for option in arguments.chunks(2) {
        match option.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--points", number] => match number.parse() {
                Ok(number) if number > 0 => points = number,
                _ => return Err(format!("--points {number}: not a number above 0")),
            },
            ["--svg", file] => picture = Some(file.to_owned()),
            _ => return Err("usage: monte_carlo_pi [--points N] [--svg FILE]".to_owned()),
        }
    }
    Ok((points, picture))
}

/// The means over the numbers of points, each with a bar of its deviation, and a line at pi.
fn svg(table: &[Line]) -> String {
    let (width, height) = (480.0, 240.0);
    let reach = table.iter().map(|line| (line.1 - std::f64::consts::PI).abs() + line.2).fold(1e-9, f64::max);
    let x = |at: usize| width * (at as f64 + 0.5) / table.len() as f64;
    let y = |value: f64| height / 2.0 - (value - std::f64::consts::PI) / reach * (height / 2.0 - 40.0);
    let mut text =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n");
    let middle = y(std::f64::consts::PI);
    let _ = writeln!(text, "<path d=\"M0 {middle} H{width}\" stroke=\"gray\" stroke-dasharray=\"4\"/>");
    for (at, (points, mean, deviation)) in table.iter().enumerate() {
        let (x, low, high) = (x(at), y(mean - deviation), y(mean + deviation));
        let _ = writeln!(text, "<path d=\"M{x:.1} {low:.1} V{high:.1}\" stroke=\"black\"/>");
        let _ = writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{:.1}\" r=\"4\"/>", y(*mean));
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{points}</text>",
            height - 8.0
        );
    }
    text + "</svg>\n"
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
