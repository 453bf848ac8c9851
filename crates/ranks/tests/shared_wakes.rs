//! A message wakes the task that waits for it, and not the other tasks of the rank.

use ranks::SharedCommunicator;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Tasks of rank 0 that wait for messages which come last.
const OTHERS: usize = 1000;
/// Messages to one task meanwhile.
const MESSAGES: i32 = 20;

/// Receives from rank 1, and counts the polls.
async fn counted(world: SharedCommunicator, tag: i32, polls: Arc<AtomicUsize>) -> ranks::Result<i32> {
    let mut receiving = pin!(world.receive::<i32>(1, tag));
    std::future::poll_fn(|cx| {
        polls.fetch_add(1, Ordering::Relaxed);
        receiving.as_mut().poll(cx)
    })
    .await
    .map(|(value, _)| value)
}

/// Which of the others are polled while one task receives message after message: the driver, which looks for all.
/// Another one becomes the driver only if the driver was not polled for a millisecond, as happens on a busy machine;
/// so there are no more drivers than milliseconds, whatever the machine does.
#[ranks::test(n = 2, timeout = "60s")]
fn a_message_wakes_only_the_task_that_waits_for_it() -> ranks::Result<()> {
    let world = ranks::init()?.into_shared()?;
    if world.rank() == 1 {
        for number in 0..MESSAGES {
            assert_eq!(world.receive::<i32>(0, 0).wait()?.0, number);
            world.send(&number, 0, 0).wait()?;
        }
        // The others get theirs when the counting is over.
        world.receive::<()>(0, 0).wait()?;
        for tag in 1..=OTHERS as i32 {
            world.send(&tag, 0, tag).wait()?;
        }
        return world.barrier().wait();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let started = Instant::now();
        let polls: Vec<Arc<AtomicUsize>> = (0..OTHERS).map(|_| Arc::default()).collect();
        let others: Vec<_> = (1..)
            .zip(&polls)
            .map(|(tag, polls)| tokio::spawn(counted(world.clone(), tag, polls.clone())))
            .collect();
        let count = || polls.iter().map(|polls| polls.load(Ordering::Relaxed)).collect::<Vec<_>>();
        while count().contains(&0) {
            tokio::task::yield_now().await;
        }
        let before = count();
        for number in 0..MESSAGES {
            world.send(&number, 1, 0).await?;
            assert_eq!(world.receive::<i32>(1, 0).await?.0, number);
        }
        let (after, millis) = (count(), started.elapsed().as_millis() as usize);
        let woken = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        // A driver that leaves hands the duty on, so each change may take two.
        assert!(woken <= 2 + 2 * millis, "{woken} of {OTHERS} tasks were polled in {millis} ms");
        world.send(&(), 1, 0).await?;
        for (tag, other) in (1..).zip(others) {
            assert_eq!(other.await.unwrap()?, tag);
        }
        ranks::Result::Ok(())
    })?;
    world.barrier().wait()
}
