//! Requests: several at once, awaited, borrowed.

mod common;

use common::threads;
use ranks::{ANY_SOURCE, Class, Requests, World, wait_all};
use std::time::{Duration, Instant};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}

#[test]
fn several_are_completed_as_they_come() {
    threads(4, |world| {
        if world.rank() > 0 {
            let (go, _) = world.receive::<u32>(0, 9)?;
            return world.send_from(&[go, world.rank() as u32], 0, 0);
        }
        let mut receives: Requests<_> =
            (1..4).map(|rank| world.ireceive_into(vec![0u32; 2], rank, 0)).collect::<Result<_, _>>()?;
        assert!(receives.test_any()?.is_none());
        assert!(receives.test_some()?.is_empty());
        assert!(receives.test_all()?.is_none());
        // Let go one after the other, last first.
        for rank in [3, 1] {
            world.send(&7u32, rank, 9)?;
            let (position, (data, status)) = receives.wait_any()?.expect("three are left");
            assert_eq!((position, status.source), (rank - 1, rank));
            assert_eq!(data, [7, rank as u32]);
        }
        assert_eq!(receives.len(), 1);
        world.send(&8u32, 2, 9)?;
        let some = receives.wait_some()?;
        assert_eq!((some.len(), some[0].0, some[0].1.0[0]), (1, 1, 8));
        assert!(receives.is_empty() && receives.wait_any()?.is_none() && receives.wait_all()?.is_empty());
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_fails_does_not_keep_the_others() {
    threads(2, |world| {
        if world.rank() == 0 {
            world.send_from(&[1u64; 4], 1, 0)?;
            return world.send_from(&[1u64; 4], 1, 1);
        }
        let short = world.ireceive_into(vec![0u64; 2], 0, 0)?;
        let whole = world.ireceive_into(vec![0u64; 4], 0, 1)?;
        let mut both: Requests<_> = [short, whole].into_iter().collect();
        let mut outcomes = Vec::new();
        while !both.is_empty() {
            outcomes.push(both.wait_any());
        }
        let failed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert_eq!(failed.map(ranks::Error::class).collect::<Vec<_>>(), [Class::Truncate]);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn different_kinds_together() {
    threads(2, |world| {
        let other = 1 - world.rank();
        let (a, b) = (world.isend("text", other, 0)?, world.isend_from(vec![1u8; 100_000], other, 1)?);
        let (c, d) =
            (world.ireceive::<String>(other, 0)?, world.ireceive_into(vec![0u8; 100_000], other, 1)?);
        let ((), b, (c, _), (d, _)) = wait_all((a, b, c, d))?;
        assert_eq!((c.as_str(), b), ("text", d));
        Ok(())
    })
    .unwrap();
}

/// A task that awaits a receive uses no CPU, however long it takes, and wakes at once.
#[ranks::test(n = 2, timeout = "20s")]
fn an_awaiting_rank_sleeps(world: &World) -> ranks::Result<()> {
    if world.rank() == 1 {
        world.receive::<()>(0, 1)?;
        std::thread::sleep(Duration::from_millis(1500));
        return world.send(&7, 0, 0);
    }
    let before = cpu_seconds();
    world.send(&(), 1, 1)?;
    block_on(world.ireceive::<i32>(1, 0)?)?;
    let used = cpu_seconds() - before;
    // Who looks again and again uses 1.5 s; a machine that takes the CPU away may count some of that here.
    assert!(used < 0.15, "{used} s of CPU while nothing came for 1.5 s");
    Ok(())
}

/// Time on CPUs of all threads of this process.
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0)
    };
    tasks.flatten().map(of).sum::<f64>() / 1e9
}

/// Many tasks, long and short messages, and blocking calls in between: no wake-up is lost.
#[test]
fn many_tasks_and_blocking_calls() {
    threads(3, |world| {
        let (next, previous) = ((world.rank() + 1) % 3, (world.rank() + 2) % 3);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let begun = Instant::now();
        runtime.block_on(async {
            let task = |tag: i32| async move {
                for round in 0..30usize {
                    let len = if tag % 3 == 0 { 50_000 } else { 10 };
                    let receiving = world.ireceive_into(vec![0usize; len], previous, tag)?;
                    let sent = world.isend_from(vec![round; len], next, tag)?.await?;
                    let (got, _) = receiving.await?;
                    assert_eq!(sent, got);
                    tokio::task::yield_now().await;
                    if tag == 4 && round % 10 == 5 {
                        // Not a poll: it may take in what the others wait for.
                        world.scope(|s| {
                            s.isend_from(&[1u8], next, 100)?;
                            world.receive_into(&mut [0u8], previous, 100).map(|_| ())
                        })?;
                    }
                }
                ranks::Result::Ok(())
            };
            let tasks = (task(0), task(1), task(2), task(3), task(4));
            let (a, b, c, d, e) = tokio::join!(tasks.0, tasks.1, tasks.2, tasks.3, tasks.4);
            a.and(b).and(c).and(d).and(e)
        })?;
        // A lost wake-up costs a second, and there are some hundred waits.
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        Ok(())
    })
    .unwrap();
}

/// Polls a future once; it is not ready yet.
async fn poll_once<F: Future + Unpin>(future: &mut F) {
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut *future).poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
}

/// The first task that waits looks for all. It turns to something else and polls its receive no more: another one
/// looks then.
#[ranks::test(n = 2, timeout = "20s")]
fn a_receive_that_is_polled_no_more_holds_up_no_other(world: &World) -> ranks::Result<()> {
    if world.rank() == 1 {
        for tag in 1..5 {
            world.receive::<()>(0, 0)?;
            // Rank 0 sleeps by then, most of the time.
            std::thread::sleep(Duration::from_millis(5));
            world.send(&tag, 0, tag)?;
        }
        return world.send(&9, 0, 9);
    }
    block_on(async {
        let mut held = world.ireceive::<i32>(1, 9)?;
        let (ready, other) = tokio::sync::oneshot::channel::<()>();
        let holder = async {
            poll_once(&mut held).await;
            other.await.expect("it is told");
            held.await
        };
        let others = async {
            tokio::task::yield_now().await;
            for tag in 1..5 {
                world.isend(&(), 1, 0)?.await?;
                assert_eq!(world.ireceive::<i32>(1, tag)?.await?.0, tag);
            }
            ready.send(()).expect("it waits");
            ranks::Result::Ok(())
        };
        let (held, others) = tokio::join!(holder, others);
        others?;
        assert_eq!(held?.0, 9);
        Ok(())
    })
}

#[test]
fn a_future_that_is_dropped_loses_no_message() {
    threads(2, |world| {
        if world.rank() == 1 {
            world.receive::<()>(0, 1)?;
            return world.send(&42, 0, 0);
        }
        let receiving = world.ireceive::<i32>(1, 0)?;
        let given_up = block_on(async {
            tokio::select! {
                biased;
                outcome = receiving => Some(outcome),
                () = tokio::time::sleep(Duration::from_millis(20)) => None,
            }
        });
        assert!(given_up.is_none());
        world.send(&(), 1, 1)?;
        assert_eq!(world.receive::<i32>(1, 0)?.0, 42);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_mapped_request_can_be_awaited() {
    threads(2, |world| {
        let other = 1 - world.rank();
        let sending = world.isend(&5, other, 0)?;
        let doubled = world.ireceive::<i32>(ANY_SOURCE, 0)?.map(|(number, _)| number * 2);
        assert_eq!(block_on(doubled)?, 10);
        block_on(sending)
    })
    .unwrap();
}

#[test]
fn a_scope_waits_for_what_was_forgotten() {
    threads(2, |world| {
        let other = 1 - world.rank();
        let (mine, mut theirs) = (vec![world.rank(); 50_000], vec![9; 50_000]);
        world.scope(|s| {
            std::mem::forget(s.isend_from(&mine, other, 0)?);
            std::mem::forget(s.ireceive_into(&mut theirs, other, 0)?);
            Ok(())
        })?;
        assert_eq!(theirs, vec![other; 50_000]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_scope_that_fails_withdraws_its_receives() {
    threads(2, |world| {
        let mut room = [0; 3];
        let failed = world.scope(|s| {
            s.ireceive_into(&mut room, 1 - world.rank(), 0)?;
            world.send(&1, 9, 0)
        });
        assert_eq!(failed.unwrap_err().class(), Class::Rank);
        // Nothing is posted any more: this message goes to its own receive.
        world.barrier()?;
        let sending = world.isend_from(vec![1, 2, 3], 1 - world.rank(), 0)?;
        let mut other = [0; 3];
        world.receive_into(&mut other, 1 - world.rank(), 0)?;
        assert_eq!((room, other), ([0; 3], [1, 2, 3]));
        sending.wait().map(|_| ())
    })
    .unwrap();
}

#[ranks::test(n = 2, timeout = "20s")]
#[should_panic(expected = "in a scope")]
fn a_panic_in_a_scope_ends_the_rank(world: &World) {
    let mut room = [0; 3];
    let _ = world.scope(|s| {
        s.ireceive_into(&mut room, 1 - world.rank(), 0)?;
        if world.rank() == 0 {
            panic!("in a scope");
        }
        Ok(())
    });
}
