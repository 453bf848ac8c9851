//! Two ranks send a message back and forth; one way takes half of a round.
//!
//! `ranks run -n 2 --example ping_pong`; with other numbers of ranks the others look on.

use std::time::Instant;

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    if world.size() < 2 {
        println!("ping_pong needs two ranks: ranks run -n 2 --example ping_pong");
        return Ok(());
    }
    if world.rank() > 1 {
        return Ok(());
    }
    if world.rank() == 0 {
        println!("{:>10} {:>12} {:>12}", "bytes", "one way us", "GB/s");
    }
    let other = 1 - world.rank();
    for bytes in [0, 8, 64, 512, 4 << 10, 64 << 10, 1 << 20, 4 << 20] {
        let mut ball = vec![0u8; bytes];
        let rounds = if bytes <= 4096 { 20_000 } else { 500 };
        // Once to warm up, then by the clock.
        play(&world, other, &mut ball, rounds / 10)?;
        let begun = Instant::now();
        play(&world, other, &mut ball, rounds)?;
        let one_way = begun.elapsed().as_secs_f64() / rounds as f64 / 2.0;
        if world.rank() == 0 {
            println!("{bytes:>10} {:>12.3} {:>12.2}", one_way * 1e6, bytes as f64 / one_way / 1e9);
        }
    }
    Ok(())
}

fn play(world: &ranks::World, other: usize, ball: &mut [u8], rounds: usize) -> ranks::Result<()> {
    for _ in 0..rounds {
        if world.rank() == 0 {
            world.send_from(ball, other, 0)?;
            world.receive_into(ball, other, 0)?;
        } else {
            world.receive_into(ball, other, 0)?;
            world.send_from(ball, other, 0)?;
        }
    }
    Ok(())
}
