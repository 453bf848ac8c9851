//! Communicators that tasks of a runtime with several threads use.

use futures_util::StreamExt;
use ranks::{ANY_SOURCE, ANY_TAG, Operation, SharedCommunicator, op};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn shared() -> SharedCommunicator {
    ranks::init().unwrap().into_shared().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn poll_once<V>(operation: &mut Operation<V>) -> Poll<ranks::Result<V>> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

/// Tasks on all threads of the runtime ask, and one answers, through one communicator.
#[ranks::test(n = 3, timeout = "60s")]
fn tasks_ask_other_ranks() -> ranks::Result<()> {
    const TASKS: i32 = 20;
    let world = shared();
    runtime().block_on(async {
        let server = world.clone();
        let serving = tokio::spawn(async move {
            let mut requests = server.incoming::<(i32, u64)>(ANY_SOURCE, 0);
            let mut open = server.size() - 1;
            while open > 0 {
                let ((tag, number), status) = requests.next().await.expect("it does not end")?;
                if tag == 0 {
                    open -= 1;
                } else {
                    server.send(&(number * 2), status.source, tag).await?;
                }
            }
            ranks::Result::Ok(())
        });
        let tasks: Vec<_> = (1..=TASKS)
            .map(|tag| {
                let world = world.clone();
                tokio::spawn(async move {
                    for turn in 0..50u64 {
                        let dest = (world.rank() + 1 + turn as usize % (world.size() - 1)) % world.size();
                        world.send(&(tag, turn), dest, 0).await?;
                        assert_eq!(world.receive::<u64>(dest, tag).await?.0, turn * 2);
                    }
                    ranks::Result::Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap()?;
        }
        for other in (0..world.size()).filter(|&rank| rank != world.rank()) {
            world.send(&(0, 0u64), other, 0).await?;
        }
        serving.await.unwrap()
    })?;
    world.barrier().wait()
}

#[ranks::test(n = 3, timeout = "60s")]
fn collectives_give_what_those_of_one_thread_give() -> ranks::Result<()> {
    let world = shared();
    let (me, n) = (world.rank(), world.size());
    let text = |rank: usize, len: usize| format!("{rank} ").repeat(len);
    runtime().block_on(async {
        for root in 0..n {
            // Nothing, a few bytes, and more than a ring holds.
            for len in [0usize, 3, 100_000] {
                let told = world.broadcast((me == root).then(|| text(root, len)), root).await?;
                assert_eq!(told, text(root, len));
                let dealt = (me == root).then(|| (0..n).map(|rank| text(rank, len)).collect());
                assert_eq!(world.scatter(dealt, root).await?, text(me, len));
                let all: Vec<String> = (0..n).map(|rank| text(rank, len + rank)).collect();
                let gathered = world.gather(text(me, len + me), root).await?;
                assert_eq!(gathered, (me == root).then(|| all.clone()));
                assert_eq!(world.all_gather(text(me, len + me)).await?, all);
                let letters = (0..n).map(|to| text(me, len + to)).collect();
                let got: Vec<String> = (0..n).map(|from| text(from, len + me)).collect();
                assert_eq!(world.all_to_all(letters).await?, got);
            }
            let line = world.reduce(me.to_string(), |a, b| a + "-" + &b, root).await?;
            assert_eq!(line, (me == root).then(|| "0-1-2".to_owned()));
            assert_eq!(world.all_reduce(me.to_string(), |a, b| a + "-" + &b).await?, "0-1-2");
            assert_eq!(world.broadcast_into(vec![me as u32; 3], root).await?, vec![root as u32; 3]);
            let sums = world.reduce_from(vec![me, 1], op::sum, root).await?;
            assert_eq!(sums, (me == root).then(|| vec![3, 3]));
            assert_eq!(world.gather_from(vec![me], root).await?, (me == root).then(|| vec![0, 1, 2]));
            let parts = (me == root).then(|| vec![0u8, 1, 2]);
            assert_eq!(world.scatter_from(parts, 1, root).await?, [me as u8]);
        }
        assert_eq!(world.all_reduce_from(vec![me], op::sum).await?, [3]);
        assert_eq!(world.all_gather_from(vec![me]).await?, [0, 1, 2]);
        let exchanged = world.all_to_all_from((0..n).map(|to| me * 10 + to).collect()).await?;
        assert_eq!(exchanged, [me, 10 + me, 20 + me]);
        assert_eq!(world.scan_from(vec![1], op::sum).await?, [me + 1]);
        assert_eq!(world.exscan_from(vec![1], op::sum).await?, [me.max(1)]);
        assert_eq!(world.reduce_scatter_from(vec![me; 3], op::sum).await?, [3]);
        let wrong = world.all_to_all(vec![1]).await.unwrap_err();
        assert_eq!(wrong.class(), ranks::Class::Arg);
        // Parts and copies have ranks, names and messages of their own, and go with their last clone.
        let pair = world.split((me < 2).then_some(7), -(me as i32)).await?;
        let copy = world.duplicate().await?;
        if let Some(pair) = pair {
            assert_eq!((pair.size(), pair.rank()), (2, 1 - me));
            pair.set_name("pair");
            let clone = pair.clone();
            drop(pair);
            assert_eq!((clone.name().as_str(), clone.all_gather(me).await?), ("pair", vec![1, 0]));
        }
        copy.barrier().await?;
        ranks::Result::Ok(())
    })?;
    let world = world.into_world().expect("nothing else is left");
    world.barrier()
}

/// Rank 0 drops each collective as soon as it has begun: the others complete it all the same.
#[ranks::test(n = 3, timeout = "60s")]
fn a_collective_that_is_dropped_keeps_nobody_waiting() -> ranks::Result<()> {
    let world = shared();
    let me = world.rank();
    for turn in 0..20 {
        let long = "long ".repeat(20_000);
        let (broadcast, gathered) =
            (world.broadcast(Some(long.clone()).filter(|_| me == 1), 1), world.all_gather(me));
        let (sum, exchanged) =
            (world.all_reduce_from(vec![me; 5_000], op::sum), world.all_to_all(vec![long.clone(); 3]));
        if me == 0 {
            let mut broadcast = broadcast;
            // Some have been polled, some not.
            if turn % 2 == 0 {
                let _ = poll_once(&mut broadcast);
            }
            drop((broadcast, gathered, sum, exchanged));
        } else {
            assert_eq!(broadcast.wait()?, long);
            assert_eq!(gathered.wait()?, [0, 1, 2]);
            assert_eq!(sum.wait()?, vec![3; 5_000]);
            assert_eq!(exchanged.wait()?, vec![long; 3]);
        }
    }
    world.barrier().wait()
}

/// What the receives give that are dropped: a number, some bytes, and who sent them.
type Numbered = ((usize, Vec<u8>), ranks::Status);

/// Numbers by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Receives are begun, polled, dropped and waited for in any order: each message is received once, and those that come
/// after all of that was dropped are in order. `RANKS_DROPS` says how many receives are dropped.
#[ranks::test(n = 2, timeout = "3000s")]
fn futures_dropped_at_any_point_lose_no_message() -> ranks::Result<()> {
    let drops: u64 = std::env::var("RANKS_DROPS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    const MESSAGES: usize = 64;
    let world = shared();
    let other = 1 - world.rank();
    let (mut dropped, mut seed) = (0, 0);
    loop {
        // Both stop at the same round.
        if world.all_reduce(dropped, u64::min).wait()? >= drops {
            return Ok(());
        }
        seed += 1;
        let mut chance = Chance(seed * 2 + world.rank() as u64);
        let len = [0usize, 10, 1_000, 5_000, 70_000][chance.below(5) as usize];
        let mut sends = Vec::new();
        let mut times = [0u32; MESSAGES];
        let mut under_way: Vec<Operation<Numbered>> = Vec::new();
        for step in 0..8 * MESSAGES {
            if step % 8 == 0 {
                sends.push(world.send(&(step / 8, vec![1u8; len]), other, 3));
            }
            match chance.below(4) {
                0 => {
                    let source = if chance.below(2) == 0 { ANY_SOURCE } else { other.into() };
                    under_way
                        .push(world.receive(source, if chance.below(2) == 0 { ANY_TAG } else { 3.into() }));
                }
                _ if under_way.is_empty() => {}
                which => {
                    let at = chance.below(under_way.len() as u64) as usize;
                    if which == 1 {
                        dropped += 1;
                        drop(under_way.swap_remove(at));
                    } else if let Poll::Ready(outcome) = poll_once(&mut under_way[at]) {
                        times[outcome?.0.0] += 1;
                        drop(under_way.swap_remove(at));
                    }
                }
            }
        }
        dropped += under_way.len() as u64;
        under_way.clear();
        let mut last = None;
        while times.contains(&0) {
            let (number, bytes) = world.receive::<(usize, Vec<u8>)>(other, 3).wait()?.0;
            assert!(Some(number) > last, "message {number} after {last:?}, seed {seed}");
            // Its sender has a seed of its own, and one length for all its messages.
            assert!(bytes.iter().all(|&byte| byte == 1));
            last = Some(number);
            times[number] += 1;
        }
        assert!(times.iter().all(|&times| times == 1), "seed {seed}: {times:?}");
        for send in sends {
            send.wait()?;
        }
        assert_eq!(world.probe_now(ANY_SOURCE, ANY_TAG)?, None, "nothing is there twice");
    }
}

/// A send that is dropped completes all the same.
#[ranks::test(n = 2, timeout = "30s")]
fn a_send_that_is_dropped_arrives() -> ranks::Result<()> {
    let world = shared();
    for len in [1usize, 5_000, 500_000] {
        if world.rank() == 0 {
            drop(world.send_from(vec![7u8; len], 1, 0));
            drop(world.synchronous_send(&len, 1, 0));
        } else {
            assert_eq!(world.receive_into(vec![0u8; len], 0, 0).wait()?.0, vec![7; len]);
            assert_eq!(world.receive::<usize>(0, 0).wait()?.0, len);
        }
        world.barrier().wait()?;
    }
    Ok(())
}

/// An operation of a reduction sends, receives and asks on the communicator that reduces, from tasks and from a thread.
#[ranks::test(n = 4, timeout = "60s")]
fn the_operation_of_a_reduction_uses_its_communicator() -> ranks::Result<()> {
    let world = shared();
    let pair = world.split(Some(world.rank() as u32 / 2), 0).wait()?.expect("it gave a colour");
    reduces_through_itself(&pair)?;
    reduces_through_itself(&world)
}

fn reduces_through_itself(world: &SharedCommunicator) -> ranks::Result<()> {
    let (me, n) = (world.rank(), world.size());
    let sum = (0..n).sum::<usize>();
    let through = |world: &SharedCommunicator, tag: i32| {
        let world = world.clone();
        move |a: usize, b: usize| {
            let me = world.rank();
            let receiving = world.receive::<usize>(me, tag);
            world.send(&(a + b), me, tag).wait().unwrap();
            receiving.wait().unwrap().0
        }
    };
    for round in 0..20 {
        let op = through(world, round);
        assert_eq!(world.all_reduce_from(vec![me, me], op).wait()?, [sum, sum]);
        let mut slice = [me; 3];
        world.all_reduce_slice(&mut slice, through(world, round))?;
        assert_eq!(slice, [sum; 3]);
    }
    runtime().block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|tag| {
                let op = through(world, 100 + tag);
                let reducing = world.all_reduce_from(vec![me; 1 + tag as usize], op);
                let size = 1 + tag as usize;
                tokio::spawn(async move { reducing.await.map(|sums| (sums, size)) })
            })
            .collect();
        for task in tasks {
            let (sums, size) = task.await.unwrap()?;
            assert_eq!(sums, vec![sum; size]);
        }
        // One that nobody waits for keeps the communicator until it has run.
        let (token, op) = (Arc::new(()), through(world, 200));
        let kept = token.clone();
        drop(world.all_reduce_from(vec![me], move |a, b| {
            let _kept = &kept;
            op(a, b)
        }));
        world.barrier().await?;
        world.scan_from(vec![1], through(world, 201)).await.map(|upto| assert_eq!(upto, [me + 1]))?;
        while Arc::strong_count(&token) > 1 {
            world.probe_now(me, 200)?;
            tokio::task::yield_now().await;
        }
        ranks::Result::Ok(())
    })?;
    world.barrier().wait()
}

/// A value whose drop panics, and a waker that panics.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("a drop that panics");
    }
}

impl std::task::Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::mem::forget(self);
        panic!("a waker that panics");
    }
}

/// Calls that wake a task, or drop what an operation kept, return as always whatever panics meanwhile.
#[ranks::test(n = 2, timeout = "60s")]
fn panics_of_wakers_and_of_dropped_values_end_no_other_call() -> ranks::Result<()> {
    let world = shared();
    let (me, other) = (world.rank(), 1 - world.rank());
    let value = Panics;
    let sum = world.all_reduce_from(vec![me], move |a, b| {
        let _kept = &value;
        a + b
    });
    assert_eq!(sum.wait()?, [1]);
    let waker = Waker::from(Arc::new(Panics));
    let mut first = world.receive::<usize>(other, 1);
    assert!(Pin::new(&mut first).poll(&mut Context::from_waker(&waker)).is_pending());
    let second = world.receive::<usize>(other, 2);
    world.barrier().wait()?;
    for tag in [1, 2] {
        world.send(&me, other, tag).wait()?;
    }
    // This takes the first message in, too, and wakes with its waker.
    assert_eq!((second.wait()?.0, first.wait()?.0), (other, other));
    std::mem::forget(waker);
    world.barrier().wait()
}
