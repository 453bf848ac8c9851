//! Trials of size and patience, for `.ci/long`: what they print is what is claimed.
//!
//! `trial flood COUNT` rank 1 sends messages that rank 0 does not expect; memory of rank 0, in kB.
//! `trial huge BYTES` one message, every 4096th byte and the ends compared.
//! `trial idle SECONDS` rank 0 sleeps, all others wait for its message; CPU seconds of each.

use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, number] = arguments.as_slice() else {
        return Err("usage: trial flood|huge|idle NUMBER".into());
    };
    let number: usize = number.parse().map_err(|_| format!("{number}: not a number"))?;
    match kind.as_str() {
        "flood" => flood(&world, number)?,
        "huge" => huge(&world, number)?,
        "idle" => idle(&world, number)?,
        _ => return Err(format!("{kind}: not a trial").into()),
    }
    Ok(())
}

fn flood(world: &ranks::World, count: usize) -> ranks::Result<()> {
    let begun = Instant::now();
    match world.rank() {
        0 => {
            let before = memory_kb();
            // Receiving the last first makes all others unexpected.
            let (last, _) = world.receive::<u64>(1, 2)?;
            let during = memory_kb();
            for expected in 0..count as u64 {
                let mut got = [0u64];
                world.receive_into(&mut got, 1, 1)?;
                assert_eq!(got[0], expected);
            }
            println!(
                "flood: {last} unexpected messages of 8 bytes, {} kB for them ({:.0} bytes each), {:.2} s",
                during - before,
                (during - before) as f64 * 1024.0 / count as f64,
                begun.elapsed().as_secs_f64()
            );
        }
        1 => {
            for i in 0..count as u64 {
                world.send_from(&[i], 0, 1)?;
            }
            world.send(&(count as u64), 0, 2)?;
        }
        _ => {}
    }
    Ok(())
}

fn huge(world: &ranks::World, bytes: usize) -> ranks::Result<()> {
    let value = |at: usize| (at / 4096 % 251) as u8;
    let looks = || (0..bytes).step_by(4096).chain([bytes - 1]);
    match world.rank() {
        0 => {
            let mut data = vec![0u8; bytes];
            looks().for_each(|at| data[at] = value(at));
            world.send_from(&data, 1, 0)?;
        }
        1 => {
            let mut data = vec![0xffu8; bytes];
            let begun = Instant::now();
            let status = world.receive_into(&mut data, 0, 0)?;
            let seconds = begun.elapsed().as_secs_f64();
            assert_eq!(status.bytes, bytes);
            assert!(looks().all(|at| data[at] == value(at)), "the bytes differ");
            println!("huge: {bytes} bytes in {seconds:.2} s, {:.1} GB/s", bytes as f64 / seconds / 1e9);
        }
        _ => {}
    }
    Ok(())
}

fn idle(world: &ranks::World, seconds: usize) -> ranks::Result<()> {
    world.barrier()?;
    if world.rank() == 0 {
        std::thread::sleep(Duration::from_secs(seconds as u64));
        for rank in 1..world.size() {
            world.send(&(), rank, 0)?;
        }
        return Ok(());
    }
    let before = cpu_seconds();
    world.receive::<()>(0, 0)?;
    println!("idle: rank {} used {:.4} s of CPU in {seconds} s", world.rank(), cpu_seconds() - before);
    Ok(())
}

fn memory_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Time on a CPU, to the nanosecond.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}
