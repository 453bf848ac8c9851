//! Values that are sent as they lie in memory: derived structs, padding, bytes that are no value.
#![forbid(unsafe_code)]

mod common;

use common::threads;
use ranks::{Class, Equivalence, op};
use std::marker::PhantomData;

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[repr(C)]
struct Gaps {
    small: u8,
    large: f64,
    flag: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
struct Dense {
    at: [f32; 3],
    id: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
struct Pair(u64, Gaps);

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
struct Of<T> {
    value: T,
    weight: f32,
    unit: PhantomData<T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[repr(C, packed)]
struct Packed {
    small: u8,
    large: u64,
}

/// Every value goes to the next rank by a blocking send, is gathered, and comes back by requests.
fn round_trip<T: Equivalence + PartialEq + std::fmt::Debug + Sync>(
    value: impl Fn(usize) -> T + Sync,
    zero: T,
) {
    threads(3, |world| {
        let (me, next, previous) = (world.rank(), (world.rank() + 1) % 3, (world.rank() + 2) % 3);
        let mine = vec![value(me); 5];
        let mut got = vec![zero; 5];
        world.send_receive_into(&mine, next, 0, &mut got, previous, 0)?;
        assert_eq!(got, vec![value(previous); 5]);

        let sending = world.isend_from(mine.clone(), next, 1)?;
        let receiving = world.ireceive_into(vec![zero; 5], previous, 1)?;
        let (back, (came, _)) = ranks::wait_all((sending, receiving))?;
        assert_eq!((back, came), (mine.clone(), vec![value(previous); 5]));

        let mut lent = vec![zero; 5];
        world.scope(|s| {
            s.ireceive_into(&mut lent, previous, 2)?;
            s.isend_from(&mine, next, 2).map(|_| ())
        })?;
        assert_eq!(lent, vec![value(previous); 5]);

        let mut all = vec![zero; 3];
        world.all_gather_into(&mine[..1], &mut all)?;
        assert_eq!(all, [value(0), value(1), value(2)]);
        let mut told = [if me == 1 { value(7) } else { zero }];
        world.broadcast_into(&mut told, 1)?;
        assert_eq!(told, [value(7)]);
        let mut last = [zero];
        world.all_reduce_into(&mine[..1], &mut last, |_, b| b)?;
        assert_eq!(last, [value(2)]);
        let mut first = [value(me)];
        world.all_reduce_in_place(&mut first, |a, _| a)?;
        assert_eq!(first, [value(0)]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn all_kinds_of_values_travel() {
    let gaps = |i: usize| Gaps { small: i as u8, large: i as f64, flag: i % 2 == 1 };
    round_trip(gaps, gaps(0));
    round_trip(|i| Dense { at: [i as f32; 3], id: i as u32 }, Dense { at: [0.0; 3], id: 0 });
    round_trip(|i| Pair(i as u64, gaps(i)), Pair(0, gaps(0)));
    let of = |i: usize| Of { value: [i as u16, 3], weight: 0.5, unit: PhantomData };
    round_trip(of, of(0));
    round_trip(|i| Packed { small: i as u8, large: 1 << i }, Packed { small: 0, large: 0 });
    round_trip(|i| i % 2 == 0, false);
    round_trip(|i| char::from_u32(0x1f980 + i as u32).unwrap(), 'x');
    round_trip(|i| (i as u8, i as f64, i % 2 == 0), (0, 0.0, false));
    round_trip(|i| [[i as u128; 2]; 3], [[0; 2]; 3]);
    round_trip(|i| -(i as i128), 0);
    round_trip(|i| i as isize, 0);
}

#[test]
fn what_has_padding_is_known() {
    const { assert!(!Gaps::DENSE && Dense::DENSE && !Pair::DENSE && Packed::DENSE) };
    const { assert!(!Gaps::ANY && Dense::ANY && !Pair::ANY && Packed::ANY && !<[bool; 2]>::ANY) };
    const { assert!(!<(u8, u32)>::DENSE && <(u32, u32)>::DENSE && Of::<f32>::DENSE && !Of::<u8>::DENSE) };
    assert_eq!(size_of::<Gaps>(), 24);
}

#[test]
fn padding_travels_as_zero() {
    threads(2, |world| {
        if world.rank() == 0 {
            // Memory that was something else before.
            let mut rubbish = vec![0xffu8; 240];
            rubbish.clear();
            let values = vec![Gaps { small: 1, large: 2.0, flag: true }; 10];
            world.send_from(&values, 1, 0)?;
            world.isend_from(values.clone(), 1, 1)?.wait()?;
            world.broadcast_into(&mut values.clone(), 0)?;
        } else {
            let mut bytes = [9u8; 240];
            let zeros = |bytes: &[u8]| {
                bytes
                    .chunks(24)
                    .all(|one| one[0] == 1 && one[1..8] == [0; 7] && one[16] == 1 && one[17..] == [0; 7])
            };
            world.receive_into(&mut bytes, 0, 0)?;
            assert!(zeros(&bytes), "{bytes:?}");
            world.receive_into(&mut bytes, 0, 1)?;
            assert!(zeros(&bytes), "{bytes:?}");
            world.broadcast_into(&mut bytes, 0)?;
            assert!(zeros(&bytes), "{bytes:?}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    threads(2, |world| {
        let wrong = [1u8, 2, 0, 255];
        if world.rank() == 0 {
            (0..3).try_for_each(|tag| world.send_from(&wrong, 1, tag))?;
            world.send_from(&[0xd800u32], 1, 3)?;
            world.broadcast_into(&mut wrong.clone(), 0)?;
            world.all_reduce_into(&[7u8], &mut [0], op::max)?;
            return Ok(());
        }
        let of_type = |error: ranks::Error| assert_eq!(error.class(), Class::Type, "{error}");
        // The message is named by its sender and its tag.
        let from = |error: ranks::Error, tag| {
            assert_eq!((error.peer_rank(), error.tag_value()), (Some(0), tag), "{error}");
            of_type(error);
        };
        let mut flags = [true; 5];
        from(world.receive_into(&mut flags, ranks::ANY_SOURCE, ranks::ANY_TAG).unwrap_err(), Some(0));
        assert_eq!(flags, [true, false, false, false, true]);
        from(world.ireceive_into(vec![false; 4], ranks::ANY_SOURCE, 1)?.wait().unwrap_err(), Some(1));
        let mut flags = [true; 4];
        from(world.scope(|s| s.ireceive_into(&mut flags, 0, 2).map(|_| ())).unwrap_err(), Some(2));
        assert_eq!(flags, [true, false, false, false]);
        let mut letters = ['a'];
        from(world.receive_into(&mut letters, 0, 3).unwrap_err(), Some(3));
        assert_eq!(letters, ['\0']);
        let mut flags = [true; 4];
        from(world.broadcast_into(&mut flags, 0).unwrap_err(), None);
        assert_eq!(flags, [true, false, false, false]);
        let mut one = [true];
        of_type(world.all_reduce_into(&[true], &mut one, |a, b| a && b).unwrap_err());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_part_of_an_element_is_an_error() {
    threads(2, |world| {
        if world.rank() == 0 {
            return world.send_from(&[1u8; 6], 1, 0);
        }
        let error = world.receive_into(&mut ['x'; 3], 0, 0).unwrap_err();
        assert_eq!(error.class(), Class::Type);
        Ok(())
    })
    .unwrap();
}

/// Collectives of objects are made of others, but errors name the one that was called.
#[test]
fn errors_name_the_call_that_was_made() {
    threads(2, |world| {
        let names = [
            world.gather(1, 9).unwrap_err().call(),
            world.reduce(1, |a, b| a + b, 9).unwrap_err().call(),
            world.scatter(Some(vec![1, 2]), 9).unwrap_err().call(),
            world.broadcast(Some(1), 9).unwrap_err().call(),
        ];
        assert_eq!(names.map(ranks::Call::method), ["gather", "reduce", "scatter", "broadcast"]);
        Ok(())
    })
    .unwrap();
}
