//! A rank that several threads talk for.

use ranks::{ANY_SOURCE, SharedCommunicator};
use std::time::Duration;

fn shared() -> SharedCommunicator {
    ranks::init().unwrap().into_shared().unwrap()
}

/// Each thread plays ping-pong with its partner, long messages and short ones, all at once.
#[ranks::test(n = 2, timeout = "40s")]
fn threads_do_not_keep_each_other_out() -> ranks::Result<()> {
    let world = shared();
    std::thread::scope(|threads| {
        for tag in 0..4 {
            let world = &world;
            threads.spawn(move || {
                let len = if tag == 3 { 40_000 } else { 5 };
                let (mut row, other) = (vec![0u32; len], 1 - world.rank());
                for round in 0..200u32 {
                    if world.rank() == 0 {
                        world.send_from(vec![round; len], other, tag).wait().unwrap();
                        world.receive_into_slice(&mut row, other, tag).unwrap();
                        assert!(row.iter().all(|&number| number == round + 1));
                    } else {
                        world.receive_into_slice(&mut row, other, tag).unwrap();
                        row.iter_mut().for_each(|number| *number += 1);
                        world.send_slice(&row, other, tag).unwrap();
                    }
                }
            });
        }
    });
    let world = world.into_world().expect("all threads have ended");
    world.barrier()
}

/// Three threads wait for a message each; a fourth sends and receives meanwhile. Then all wait, asleep.
#[ranks::test(n = 2, timeout = "40s")]
fn waiting_threads_cost_nothing() -> ranks::Result<()> {
    let world = shared();
    if world.rank() == 1 {
        for round in 0..100u32 {
            let (got, _) = world.receive::<u32>(0, 9).wait()?;
            world.send(&(got + round), 0, 9).wait()?;
        }
        world.receive::<()>(0, 10).wait()?;
        std::thread::sleep(Duration::from_millis(1000));
        return (0..3).try_for_each(|tag| world.send("at last", 0, tag).wait());
    }
    std::thread::scope(|threads| {
        let waiting: Vec<_> = (0..3)
            .map(|tag| {
                let world = world.clone();
                threads.spawn(move || world.receive::<String>(ANY_SOURCE, tag).wait().unwrap().1.tag)
            })
            .collect();
        for round in 0..100u32 {
            world.send(&7u32, 1, 9).wait().unwrap();
            assert_eq!(world.receive::<u32>(1, 9).wait().unwrap().0, 7 + round);
        }
        let before = cpu_seconds();
        world.send(&(), 1, 10).wait().unwrap();
        let tags: Vec<i32> = waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(tags, [0, 1, 2]);
        let used = cpu_seconds() - before;
        // Three that look again and again use a second at least.
        assert!(used < 0.15, "{used} s of CPU while nothing came for a second");
    });
    Ok(())
}

/// A thread that is in a collective does not keep others out that the other rank waits for.
#[ranks::test(n = 2, timeout = "40s")]
fn collectives_let_messages_pass() -> ranks::Result<()> {
    let world = shared();
    std::thread::scope(|threads| {
        let collective = threads.spawn(|| {
            for round in 0..20 {
                if world.rank() == 0 {
                    // The other rank waits for a message before it comes.
                    world.barrier().wait()?;
                } else {
                    assert_eq!(world.receive::<i32>(0, 5).wait()?.0, round);
                    world.barrier().wait()?;
                }
                let mut sum = [world.rank() + 1];
                world.all_reduce_slice(&mut sum, ranks::op::sum)?;
                assert_eq!(sum, [3]);
                let mut told = [world.rank() == 0, false];
                world.broadcast_slice(&mut told, 0)?;
                assert_eq!(told, [true, false]);
            }
            ranks::Result::Ok(())
        });
        if world.rank() == 0 {
            for round in 0..20 {
                std::thread::sleep(Duration::from_millis(2));
                world.send(&round, 1, 5).wait()?;
            }
        }
        collective.join().unwrap()
    })
}

/// Time on CPUs of all threads of this process.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let words: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (words[11].parse::<f64>().unwrap() + words[12].parse::<f64>().unwrap()) / 100.0
}

#[ranks::test(n = 1)]
fn a_world_with_other_communicators_is_not_shared() -> ranks::Result<()> {
    let world = ranks::init()?;
    let copy = world.duplicate()?;
    let error = world.into_shared().unwrap_err();
    assert_eq!(error.class(), ranks::Class::Comm);
    copy.barrier()
}
