//! Groups, grids, graphs, and communicators between groups.

mod common;

use common::threads;
use ranks::{Class, Comparison, balance};

#[test]
fn communicators_of_groups_keep_apart() {
    threads(4, |world| {
        let all = world.group();
        assert_eq!((all.size(), all.rank()), (4, Some(world.rank())));
        let odd = all.include(&[1, 3])?;
        let made = world.create(&odd)?;
        assert_eq!(made.is_some(), world.rank() % 2 == 1);
        if let Some(comm) = &made {
            comm.set_name("the odd ones");
            assert_eq!((comm.size(), comm.name().as_str()), (2, "the odd ones"));
            assert_eq!(comm.group().compare(&odd), Comparison::Ident);
            let mut sum = [world.rank()];
            comm.all_reduce_in_place(&mut sum, ranks::op::sum)?;
            assert_eq!(sum, [4]);
            // Only its ranks call.
            let again = world.create_group(&odd, 5)?;
            assert_eq!(again.compare(comm)?, Comparison::Congruent);
        }
        assert_eq!(world.split_by_node(-(world.rank() as i32))?.rank(), 3 - world.rank());
        assert_eq!(all.include(&[4]).unwrap_err().class(), Class::Rank);
        assert_eq!(all.include(&[1, 1]).unwrap_err().class(), Class::Rank);
        assert_eq!(world.name(), "world");
        Ok(())
    })
    .unwrap();
}

#[test]
fn grids_of_any_number_of_ranks() {
    for n in [1, 2, 3, 4, 6, 7] {
        threads(n, |world| {
            let mut dimensions = [0, 0];
            balance(n, &mut dimensions)?;
            let grid = world.cartesian(&dimensions, &[true, false])?.expect("all ranks are in it");
            assert_eq!(grid.dimensions(), dimensions);
            assert_eq!(grid.periods(), [true, false]);
            for rank in 0..n {
                let at: Vec<i32> = grid.coordinates_of(rank)?.into_iter().map(|at| at as i32).collect();
                assert_eq!(grid.rank_at(&at)?, rank);
            }
            // Each hands its rank on along the ring and along the open line.
            for dimension in 0..2 {
                let (from, to) = grid.shift(dimension, 1)?;
                let sending = to.map(|to| grid.isend(&grid.rank(), to, 0)).transpose()?;
                if let Some(from) = from {
                    assert_eq!(grid.receive::<usize>(from, 0)?.0, from);
                }
                sending.map_or(Ok(()), |sending| sending.wait())?;
            }
            let column = grid.sub(&[true, false])?;
            assert_eq!((column.size(), column.dimensions()), (dimensions[0], vec![dimensions[0]]));
            assert_eq!(grid.rank_at(&[0, -1]).unwrap_err().class(), Class::Arg);
            assert_eq!(grid.rank_at(&[0]).unwrap_err().class(), Class::Dims);
            assert_eq!(grid.coordinates_of(n).unwrap_err().class(), Class::Rank);
            assert_eq!(grid.shift(2, 1).unwrap_err().class(), Class::Dims);
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn wrong_grids_are_refused() {
    threads(2, |world| {
        assert_eq!(world.cartesian(&[3], &[true]).unwrap_err().class(), Class::Topology);
        assert_eq!(world.cartesian(&[2], &[]).unwrap_err().class(), Class::Dims);
        assert_eq!(balance(6, &mut [4, 0]).unwrap_err().class(), Class::Dims);
        // One rank is left over.
        let alone = world.cartesian(&[1], &[true])?;
        assert_eq!(alone.is_some(), world.rank() == 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn two_groups_and_one() {
    threads(5, |world| {
        let side = u32::from(world.rank() >= 2);
        let mine = world.split(Some(side), 0)?.expect("it gave a colour");
        let across = mine.intercommunicator(0, world, if side == 0 { 2 } else { 0 }, 7)?;
        assert_eq!((across.size(), across.remote_size()), if side == 0 { (2, 3) } else { (3, 2) });
        // Rank r of one side talks with rank r of the other, without a counterpart with rank 0.
        if side == 0 {
            across.send_from(&[world.rank()], across.rank(), 0)?;
            let receiving = across.ireceive::<String>(ranks::ANY_SOURCE, 1)?;
            assert_eq!(receiving.wait()?.0, format!("from {}", across.rank()));
        } else if across.rank() < 2 {
            let mut got = [9];
            let status = across.receive_into(&mut got, ranks::ANY_SOURCE, 0)?;
            assert_eq!((got[0], status.source), (across.rank(), across.rank()));
            across.isend(&format!("from {}", across.rank()), across.rank(), 1)?.wait()?;
        }
        let one = across.merge(side == 0)?;
        assert_eq!((one.size(), one.rank()), (5, (world.rank() + 3) % 5));
        one.barrier()
    })
    .unwrap();
}
