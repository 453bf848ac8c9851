//! How long a round trip of 64 bytes takes when it is awaited, with other receives pending meanwhile, beside blocking
//! calls. Ranks 0 and 1 take part; the others await a barrier.
//!
//!     ranks run -n 2 --example awaited_latency
use ranks::{Result, World};
use std::rc::Rc;
use std::time::Instant;

const BYTES: usize = 64;
const TURNS: usize = 20_000;
const REPEATS: usize = 5;

fn main() -> Result<()> {
    let world = Rc::new(ranks::init()?);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        if world.rank() < 2 {
            measure(&world).await?;
        }
        world.ibarrier()?.await
    })
}

async fn measure(world: &Rc<World>) -> Result<()> {
    let (first, other) = (world.rank() == 0, 1 - world.rank());
    let mut least = f64::INFINITY;
    for _ in 0..REPEATS {
        least = least.min(blocking(world)?);
    }
    if first {
        println!("{:>10} {:>10}\n{:>10} {least:>10.2}", "pending", "us", "blocking");
    }
    for pending in [0, 10, 100, 1000] {
        let waiting = (0..pending).map(|tag| {
            let world = world.clone();
            tokio::task::spawn_local(async move {
                world.ireceive_into(vec![0u8; BYTES], other, 100 + tag)?.await.map(|_| ())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        // A task of its own, as programs have them.
        let its_world = world.clone();
        let measured = tokio::task::spawn_local(async move {
            let mut least = f64::INFINITY;
            for _ in 0..REPEATS {
                least = least.min(awaited(&its_world).await?);
            }
            Result::Ok(least)
        });
        let least = measured.await.expect("it does not panic")?;
        if first {
            println!("{pending:>10} {least:>10.2}");
        }
        for tag in 0..pending {
            world.isend_from(vec![0u8; BYTES], other, 100 + tag)?.await?;
        }
        for task in waiting {
            task.await.expect("it does not panic")?;
        }
    }
    Ok(())
}

/// Microseconds of a round trip.
fn blocking(world: &World) -> Result<f64> {
    let (first, other, mut row) = (world.rank() == 0, 1 - world.rank(), [0u8; BYTES]);
    world.send_receive_into(&[0u8], other, 1, &mut [0u8], other, 1)?;
    let begun = Instant::now();
    for _ in 0..TURNS {
        if first {
            world.send_from(&row, other, 0)?;
        }
        world.receive_into(&mut row, other, 0)?;
        if !first {
            world.send_from(&row, other, 0)?;
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / TURNS as f64)
}

/// Microseconds of a round trip.
async fn awaited(world: &World) -> Result<f64> {
    let (first, other, mut row) = (world.rank() == 0, 1 - world.rank(), vec![0u8; BYTES]);
    world.isend(&(), other, 1)?.await?;
    world.ireceive::<()>(other, 1)?.await?;
    let begun = Instant::now();
    for _ in 0..TURNS {
        if first {
            row = world.isend_from(row, other, 0)?.await?;
        }
        row = world.ireceive_into(row, other, 0)?.await?.0;
        if !first {
            row = world.isend_from(row, other, 0)?.await?;
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / TURNS as f64)
}
