//! Collectives of shared communicators: parts of different lengths, and exchanges with neighbours.

use ranks::{Class, SharedCommunicator, op};

fn shared() -> SharedCommunicator {
    ranks::init().unwrap().into_shared().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[ranks::test(n = 3, timeout = "60s")]
fn parts_have_different_lengths() -> ranks::Result<()> {
    let world = shared();
    let (me, n) = (world.rank(), world.size());
    runtime().block_on(async {
        // A few elements, and more than a ring holds.
        for scale in [1usize, 30_000] {
            let counts: Vec<usize> = (0..n).map(|rank| rank * scale).collect();
            let row = |rank: usize| vec![rank as u32; rank * scale];
            let all: Vec<u32> = (0..n).flat_map(row).collect();
            for root in 0..n {
                let here = me == root;
                let told = world.gather_v_from(row(me), here.then_some(&counts), root).await?;
                assert_eq!(told, here.then(|| all.clone()));
                assert_eq!(world.gather_v(row(me), root).await?, here.then(|| all.clone()));
                let dealt = here.then(|| (all.clone(), &counts[..]));
                assert_eq!(world.scatter_v_from(dealt, counts[me], root).await?, row(me));
            }
            assert_eq!(world.all_gather_v_from(row(me), &counts).await?, all);
            assert_eq!(world.all_gather_v(row(me)).await?, all);
            // Each gives `counts[to]` elements to each, and so gets `counts[me]` from each.
            let out: Vec<usize> = (0..n).flat_map(|to| vec![me * 10 + to; counts[to]]).collect();
            let expected: Vec<usize> = (0..n).flat_map(|from| vec![from * 10 + me; counts[me]]).collect();
            assert_eq!(world.all_to_all_v_from(out, &counts, &vec![counts[me]; n]).await?, expected);
            let numbers: Vec<u64> = (0..counts.iter().sum::<usize>() as u64).collect();
            let first = counts[..me].iter().sum::<usize>();
            let mine: Vec<u64> = numbers[first..][..counts[me]].iter().map(|x| x * n as u64).collect();
            assert_eq!(world.reduce_scatter_v_from(numbers, &counts, op::sum).await?, mine);
        }
        ranks::Result::Ok(())
    })?;
    world.into_world().expect("nothing else is left").barrier()
}

/// What is wrong is refused at once, at the rank that is wrong, and nothing is begun.
#[ranks::test(n = 2, timeout = "60s")]
fn wrong_parts_are_refused() -> ranks::Result<()> {
    let world = shared();
    let me = world.rank();
    let class = |outcome: ranks::Result<Vec<u8>>| outcome.unwrap_err().class();
    if me == 0 {
        assert_eq!(world.gather_v_from(vec![1u8], None, 0).wait().unwrap_err().class(), Class::Arg);
        assert_eq!(class(world.scatter_v_from(None, 1, 0).wait()), Class::Arg);
    }
    assert_eq!(class(world.all_gather_v_from(vec![1u8], &[1]).wait()), Class::Count);
    assert_eq!(class(world.all_to_all_v_from(vec![1u8], &[1], &[1, 1]).wait()), Class::Count);
    assert_eq!(class(world.reduce_scatter_v_from(vec![1u8], &[1], op::sum).wait()), Class::Count);
    assert_eq!(class(world.neighbor_all_gather_from(vec![1u8]).wait()), Class::Topology);
    assert_eq!(class(world.neighbor_all_to_all_v_from(vec![1u8], &[1], &[1]).wait()), Class::Topology);
    assert_eq!(world.all_gather(me).wait()?, [0, 1]);
    // `true` is no value of what rank 1 sends as a number.
    let came = if me == 0 {
        world.gather_v(vec![true], 0).wait().map(|_| ())
    } else {
        world.gather_v(vec![7u8], 0).wait().map(|_| ())
    };
    assert_eq!(came.map_err(|error| error.class()), if me == 0 { Err(Class::Type) } else { Ok(()) });
    world.barrier().wait()
}

#[ranks::test(n = 4, timeout = "60s")]
fn neighbors_exchange() -> ranks::Result<()> {
    let world = shared();
    let me = world.rank();
    runtime().block_on(async {
        let line = world.cartesian(&[4], &[false]).await?.expect("all are in it");
        let (before, after) = (me.checked_sub(1), (me < 3).then_some(me + 1));
        assert_eq!((line.sources()?, line.destinations()?), (vec![before, after], vec![before, after]));
        let zero = |rank: Option<usize>| rank.unwrap_or_default();
        assert_eq!(line.neighbor_all_gather_from(vec![me]).await?, [zero(before), zero(after)]);
        let ring = world.cartesian(&[3], &[true]).await?;
        assert_eq!(ring.is_some(), me < 3);
        if let Some(ring) = ring {
            let (left, right) = ((me + 2) % 3, (me + 1) % 3);
            let came = ring.neighbor_all_to_all_from(vec![me * 10, me * 10 + 1]).await?;
            assert_eq!(came, [left * 10 + 1, right * 10]);
            // One element goes to the left, two go to the right.
            let came = ring.neighbor_all_to_all_v_from(vec![me; 3], &[1, 2], &[2, 1]).await?;
            assert_eq!(came, [left, left, right]);
        }
        // Everyone sends to rank 0.
        let (from, to, counts) =
            if me == 0 { (vec![1, 2, 3], vec![], vec![1, 2, 3]) } else { (vec![], vec![0], vec![]) };
        let star = world.graph(&from, &to).await?;
        let came = star.neighbor_all_gather_v_from(vec![me; me], &counts).await?;
        assert_eq!(came, if me == 0 { vec![1, 2, 2, 3, 3, 3] } else { vec![] });
        ranks::Result::Ok(())
    })?;
    world.into_world().expect("nothing else is left").barrier()
}
