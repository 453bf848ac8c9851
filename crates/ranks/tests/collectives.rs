//! Collectives that do not block, in every order; persistent ones; values with padding.

mod common;

use common::threads;
use ranks::{Class, Equivalence, Requests, op, wait_all};

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
struct Reading {
    value: f64,
    station: u8,
    valid: bool,
}

fn reading(rank: usize) -> Reading {
    Reading { value: rank as f64, station: rank as u8, valid: rank.is_multiple_of(2) }
}

/// Several under way at once, waited for in another order than they were begun, with messages in between.
#[test]
fn many_at_once_in_any_order() {
    for n in [1, 2, 3, 4, 7] {
        threads(n, |world| {
            let me = world.rank();
            let last = n - 1;
            let meeting = world.ibarrier()?;
            let told = world.ibroadcast(vec![me as u64; 20_000], last)?;
            let sum = world.iall_reduce(vec![me as u64, 1], op::sum)?;
            let latest =
                world.iall_reduce(vec![reading(me)], |a, b| if a.value < b.value { b } else { a })?;
            let all = world.iall_gather(vec![reading(me)])?;
            let here = world.igather(vec![me as u16; 3], 0)?;
            let mine = world.iscatter((me == last).then(|| (0..n as u32).collect()), 1, last)?;
            let counts: Vec<usize> = (0..n).collect();
            let varying = world.iall_gather_v(vec![me as i8; me], &counts)?;
            let traded = world.iall_to_all((0..n).map(|to| (me * 10 + to) as u32).collect())?;
            world.send(&me, (me + 1) % n, 0)?;
            let mut blocking = [1u64];
            world.all_reduce_in_place(&mut blocking, op::sum)?;
            assert_eq!(world.receive::<usize>(ranks::ANY_SOURCE, 0)?.0, (me + n - 1) % n);

            assert_eq!(traded.wait()?, (0..n).map(|from| (from * 10 + me) as u32).collect::<Vec<_>>());
            assert_eq!(varying.wait()?, (0..n).flat_map(|r| vec![r as i8; r]).collect::<Vec<_>>());
            assert_eq!(mine.wait()?, [me as u32]);
            let gathered: Vec<u16> = (0..n as u16).flat_map(|r| [r; 3]).collect();
            assert_eq!(here.wait()?, (me == 0).then_some(gathered));
            assert_eq!(all.wait()?, (0..n).map(reading).collect::<Vec<_>>());
            assert_eq!(latest.wait()?, [reading(last)]);
            let numbers = n as u64 * last as u64 / 2;
            assert_eq!(wait_all((sum, told))?, (vec![numbers, n as u64], vec![last as u64; 20_000]));
            assert_eq!(blocking, [n as u64]);
            meeting.wait()
        })
        .unwrap();
    }
}

#[test]
fn reductions_of_every_shape() {
    threads(4, |world| {
        let me = world.rank() as i32;
        let at_root = world.ireduce(vec![me, 10], op::sum, 2)?;
        let parts = world.ireduce_scatter(vec![me; 8], op::max)?;
        let (up_to, before) = (world.iscan(vec![me], op::sum)?, world.iexscan(vec![me], op::sum)?);
        assert_eq!(before.wait()?, [[0], [0], [1], [3]][world.rank()]);
        assert_eq!(up_to.wait()?, [[0], [1], [3], [6]][world.rank()]);
        assert_eq!(parts.wait()?, [3, 3]);
        assert_eq!(at_root.wait()?, (me == 2).then(|| vec![6, 40]));
        let mut mine = vec![0; world.rank()];
        world.reduce_scatter_v_into(&[me; 6], &mut mine, &[0, 1, 2, 3], op::sum)?;
        assert_eq!(mine, vec![6; world.rank()]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn they_can_be_awaited_and_collected() {
    threads(3, |world| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let total = runtime.block_on(async {
            let first = world.iall_reduce(vec![1], op::sum)?.await?;
            let second = world.iall_gather(first)?.await?;
            world.ibarrier()?.await?;
            ranks::Result::Ok(second)
        })?;
        assert_eq!(total, [3; 3]);
        let mut several: Requests<_> =
            (0..5).map(|i| world.iall_reduce(vec![i], op::sum)).collect::<Result<_, _>>()?;
        let mut sums = vec![0; 5];
        while let Some((at, sum)) = several.wait_any()? {
            sums[at] = sum[0];
        }
        assert_eq!(sums, [0, 3, 6, 9, 12]);
        Ok(())
    })
    .unwrap();
}

/// The engine keeps the buffers, and goes on: the others must not wait for ever.
#[test]
fn one_that_is_dropped_goes_on() {
    threads(3, |world| {
        for _ in 0..10 {
            drop(world.iall_reduce(vec![world.rank(); 5000], op::sum)?);
            let kept = world.iall_gather(vec![world.rank()])?;
            drop(world.ibarrier()?);
            assert_eq!(kept.wait()?, [0, 1, 2]);
        }
        world.barrier()
    })
    .unwrap();
}

#[test]
fn persistent_ones_start_again() {
    threads(3, |world| {
        let me = world.rank();
        let mut told = world.broadcast_persistent(vec![0; 2], 1)?;
        let mut most =
            world.reduce_persistent(vec![reading(0)], |a, b| if a.value < b.value { b } else { a }, 0)?;
        let mut all = world.all_gather_persistent(vec![0u8; 1])?;
        let mut here = world.gather_persistent(vec![0u8; 1], 2)?;
        let mut mine = world.scatter_persistent((me == 0).then(|| vec![0; 3]), 1, 0)?;
        let mut traded = world.all_to_all_persistent(vec![0; 3])?;
        for round in 0..3usize {
            told.data_mut()?.fill(if me == 1 { round } else { 99 });
            most.data_mut()?[0] = reading(me + round);
            all.data_mut()?[0] = (me * 10 + round) as u8;
            here.data_mut()?[0] = (me * 10 + round) as u8;
            mine.data_mut()?.iter_mut().zip(0..).for_each(|(number, at)| *number = at + round);
            traded.data_mut()?.fill(me + round);
            told.start()?;
            most.start()?;
            all.start()?;
            here.start()?;
            mine.start()?;
            traded.start()?;
            assert_eq!(told.data().unwrap_err().class(), Class::Request);
            assert_eq!(told.start().unwrap_err().class(), Class::Request);
            traded.wait()?;
            mine.wait()?;
            here.wait()?;
            all.wait()?;
            most.wait()?;
            told.wait()?;
            assert_eq!(told.data()?, [round; 2]);
            assert_eq!(traded.data()?, [round, 1 + round, 2 + round]);
            assert_eq!(mine.data()?, [me + round]);
            let tens: Vec<u8> = (0..3).map(|rank| rank * 10 + round as u8).collect();
            assert_eq!(all.data()?, tens);
            if me == 2 {
                assert_eq!(here.data()?, tens);
            }
            if me == 0 {
                assert_eq!(most.data()?, [reading(2 + round)]);
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    threads(2, |world| {
        if world.rank() == 0 {
            world.ibroadcast(vec![2u8, 1], 0)?.wait()?;
            world.iall_reduce(vec![5u8], op::max)?.wait()?;
            return Ok(());
        }
        let of_type = |error: ranks::Error| assert_eq!(error.class(), Class::Type, "{error}");
        of_type(world.ibroadcast(vec![true; 2], 0)?.wait().unwrap_err());
        of_type(world.iall_reduce(vec![true], |a, b| a | b)?.wait().unwrap_err());
        Ok(())
    })
    .unwrap();
}

#[test]
fn wrong_arguments_are_told_at_once() {
    threads(2, |world| {
        assert_eq!(world.ibroadcast(vec![1], 2).unwrap_err().class(), Class::Root);
        assert_eq!(world.iall_to_all(vec![1, 2, 3]).unwrap_err().class(), Class::Count);
        assert_eq!(world.iall_gather_v(vec![1], &[1]).unwrap_err().class(), Class::Count);
        assert!(world.iscatter::<u8>(None, usize::MAX, 1 - world.rank()).is_err());
        Ok(())
    })
    .unwrap();
}

#[test]
fn operations_on_arrays_truth_and_order() {
    threads(3, |world| {
        let me = world.rank();
        let mut rows = [[[me as f32; 2]; 2]];
        world.all_reduce_in_place(&mut rows, op::sum)?;
        assert_eq!(rows, [[[3.0; 2]; 2]]);
        let mut products = [[me as i32 + 1, 2]];
        world.all_reduce_in_place(&mut products, op::product)?;
        assert_eq!(products, [[6, 8]]);
        let truth = [true, false, me == 1, me != 1];
        let reduced = |op: fn(bool, bool) -> bool| {
            let mut all = [false; 4];
            world.all_reduce_into(&truth, &mut all, op).map(|()| all)
        };
        for and in [op::logical_and, op::bit_and, op::min] {
            assert_eq!(reduced(and)?, [true, false, false, false]);
        }
        for or in [op::logical_or, op::bit_or, op::max] {
            assert_eq!(reduced(or)?, [true, false, true, true]);
        }
        for xor in [op::logical_xor, op::bit_xor] {
            assert_eq!(reduced(xor)?, [true, false, true, false]);
        }
        let mut letter = [['c', 'a', 'b'][me]];
        world.all_reduce_in_place(&mut letter, op::max)?;
        assert_eq!(letter, ['c']);
        let mut last = [[1, me]];
        world.all_reduce_in_place(&mut last, op::max)?;
        assert_eq!(last, [[1, 2]]);
        Ok(())
    })
    .unwrap();
}
