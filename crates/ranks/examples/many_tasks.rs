//! Many tasks on each rank, which wait for messages from tasks of the next one. A message wakes only its own task.
//!
//!     ranks run -n 4 --example many_tasks
use ranks::Result;
use std::time::Instant;

const TASKS: i32 = 1000;
const TURNS: usize = 20;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let world = ranks::init()?.into_shared()?;
    let (next, previous) =
        ((world.rank() + 1) % world.size(), (world.rank() + world.size() - 1) % world.size());
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for tag in 0..TASKS {
        let world = world.clone();
        tasks.spawn(async move {
            for turn in 0..TURNS {
                // Begun before it is awaited, so that the message is on its way meanwhile.
                let sending = world.send(&turn, next, tag);
                let (number, _) = world.receive::<usize>(previous, tag).await?;
                assert_eq!(number, turn);
                sending.await?;
            }
            Result::Ok(())
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.expect("no task panics")?;
    }
    let messages = world.reduce(TASKS as usize * TURNS, |a, b| a + b, 0).await?;
    if let Some(messages) = messages {
        println!("{messages} messages in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}
