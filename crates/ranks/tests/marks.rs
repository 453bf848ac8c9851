//! A message of a buffer names the kind of its numbers.

mod common;

use common::threads;
use ranks::{Class, Equivalence, Result, Stride};
use std::fmt::Debug;

fn is_refused<V: Debug>(outcome: Result<V>, sent: &str, wanted: &str) {
    let error = outcome.unwrap_err();
    assert_eq!((error.class(), error.peer_rank(), error.tag_value()), (Class::Type, Some(0), Some(3)));
    let text = error.to_string();
    assert!(text.contains(&format!("{sent} was sent, and {wanted} is to be received")), "{text}");
}

/// Eager messages of one line and of several, one that goes in pieces, and ones that wait at their sender; each sent
/// before its receive and after it.
#[test]
fn another_kind_of_number_is_refused_whatever_way_it_comes() {
    for len in [1, 40, 3_000, 100_000, 600_000] {
        for late in [false, true] {
            threads(2, |world| {
                let single = vec![1.5f32; len];
                if world.rank() == 0 {
                    let sends = [world.isend_from(single, 1, 3)?];
                    world.barrier()?;
                    ranks::wait_all(sends)?;
                    return Ok(());
                }
                let mut room = vec![0f64; len];
                if late {
                    world.barrier()?;
                    is_refused(world.receive_into(&mut room, 0, 3), "f32", "f64");
                } else {
                    let receive = world.ireceive_into(room, 0, 3)?;
                    world.barrier()?;
                    is_refused(receive.wait(), "f32", "f64");
                }
                Ok(())
            })
            .unwrap();
        }
    }
}

#[test]
fn every_form_of_a_receive_looks_at_the_kind() {
    threads(2, |world| {
        if world.rank() == 0 {
            for _ in 0..5 {
                world.send_from(&[1u32, 2, 3, 4], 1, 3)?;
            }
            world.send_strided(&[0i64; 12], Stride::column(4, 3, 1), 1, 3)?;
            world.send(&7i32, 1, 3)?;
            let mut send = world.send_persistent(vec![1u64; 3], 1, 3)?;
            send.start()?;
            send.wait()?;
            let mut room = [0u16; 4];
            is_refused_here(world.send_receive_into(&[1i8; 4], 1, 4, &mut room, 1, 4));
            return Ok(());
        }
        is_refused(world.receive_into(&mut [0i32; 4], 0, 3), "u32", "i32");
        is_refused(world.receive_strided(&mut [0f32; 12], Stride::column(4, 3, 0), 0, 3), "u32", "f32");
        is_refused(world.matched_probe(0, 3)?.receive_into(&mut [0f32; 4]), "u32", "f32");
        let mut room = [0f32; 4];
        world.scope(|s| {
            is_refused(s.ireceive_into(&mut room, 0, 3)?.wait(), "u32", "f32");
            Ok(())
        })?;
        let mut receive = world.receive_persistent(vec![0i32; 4], 0, 3)?;
        receive.start()?;
        is_refused(receive.wait(), "u32", "i32");
        is_refused(world.receive_into(&mut [0f64; 4], 0, 3), "i64", "f64");
        is_refused(world.receive_into(&mut [0u32; 64], 0, 3), "an object", "u32");
        is_refused(world.receive_into(&mut [0f64; 3], 0, 3), "u64", "f64");
        world.send_from(&[1u32, 2], 0, 4)?;
        world.receive_into(&mut [0i8; 4], 0, 4)?;
        Ok(())
    })
    .unwrap();
}

fn is_refused_here<V: Debug>(outcome: Result<V>) {
    assert_eq!(outcome.unwrap_err().class(), Class::Type);
}

#[test]
fn what_has_one_signature_goes_together() {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Equivalence)]
    struct Point {
        x: f64,
        y: f64,
    }
    #[derive(Clone, Copy, Debug, Default, PartialEq, Equivalence)]
    struct Particle(Point, u32);
    #[derive(Clone, Copy, Debug, Default, PartialEq, Equivalence)]
    struct Other(u32, [f64; 2]);

    threads(2, |world| {
        if world.rank() == 0 {
            world.send_from(&[Point { x: 1.0, y: 2.0 }; 2], 1, 3)?;
            world.send_from(&[[1.0f64, 2.0]; 2], 1, 3)?;
            world.send_from(&[1u8, 2, 3, 4], 1, 3)?;
            world.send_from(&[0x0403_0201u32], 1, 3)?;
            world.send_from(&[Particle(Point { x: 1.0, y: 2.0 }, 5)], 1, 3)?;
            world.send_from(&[Particle(Point { x: 1.0, y: 2.0 }, 5)], 1, 3)?;
            return Ok(());
        }
        let mut numbers = [0f64; 4];
        world.receive_into(&mut numbers, 0, 3)?;
        assert_eq!(numbers, [1.0, 2.0, 1.0, 2.0]);
        let mut points = [Point::default(); 2];
        world.receive_into(&mut points, 0, 3)?;
        assert_eq!(points[1], Point { x: 1.0, y: 2.0 });
        // Bytes go with everything.
        let (mut word, mut bytes) = ([0u32], [0u8; 4]);
        world.receive_into(&mut word, 0, 3)?;
        world.receive_into(&mut bytes, 0, 3)?;
        assert_eq!((word, bytes), ([0x0403_0201], [1, 2, 3, 4]));
        let mut particle = [Particle::default()];
        world.receive_into(&mut particle, 0, 3)?;
        assert_eq!(particle[0].1, 5);
        let outcome = world.receive_into(&mut [Other::default(); 2], 0, 3);
        assert!(
            outcome.unwrap_err().to_string().contains("values of several kinds was sent, and "),
            "{particle:?}"
        );
        Ok(())
    })
    .unwrap();
}
