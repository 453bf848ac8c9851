//! Collectives that move data and leave it as it is: every algorithm, root and length, in place and not.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::{
    Allgather, AllgatherAlgorithm, Alltoall, AlltoallAlgorithm, ExchangeParts, Gather, GatherAlgorithm, Part,
    Scatter, ScatterAlgorithm,
};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, Engine, RecvBuf, Result, SendBuf};

/// Lengths of a part.
const LENGTHS: [usize; 6] = [0, 1, 3, 100, 5_000, 100_000];

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("gather", gather),
        ("gather of different lengths", gatherv),
        ("gather of what lies in a gap", from_a_gap),
        ("scatter", scatter),
        ("scatter of different lengths", scatterv),
        ("gather to all", allgather),
        ("gather to all of different lengths", allgatherv),
        ("all to all", alltoall),
        ("all to all of different lengths", alltoallv),
        ("collectives on a part of the ranks", on_a_part),
        ("wrong arguments of collectives", wrong_arguments),
        ("lengths that do not agree", wrong_lengths),
    ]
}

/// For an operation that is over when it returns, as all of these are.
pub fn out(data: &[u8]) -> SendBuf {
    // SAFETY: the borrow lasts until the call returns.
    unsafe { SendBuf::of(data) }
}

/// Room for what comes in, for an operation that is over when it returns.
pub fn room(data: &mut [u8]) -> RecvBuf {
    // SAFETY: the borrow lasts until the call returns.
    unsafe { RecvBuf::of(data) }
}

/// The roots to try with a length: every one while that is quick.
pub fn roots(n: i32, length: usize) -> Vec<i32> {
    match length {
        0..=1_000 => (0..n).collect(),
        1_001..=50_000 if n > 2 => vec![0, n - 2],
        _ => vec![n - 1],
    }
}

fn all_parts(n: i32, tag: i32, length: impl Fn(i32) -> usize) -> Vec<u8> {
    (0..n).flat_map(|rank| pattern(length(rank), rank, tag)).collect()
}

/// Lengths that differ from rank to rank, some of them 0.
fn uneven(rank: i32) -> usize {
    [7, 0, 300, 20_001, 1][rank as usize % 5]
}

/// A root's buffer with its own part in it and nothing else.
fn only_own(n: i32, own: i32, tag: i32, length: impl Fn(i32) -> usize) -> Vec<u8> {
    let part = |rank| if rank == own { pattern(length(rank), rank, tag) } else { vec![0; length(rank)] };
    (0..n).flat_map(part).collect()
}

fn gather<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for len in LENGTHS {
        let mine = pattern(len, me, 1);
        let expected = all_parts(n, 1, |_| len);
        for root in roots(n, len) {
            for way in Way::every(len, &[GatherAlgorithm::Linear, GatherAlgorithm::Binomial]) {
                for in_place in [false, true] {
                    let here = me == root;
                    let mut got = match (here, in_place) {
                        (true, true) => only_own(n, me, 1, |_| len),
                        (true, false) => vec![0; len * n as usize],
                        (false, _) => Vec::new(),
                    };
                    let send = (!here || !in_place).then(|| out(&mine));
                    way.run(e, Gather { send, recv: room(&mut got), parts: None, root })?;
                    assert!(!here || got == expected, "{len} bytes to {root}, {way:?}, {in_place}");
                }
            }
        }
    }
    Ok(())
}

fn gatherv<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let mine = pattern(uneven(me), me, 2);
    // With a gap of three bytes after each part, which must stay.
    let parts: Vec<Part> = Part::in_order((0..n).map(|rank| uneven(rank) + 3))
        .into_iter()
        .map(|part| Part { at: part.at, len: part.len - 3 })
        .collect();
    let whole = parts.last().map_or(0, |part| part.at + part.len + 3);
    for (root, form) in (0..n).flat_map(|root| FORMS.map(|form| (root, form))) {
        for in_place in [false, true] {
            let here = me == root;
            let mut got = vec![0xEE; whole];
            if here && in_place {
                let own = parts[me as usize];
                got[own.at..own.at + own.len].copy_from_slice(&mine);
            }
            let send = (!here || !in_place).then(|| out(&mine));
            let (recv, parts_here) =
                if here { (room(&mut got), &parts[..]) } else { (RecvBuf::EMPTY, &[][..]) };
            in_form(e, form, WORLD, Gather { send, recv, parts: Some(parts_here), root })?;
            for (rank, part) in parts.iter().enumerate().filter(|_| here) {
                let end = part.at + part.len;
                assert!(got[part.at..end] == pattern(part.len, rank as i32, 2));
                assert_eq!(got[end..end + 3], [0xEE; 3]);
            }
        }
    }
    Ok(())
}

/// What a rank sends lies between the parts that it receives. Only some ranks do so, and the others cannot know.
fn from_a_gap<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let parts: Vec<Part> = (0..n as usize).map(|rank| Part { at: 16 * rank, len: 8 }).collect();
    let mine = pattern(8, me, 7);
    let all: Vec<u8> = (0..n).flat_map(|rank| [pattern(8, rank, 7), mine.clone()].concat()).collect();
    for root in 0..n {
        let mut got = mine.repeat(2 * n as usize);
        let recv = room(&mut got);
        let in_gap = out(&got[8..16]);
        let send = Some(if me == root { in_gap } else { out(&mine) });
        e.run(WORLD, Gather { send, recv, parts: Some(&parts), root })?;
        assert!(me != root || got == all, "gather");
        let mut got = mine.repeat(2 * n as usize);
        let recv = room(&mut got);
        let in_gap = out(&got[8..16]);
        let send = Some(if me == root { in_gap } else { out(&mine) });
        e.run(WORLD, Allgather { send, recv, parts: Some(&parts) })?;
        assert!(got == all, "gather to all");
    }
    Ok(())
}

fn scatter<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for len in LENGTHS {
        let all = all_parts(n, 3, |_| len);
        let expected = pattern(len, me, 3);
        for root in roots(n, len) {
            for way in Way::every(len, &[ScatterAlgorithm::Linear, ScatterAlgorithm::Binomial]) {
                for in_place in [false, true] {
                    let here = me == root;
                    let send = if here { out(&all) } else { SendBuf::EMPTY };
                    let mut got = vec![0; len];
                    let kept = here && in_place;
                    let recv = (!kept).then(|| room(&mut got));
                    way.run(e, Scatter { send, parts: None, recv, root })?;
                    assert!(kept || got == expected, "{len} bytes from {root}, {way:?}, {in_place}");
                }
            }
        }
    }
    Ok(())
}

fn scatterv<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let all = all_parts(n, 4, uneven);
    let parts = Part::in_order((0..n).map(uneven));
    for (root, form) in (0..n).flat_map(|root| FORMS.map(|form| (root, form))) {
        for in_place in [false, true] {
            let here = me == root;
            let (send, parts) = if here { (out(&all), &parts[..]) } else { (SendBuf::EMPTY, &[][..]) };
            let mut got = vec![0; uneven(me)];
            let kept = here && in_place;
            let recv = (!kept).then(|| room(&mut got));
            in_form(e, form, WORLD, Scatter { send, parts: Some(parts), recv, root })?;
            assert!(kept || got == pattern(uneven(me), me, 4));
        }
    }
    Ok(())
}

fn allgather<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for len in LENGTHS {
        let mine = pattern(len, me, 5);
        let expected = all_parts(n, 5, |_| len);
        for way in Way::every(
            len,
            &[AllgatherAlgorithm::Rotated, AllgatherAlgorithm::Ring, AllgatherAlgorithm::Doubling],
        ) {
            for in_place in [false, true] {
                let mut got = vec![0; len * n as usize];
                if in_place {
                    got = only_own(n, me, 5, |_| len);
                }
                let send = (!in_place).then(|| out(&mine));
                way.run(e, Allgather { send, recv: room(&mut got), parts: None })?;
                assert!(got == expected, "{len} bytes, {way:?}, in place: {in_place}");
            }
        }
    }
    Ok(())
}

fn allgatherv<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let mine = pattern(uneven(me), me, 6);
    let parts = Part::in_order((0..n).map(uneven));
    for (in_place, form) in [false, true].into_iter().flat_map(|yes| FORMS.map(|form| (yes, form))) {
        let mut got = only_own(n, if in_place { me } else { n }, 6, uneven);
        let (send, recv) = ((!in_place).then(|| out(&mine)), room(&mut got));
        in_form(e, form, WORLD, Allgather { send, recv, parts: Some(&parts) })?;
        assert!(got == all_parts(n, 6, uneven));
    }
    Ok(())
}

/// What rank `from` has for rank `to`.
fn letter(len: usize, from: i32, to: i32) -> Vec<u8> {
    pattern(len, from, to + 10)
}

fn alltoall<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for len in LENGTHS {
        let mine: Vec<u8> = (0..n).flat_map(|to| letter(len, me, to)).collect();
        let expected: Vec<u8> = (0..n).flat_map(|from| letter(len, from, me)).collect();
        for way in Way::every(len, &[AlltoallAlgorithm::Pairwise, AlltoallAlgorithm::Posted]) {
            for in_place in [false, true] {
                let mut got = if in_place { mine.clone() } else { vec![0; mine.len()] };
                let send = (!in_place).then(|| out(&mine));
                way.run(e, Alltoall { send, recv: room(&mut got), parts: ExchangeParts::Equal })?;
                assert!(got == expected, "{len} bytes, {way:?}, in place: {in_place}");
            }
        }
    }
    Ok(())
}

fn alltoallv<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let length = |from: i32, to: i32| uneven(from + 2 * to);
    let mine: Vec<u8> = (0..n).flat_map(|to| letter(length(me, to), me, to)).collect();
    let expected: Vec<u8> = (0..n).flat_map(|from| letter(length(from, me), from, me)).collect();
    let from_here = Part::in_order((0..n).map(|to| length(me, to)));
    let to_here = Part::in_order((0..n).map(|from| length(from, me)));
    for form in FORMS {
        let mut got = vec![0; expected.len()];
        let (send, recv) = (Some(out(&mine)), room(&mut got));
        let parts = ExchangeParts::Each(&from_here, &to_here);
        in_form(e, form, WORLD, Alltoall { send, recv, parts })?;
        assert!(got == expected, "{form:?}");
    }
    // Parts to send and parts to receive in turn in one buffer: that their spans overlap is no error.
    let parts = |first: usize| (0..n as usize).map(move |rank| Part { at: (2 * rank + first) * 8, len: 8 });
    let (evens, odds): (Vec<_>, Vec<_>) = (parts(0).collect(), parts(1).collect());
    for form in FORMS {
        let mut both: Vec<u8> = (0..n).flat_map(|to| [letter(8, me, to), vec![0; 8]].concat()).collect();
        let recv = room(&mut both);
        let (send, parts) = (Some(recv.as_send()), ExchangeParts::Typed(&evens, &odds));
        in_form(e, form, WORLD, Alltoall { send, recv, parts })?;
        for (rank, row) in both.chunks(16).enumerate() {
            let rank = rank as i32;
            assert!(row == [letter(8, me, rank), letter(8, rank, me)].concat(), "{form:?}");
        }
    }
    // In place as much comes from each as goes to it.
    let length = |a: i32, b: i32| uneven(a + b);
    let mut buffer: Vec<u8> = (0..n).flat_map(|to| letter(length(me, to), me, to)).collect();
    let parts = Part::in_order((0..n).map(|other| length(me, other)));
    e.run(WORLD, Alltoall { send: None, recv: room(&mut buffer), parts: ExchangeParts::Each(&[], &parts) })?;
    assert!(buffer == (0..n).flat_map(|from| letter(length(from, me), from, me)).collect::<Vec<u8>>());
    Ok(())
}

fn on_a_part<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // Odd and even ranks apart, counted from the last.
    let part = e.comm_split(WORLD, me % 2, -me)?.expect("each has a colour");
    let members: Vec<i32> = (0..n).rev().filter(|rank| rank % 2 == me % 2).collect();
    let mut got = vec![0; members.len()];
    e.run(part, Allgather { send: Some(out(&[me as u8])), recv: room(&mut got), parts: None })?;
    assert_eq!(got, members.iter().map(|&rank| rank as u8).collect::<Vec<_>>());
    let last = members.len() as i32 - 1;
    got.fill(0);
    e.run(part, Gather { send: Some(out(&[me as u8])), recv: room(&mut got), parts: None, root: last })?;
    assert!(me != members[last as usize] || got.iter().map(|&b| i32::from(b)).eq(members.iter().copied()));
    e.comm_free(part)
}

fn wrong_arguments<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let data = vec![1; 8 * n as usize];
    let mut short = vec![0; 3];
    let error = e
        .run(WORLD, Gather { send: Some(out(&data)), recv: room(&mut short), parts: None, root: n })
        .unwrap_err();
    assert_eq!((error.class(), error.call().name()), (Class::Root, "MPI_Gather"));
    let error = e.run(WORLD, Scatter { send: out(&data), parts: None, recv: None, root: (me + 1) % n });
    assert!(n == 1 || error.unwrap_err().class() == Class::Buffer);
    let mut uneven = vec![0; 8 * n as usize + 1];
    if n > 1 {
        let error = e
            .run(WORLD, Allgather { send: Some(out(&data[..8])), recv: room(&mut uneven), parts: None })
            .unwrap_err();
        assert_eq!(error.class(), Class::Count, "{error}");
    }
    let error = e
        .run(
            WORLD,
            Allgather { send: Some(out(&data[..7])), recv: room(&mut uneven[..8 * n as usize]), parts: None },
        )
        .unwrap_err();
    assert_eq!(error.class(), Class::Truncate, "{error}");
    let same = room(&mut uneven[..8 * n as usize]);
    let error = e
        .run(WORLD, Alltoall { send: Some(same.as_send()), recv: same, parts: ExchangeParts::Equal })
        .unwrap_err();
    assert_eq!(error.class(), Class::Buffer, "{error}");
    let parts = vec![Part { at: usize::MAX, len: 2 }; n as usize];
    let error = e
        .run(WORLD, Allgather { send: Some(out(&[1, 2])), recv: room(&mut short), parts: Some(&parts) })
        .unwrap_err();
    assert_eq!(error.class(), Class::Count, "{error}");
    assert!(error.to_string().contains("all_gather_v_into on world: the part of rank 0"), "{error}");
    Ok(())
}

fn wrong_lengths<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // Where there are more, a receive that was given up leaves its message behind.
    if n != 2 {
        return Ok(());
    }
    for (sent, expected) in [(8, 4), (4, 8), (100_000, 4), (4, 100_000), (0, 1)] {
        let mut got = vec![7; 2 * expected + 1];
        let (recv, beyond) = got.split_at_mut(2 * expected);
        let mine = vec![1; if me == 0 { expected } else { sent }];
        let outcome = e.run(WORLD, Gather { send: Some(out(&mine)), recv: room(recv), parts: None, root: 0 });
        if me == 0 {
            let error = outcome.unwrap_err();
            assert_eq!((error.class(), error.call().name()), (Class::Truncate, "MPI_Gather"), "{error}");
            assert_eq!(error.peer_rank(), Some(1));
        } else {
            outcome?;
        }
        assert_eq!(beyond, [7]);
    }
    Ok(())
}
