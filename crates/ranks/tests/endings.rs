//! Whose error `ranks::threads` returns, and which rank a failed test names, when one rank's end makes others fail.

use ranks::{ANY_SOURCE, Class, Result, World};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A truncated receive at the culprit; the others wait for it in vain.
fn wrong_at(world: &World, culprit: usize) -> Result<()> {
    if world.rank() != culprit {
        return world.receive::<u8>(culprit, 7).map(drop);
    }
    world.send_from(&[1u8; 40], culprit, 0)?;
    world.receive_into(&mut [0u8; 20], culprit, 0).map(drop)
}

#[test]
fn the_error_of_the_rank_that_failed_first_is_returned() {
    for culprit in 0..4 {
        for _ in 0..10 {
            let error = ranks::threads(4, |world| wrong_at(world, culprit)).unwrap_err();
            assert_eq!((error.class(), error.rank()), (Class::Truncate, culprit as i32), "{error}");
        }
    }
}

#[test]
fn the_first_in_a_chain_of_failures_is_returned() {
    let chain = |world: &World| {
        if world.rank() == 3 {
            wrong_at(world, 3)
        } else {
            world.receive::<u8>(world.rank() + 1, 7).map(drop)
        }
    };
    for _ in 0..10 {
        let error = ranks::threads(4, chain).unwrap_err();
        assert_eq!((error.class(), error.rank()), (Class::Truncate, 3), "{error}");
    }
}

#[test]
fn a_rank_that_leaves_early_is_named_by_those_that_needed_it() {
    let error =
        ranks::threads(3, |world| if world.rank() == 1 { Ok(()) } else { world.barrier() }).unwrap_err();
    assert_eq!(error.class(), Class::ProcFailed, "{error}");
    let error = ranks::threads(2, |world| match world.rank() {
        0 => world.receive::<u8>(ANY_SOURCE, 0).map(drop),
        _ => Ok(()),
    });
    assert!(error.unwrap_err().to_string().contains("every other rank has finished"));
}

/// The panic of the rank that began goes on in the caller, not one of those that follow from it.
#[test]
fn the_first_panic_goes_on() {
    for culprit in 0..3 {
        let ranks = || {
            ranks::threads(3, |world| {
                if world.rank() == culprit {
                    panic!("the reason");
                }
                world.receive::<u8>(culprit, 7).unwrap();
                Ok(())
            })
        };
        let panic = catch_unwind(AssertUnwindSafe(ranks)).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the reason"));
    }
}

#[ranks::test(n = 4)]
#[should_panic(expected = "on 4 ranks: failed at rank 2")]
fn a_test_names_the_rank_that_failed_first(world: &World) -> Result<()> {
    wrong_at(world, 2)
}

#[ranks::test(n = 3)]
#[should_panic(expected = "on 3 ranks: rank 1 finished its part while other ranks still needed it")]
fn a_test_names_the_rank_that_left_early(world: &World) -> Result<()> {
    if world.rank() == 1 { Ok(()) } else { world.receive::<u8>(1, 7).map(drop) }
}
