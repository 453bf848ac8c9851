//! What a user is told without asking: messages that nobody received, and ranks that wait for each other.
//!
//! Each test starts its own program again as ranks, like `#[ranks::test]`, and reads what was printed.

use ranks::World;
use ranks_launch::{Launch, Outcome};
use std::time::Duration;

const VARIABLE: &str = "RANKS_NOTICE_TEST";

/// Runs `body` on `n` processes and gives what was printed; `None` in those processes.
fn job(name: &str, n: usize, seconds: u64, body: impl FnOnce(World) -> ranks::Result<()>) -> Option<Outcome> {
    if std::env::var(VARIABLE).is_ok_and(|test| test == name) {
        body(ranks::init().unwrap()).unwrap();
        return None;
    }
    let words = ["--exact", name, "--nocapture", "--test-threads=1"];
    let program = std::env::current_exe().unwrap();
    let launch = Launch::new(program).ranks(n).name("job").args(words).env(VARIABLE, name);
    Some(launch.capture().timeout(Duration::from_secs(seconds)).run().unwrap())
}

fn error(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

fn nap(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

const NOTICE: &str = "job: no rank can go on: every rank waits for others, and no message is on its way\n";

/// The job has come to its end, and nothing was said.
fn quiet(outcome: &Outcome) {
    assert_eq!((outcome.code, error(outcome).as_str()), (0, ""), "{outcome:?}");
}

/// The notice was printed once, with these lines, and the job was ended by nothing but its time limit.
fn noticed(outcome: &Outcome, lines: &[&str]) {
    let error = error(outcome);
    assert!(outcome.timed_out && outcome.code == 110, "{outcome:?}");
    assert_eq!(error.matches(NOTICE).count(), 1, "{error}");
    let notice = error.split("the time limit").next().unwrap();
    for line in lines {
        assert!(notice.contains(line), "no {line:?} in:\n{error}");
    }
    assert!(notice.contains("  The job is not ended: Ctrl-C ends it"), "{error}");
}

#[test]
fn messages_that_nobody_received_are_told_at_the_end() {
    let outcome = job("messages_that_nobody_received_are_told_at_the_end", 3, 60, |world| {
        if world.rank() == 0 {
            for _ in 0..2 {
                world.send_from(&[1u8; 8], 1, 5)?;
            }
            world.send_from(&[1u8; 100], 1, 6)?;
        }
        if world.rank() == 2 {
            // Nobody waits for it, and nobody receives it.
            drop(world.isend_from(vec![7u8; 10_000_000], 1, 9)?);
        }
        // A message that is received, and the messages of collectives, are not told.
        let own = world.duplicate()?;
        own.send(&world.rank(), (world.rank() + 1) % 3, 0)?;
        own.receive::<usize>((world.rank() + 2) % 3, 0)?;
        world.barrier()
    });
    let Some(outcome) = outcome else { return };
    let line = "ranks: rank 1 finalises with 4 messages that it never received: 2 from rank 0, tag 5, 8 bytes each \
                on world; from rank 0, tag 6, 100 bytes on world; from rank 2, tag 9, 10000000 bytes on world\n";
    assert_eq!((outcome.code, error(&outcome).as_str()), (0, line));
}

#[test]
fn a_message_to_itself_counts_and_the_list_is_short() {
    let outcome = job("a_message_to_itself_counts_and_the_list_is_short", 1, 60, |world| {
        for tag in 0..5 {
            world.send_from(&[1u8], 0, tag)?;
        }
        Ok(())
    });
    let Some(outcome) = outcome else { return };
    let line = "ranks: rank 0 finalises with 5 messages that it never received: from rank 0 (itself), tag 0, 1 byte \
                on world; from rank 0 (itself), tag 1, 1 byte on world; from rank 0 (itself), tag 2, 1 byte on world; \
                and 2 more\n";
    assert_eq!((outcome.code, error(&outcome).as_str()), (0, line));
}

#[test]
fn two_ranks_that_receive_from_each_other_are_told() {
    let outcome = job("two_ranks_that_receive_from_each_other_are_told", 2, 15, |world| {
        world.receive::<u8>(1 - world.rank(), 3).map(|_| ())
    });
    let Some(outcome) = outcome else { return };
    let line = |rank, from| format!("  rank {rank} waits in receive from rank {from}, tag 3 on world, for ");
    noticed(&outcome, &[&line(0, 1), &line(1, 0)]);
}

#[test]
fn tasks_and_threads_that_wait_for_each_other_are_told() {
    let outcome = job("tasks_and_threads_that_wait_for_each_other_are_told", 2, 12, |world| {
        let (rank, world) = (world.rank(), world.into_shared()?);
        let receive = world.receive::<u8>(1 - rank, 8);
        match rank {
            0 => receive.wait(),
            _ => tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(receive),
        }
        .map(drop)
    });
    let Some(outcome) = outcome else { return };
    noticed(
        &outcome,
        &["rank 0 waits in receive from rank 1, tag 8 on world", "rank 1 waits in receive from rank 0"],
    );
    // The wait is one, from its beginning, although the tasks look once a second.
    let roll_call = error(&outcome).split("the time limit").nth(1).unwrap().to_owned();
    assert!(!roll_call.contains("for 0."), "{roll_call}");
}

#[test]
fn a_collective_and_a_receive_that_wait_for_each_other_are_told() {
    let outcome = job("a_collective_and_a_receive_that_wait_for_each_other_are_told", 3, 15, |world| {
        if world.rank() == 2 {
            world.receive::<u8>(0, 1)?;
        }
        world.barrier()
    });
    let Some(outcome) = outcome else { return };
    let lines =
        ["  2 of 3 ranks wait in barrier on world, for ", "  rank 2 waits in receive from rank 0, tag 1"];
    noticed(&outcome, &lines);
}

#[test]
fn a_rank_that_has_ended_is_not_waited_for() {
    let outcome = job("a_rank_that_has_ended_is_not_waited_for", 3, 15, |world| match world.rank() {
        0 => Ok(()),
        rank => world.receive::<u8>(3 - rank, 0).map(|_| ()),
    });
    let Some(outcome) = outcome else { return };
    noticed(&outcome, &["  rank 1 waits in receive from rank 2", "  rank 0 has ended"]);
}

#[test]
fn ranks_that_wait_for_one_that_computes_or_sleeps_are_not_told_of() {
    let outcome = job("ranks_that_wait_for_one_that_computes_or_sleeps_are_not_told_of", 3, 60, |world| {
        if world.rank() == 0 {
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_secs(3) {
                std::hint::black_box(0);
            }
        }
        world.barrier()?;
        if world.rank() == 1 {
            nap(3500);
            world.send(&1, 0, 0)?;
            world.send(&1, 2, 0)?;
            return Ok(());
        }
        world.receive::<i32>(1, 0).map(|_| ())
    });
    outcome.iter().for_each(quiet);
}

#[test]
fn messages_that_come_seldom_are_no_deadlock() {
    let outcome = job("messages_that_come_seldom_are_no_deadlock", 2, 60, |world| {
        let other = 1 - world.rank();
        for round in 0..4 {
            if round % 2 == world.rank() {
                nap(1300);
                world.send(&round, other, 0)?;
            } else {
                world.receive::<usize>(other, 0)?;
            }
        }
        Ok(())
    });
    outcome.iter().for_each(quiet);
}

#[test]
fn a_rank_with_another_thread_that_will_send_is_not_told_of() {
    let outcome = job("a_rank_with_another_thread_that_will_send_is_not_told_of", 2, 60, |world| {
        let (rank, world) = (world.rank(), world.into_shared()?);
        if rank == 1 {
            return world.receive::<u8>(0, 0).wait().and_then(|_| world.send(&1u8, 0, 1).wait());
        }
        let sender = world.clone();
        let thread = std::thread::spawn(move || {
            nap(3500);
            sender.send(&1u8, 1, 0).wait()
        });
        world.receive::<u8>(1, 1).wait()?;
        thread.join().unwrap()
    });
    outcome.iter().for_each(quiet);
}

#[test]
fn a_wait_that_another_thread_ends_is_not_told_of() {
    let outcome = job("a_wait_that_another_thread_ends_is_not_told_of", 2, 60, |world| {
        if world.rank() == 1 {
            return world.receive::<u8>(0, 0).map(|_| ());
        }
        let interrupt = world.interrupt();
        let raised = interrupt.clone();
        let thread = std::thread::spawn(move || {
            nap(3500);
            raised.raise();
        });
        assert_eq!(world.probe_or(1, 0, &interrupt)?, None);
        thread.join().unwrap();
        world.send(&1u8, 1, 0)
    });
    outcome.iter().for_each(quiet);
}

/// Threads that wait for others of their process, as those of OpenBLAS do, will not send.
#[test]
fn ranks_whose_other_threads_sleep_without_a_time_limit_are_told_of() {
    let outcome = job("ranks_whose_other_threads_sleep_without_a_time_limit_are_told_of", 2, 15, |world| {
        let interrupt = world.interrupt();
        for _ in 0..3 {
            std::thread::spawn(|| {
                loop {
                    std::thread::park();
                }
            });
        }
        world.probe_or(1 - world.rank(), 0, &interrupt).map(|_| ())
    });
    let Some(outcome) = outcome else { return };
    let more = ["ranks 0 and 1 have ", " more threads each, which sleep without a time limit\n"];
    noticed(&outcome, &[&["  rank 0 waits in probe from rank 1"][..], &more].concat());
}

/// A thread that waits for a time may send afterwards.
#[test]
fn a_rank_with_a_thread_that_wakes_by_itself_is_not_told_of() {
    let outcome = job("a_rank_with_a_thread_that_wakes_by_itself_is_not_told_of", 2, 60, |world| {
        let (rank, world) = (world.rank(), world.into_shared()?);
        let sender = world.clone();
        let thread = std::thread::spawn(move || {
            let (_keep, never) = std::sync::mpsc::channel::<()>();
            let _ = never.recv_timeout(Duration::from_millis(4500));
            sender.send(&1u8, 1 - rank, 0).wait()
        });
        world.receive::<u8>(1 - rank, 0).wait()?;
        thread.join().unwrap()
    });
    outcome.iter().for_each(quiet);
}

#[test]
fn a_panic_in_the_operation_of_a_reduction_ends_the_job() {
    let outcome = job("a_panic_in_the_operation_of_a_reduction_ends_the_job", 3, 60, |world| {
        let world = world.into_shared()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            // In a task of its own a panic would end nothing else.
            let wrong = tokio::spawn(world.all_reduce_from(vec![1], |_: i32, _| panic!("no sum today")));
            if let Ok(wrong) = wrong.await {
                println!("rank {} goes on with {wrong:?}", world.rank());
            }
            world.receive::<u8>(ranks::ANY_SOURCE, 9).await.map(drop)
        })
    });
    let Some(outcome) = outcome else { return };
    assert_eq!((outcome.code, outcome.timed_out), (101, false), "{outcome:?}");
    let error = error(&outcome);
    assert!(
        error.contains("no sum today") && error.contains("the operation of a reduction panicked"),
        "{error}"
    );
    assert!(error.contains("aborted the job with code 101"), "{error}");
}
