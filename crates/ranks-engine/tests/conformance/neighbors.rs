//! Exchanges with neighbours: on a ring, on grids so short that both neighbours are one rank, with nobody at
//! the ends, with neighbours that are there more than once.

use crate::Case;
use crate::collectives::{out, room};
use crate::support::*;
use ranks_engine::collective::{ExchangeParts, NeighborAllgather, NeighborAlltoall, Neighbors, Part};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, Engine, PROC_NULL, Result};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("neighbours on a line, open and closed", lines),
        ("neighbours that are there twice", twice),
        ("neighbours of different numbers and lengths", uneven),
        ("wrong arguments of neighbourhood collectives", wrong),
    ]
}

/// What `from` sends in its direction `at` (0 before, 1 after).
fn letter(len: usize, from: i32, at: usize) -> Vec<u8> {
    pattern(len, from, at as i32 + 50)
}

/// A Cartesian topology of one dimension.
fn lines<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    for periodic in [false, true] {
        let at_end = |end: i32, rank: i32| if !periodic && me == end { PROC_NULL } else { rank };
        let ranks = [at_end(0, previous), at_end(n - 1, next)];
        let neighbors = Neighbors { sources: &ranks, destinations: &ranks, cartesian: true };
        for len in [0usize, 8, 50_000] {
            let mine = [letter(len, me, 0), letter(len, me, 1)].concat();
            // What lies before comes from the one before, who sent it after.
            let come = |at: usize| match ranks[at] {
                PROC_NULL => vec![9; len],
                rank => letter(len, rank, 1 - at),
            };
            for form in FORMS {
                let mut got = vec![9; 2 * len];
                let (send, recv, parts) = (out(&mine), room(&mut got), ExchangeParts::Equal);
                in_form(e, form, WORLD, NeighborAlltoall { send, recv, parts, neighbors })?;
                assert!(got == [come(0), come(1)].concat(), "{len} bytes, {periodic}, {form:?}");
                let own = pattern(len, me, 60);
                let mut got = vec![9; 2 * len];
                let (send, recv) = (out(&own), room(&mut got));
                in_form(e, form, WORLD, NeighborAllgather { send, recv, parts: None, neighbors })?;
                let all = ranks.map(|rank| match rank {
                    PROC_NULL => vec![9; len],
                    rank => pattern(len, rank, 60),
                });
                assert!(got == all.concat(), "{len} bytes, {periodic}, {form:?}");
            }
        }
    }
    Ok(())
}

/// A graph with two edges to the next one and one to oneself: they match in the order of the lists.
fn twice<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let (sources, destinations) = ([previous, me, previous], [next, next, me]);
    let neighbors = Neighbors { sources: &sources, destinations: &destinations, cartesian: false };
    let len = 100;
    let mine: Vec<u8> = (0..3).flat_map(|at| letter(len, me, at)).collect();
    let mut got = vec![0; 3 * len];
    e.run(
        WORLD,
        NeighborAlltoall { send: out(&mine), recv: room(&mut got), parts: ExchangeParts::Equal, neighbors },
    )?;
    // With one rank all three edges lead to it, in this order.
    let expected = match e.size() {
        1 => [letter(len, me, 0), letter(len, me, 1), letter(len, me, 2)],
        _ => [letter(len, previous, 0), letter(len, me, 2), letter(len, previous, 1)],
    };
    assert!(got == expected.concat());
    Ok(())
}

/// Rank 0 sends to all and hears from nobody, each part of its own length.
fn uneven<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let length = |rank: i32| [7, 0, 20_001][rank as usize % 3];
    let everyone: Vec<i32> = (0..n).collect();
    let (sources, destinations) = (&[0][..], if me == 0 { &everyone[..] } else { &[] });
    let neighbors = Neighbors { sources, destinations, cartesian: false };
    let mine: Vec<u8> = destinations.iter().flat_map(|&to| letter(length(to), 0, to as usize)).collect();
    let send_parts = Part::in_order(destinations.iter().map(|&to| length(to)));
    let recv_parts = [Part { at: 2, len: length(me) }];
    for form in FORMS {
        let mut got = vec![0; length(me) + 2];
        let parts = ExchangeParts::Each(&send_parts, &recv_parts);
        let (send, recv) = (out(&mine), room(&mut got));
        in_form(e, form, WORLD, NeighborAlltoall { send, recv, parts, neighbors })?;
        assert!(got[2..] == letter(length(me), 0, me as usize), "{form:?}");
        let own = pattern(if me == 0 { 30 } else { 0 }, 0, 61);
        let (mut got, parts) = ([0; 33], [Part { at: 3, len: 30 }]);
        let (send, recv) = (out(&own), room(&mut got));
        in_form(e, form, WORLD, NeighborAllgather { send, recv, parts: Some(&parts), neighbors })?;
        assert!(got[3..] == pattern(30, 0, 61), "{form:?}");
    }
    Ok(())
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let n = e.size() as i32;
    let neighbors = Neighbors { sources: &[n], destinations: &[], cartesian: false };
    let error = e
        .run(
            WORLD,
            NeighborAlltoall {
                send: out(&[]),
                recv: room(&mut [0; 4]),
                parts: ExchangeParts::Equal,
                neighbors,
            },
        )
        .unwrap_err();
    assert_eq!((error.class(), error.call().name()), (Class::Rank, "MPI_Neighbor_alltoall"), "{error}");
    let neighbors = Neighbors { sources: &[0, 0], destinations: &[], cartesian: false };
    let error = e
        .run(WORLD, NeighborAllgather { send: out(&[]), recv: room(&mut [0; 3]), parts: None, neighbors })
        .unwrap_err();
    assert_eq!(error.class(), Class::Count, "{error}");
    let (part, far) = ([Part { at: 0, len: 4 }], [Part { at: 2, len: 4 }]);
    let neighbors = Neighbors { sources: &[0], destinations: &[0], cartesian: false };
    let (data, mut got) = ([0; 4], [0; 4]);
    let (send, recv, parts) = (out(&data), room(&mut got), ExchangeParts::Each(&part, &far));
    let outcome = e.run(WORLD, NeighborAlltoall { send, recv, parts, neighbors });
    assert_eq!(outcome.unwrap_err().class(), Class::Count);
    let both = room(&mut got);
    let (send, recv, parts) = (both.as_send(), both, ExchangeParts::Each(&part, &part));
    let outcome = e.run(WORLD, NeighborAlltoall { send, recv, parts, neighbors });
    assert_eq!(outcome.unwrap_err().class(), Class::Buffer);
    Ok(())
}
