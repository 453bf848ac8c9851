//! How many prime numbers there are up to a limit. Rank 0 knows the limit, from its command line or its
//! environment, and tells the others.
//!
//! `ranks run -n 4 --example count -- --limit 1000000`, or `LIMIT=1000000 ranks run -n 4 --example count`

use ranks::op;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let limit = world.broadcast((world.rank() == 0).then(limit), 0)??;

    // Rank r looks at r, r + n, r + 2n ...
    let mine = (world.rank() as u64..=limit).step_by(world.size()).filter(|&number| is_prime(number));
    let mut count = [mine.count() as u64];
    world.reduce_in_place(&mut count, op::sum, 0)?;
    if world.rank() == 0 {
        println!("{} prime numbers up to {limit}", count[0]);
    }
    Ok(())
}

fn limit() -> Result<u64, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => std::env::var("LIMIT").unwrap_or_else(|_| "100000".to_owned()),
        ["--limit", number] => number.to_owned(),
        _ => return Err("usage: count [--limit N]".to_owned()),
    };
    text.parse().map_err(|_| format!("{text}: the limit is a number, 0 or more"))
}

fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}
