//! Communicators, barrier, broadcast.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::{Barrier, Bcast};
use ranks_engine::transport::Transport;
use ranks_engine::{
    ANY_SOURCE, ANY_TAG, Class, CommId, Comparison, Engine, Mode, RecvBuf, Result, SendBuf, UNDEFINED,
};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("world and self", world_and_self),
        ("contexts do not mix", contexts),
        ("split by colour and key", split),
        ("communicators of groups", of_groups),
        ("communicators compare", compared),
        ("duplicates made on the side", on_the_side),
        ("wrong arguments are errors at all ranks", wrong),
        ("a freed communicator completes what is under way", freed_while_busy),
        ("many communicators", many),
        ("nothing is left of a thousand", a_thousand),
        ("barriers of every algorithm", barriers),
        ("a barrier holds back", barrier_holds),
        ("broadcast from every root", bcast),
    ]
}

pub fn send_on<T: Transport>(e: &mut Engine<T>, data: &[u8], to: i32, comm: CommId) -> Result<()> {
    // SAFETY: a blocking send is over when it returns.
    e.send(Mode::Standard, unsafe { SendBuf::of(data) }, to, 0, comm)
}

pub fn recv_on<T: Transport>(e: &mut Engine<T>, from: i32, comm: CommId) -> Result<u8> {
    let mut got = [0];
    // SAFETY: a blocking receive is over when it returns.
    e.recv(unsafe { RecvBuf::of(&mut got) }, from, ANY_TAG, comm)?;
    Ok(got[0])
}

fn world_and_self<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    assert_eq!(e.comm_size(CommId::WORLD)?, e.size() as i32);
    assert_eq!(e.comm_rank(CommId::WORLD)?, e.rank() as i32);
    assert_eq!((e.comm_size(CommId::SELF)?, e.comm_rank(CommId::SELF)?), (1, 0));
    assert_eq!(e.comm_world_rank_of(CommId::SELF, 0)?, e.rank() as i32);
    send_on(e, &[3], 0, CommId::SELF)?;
    assert_eq!(e.iprobe(ANY_SOURCE, ANY_TAG, CommId::WORLD)?, None, "self is not world");
    assert_eq!(recv_on(e, 0, CommId::SELF)?, 3);
    assert!(e.comm_free(CommId::WORLD).is_err());
    Ok(())
}

fn contexts<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (_, _, next, previous) = ring(e);
    let (a, b) = (e.comm_dup(CommId::WORLD)?, e.comm_dup(CommId::WORLD)?);
    assert_ne!(e.comm_context(a)?, e.comm_context(b)?);
    for (value, comm) in [(1, CommId::WORLD), (2, a), (3, b)] {
        send_on(e, &[value], next, comm)?;
    }
    for (value, comm) in [(3, b), (1, CommId::WORLD), (2, a)] {
        assert_eq!(recv_on(e, ANY_SOURCE, comm)?, value);
    }
    let _ = previous;
    e.comm_free(a)?;
    e.comm_free(b)
}

fn split<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // Two colours, ranks in reverse order, the last rank in none.
    let color = if me == n - 1 && n > 1 { UNDEFINED } else { me % 2 };
    let part = e.comm_split(CommId::WORLD, color, -me)?;
    assert_eq!(part.is_none(), color == UNDEFINED);
    if let Some(part) = part {
        let members: Vec<i32> = (0..n).filter(|r| r % 2 == me % 2 && !(*r == n - 1 && n > 1)).rev().collect();
        assert_eq!(e.comm_size(part)?, members.len() as i32);
        let mine = e.comm_rank(part)?;
        assert_eq!(members[mine as usize], me);
        for (rank, &world) in members.iter().enumerate() {
            assert_eq!(e.comm_world_rank_of(part, rank as i32)?, world);
        }
        let size = members.len() as i32;
        send_on(e, &[me as u8], (mine + 1) % size, part)?;
        let before = (mine + size - 1) % size;
        assert_eq!(recv_on(e, before, part)? as i32, members[before as usize]);
        e.run(part, Barrier)?;
        let inner = e.comm_split(part, 0, mine)?.expect("one colour for all");
        e.run(inner, Barrier)?;
        e.comm_free(inner)?;
        e.comm_free(part)?;
    }
    assert!(e.comm_split(CommId::SELF, -5, 0).is_err());
    Ok(())
}

fn of_groups<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let world = e.world_group();
    assert_eq!((world.size(), world.rank()), (n, Some(me)));
    // The even ranks in reverse, and at the same time the odd ones.
    let evens = world.range_incl(&[[(n - 1) & !1, 0, -2]])?;
    let odds = world.difference(&evens);
    let mine = if me % 2 == 0 { &evens } else { &odds };
    let part = e.comm_create(WORLD, mine)?.expect("in its group");
    assert_eq!(&e.comm_group(part)?, mine);
    e.run(part, Barrier)?;
    e.comm_free(part)?;
    // One group alone: the others get none.
    let part = e.comm_create(WORLD, &evens)?;
    assert_eq!(part.is_some(), me % 2 == 0);
    if let Some(part) = part {
        e.run(part, Barrier)?;
        e.comm_free(part)?;
    }
    assert_eq!(e.comm_create(WORLD, &world.incl(&[])?)?, None);

    // Collective over the group alone, two at a time, completed in another order.
    if me % 2 == 0 {
        let a = e.begin_create_group(WORLD, &evens, 7)?;
        let b = e.begin_create_group(WORLD, &evens, i32::MAX)?;
        let b = e.made(ranks_engine::Call::CommCreateGroup, b)?.expect("in the group");
        let a = e.made(ranks_engine::Call::CommCreateGroup, a)?.expect("in the group");
        assert_ne!(e.comm_context(a)?, e.comm_context(b)?);
        assert_eq!((e.comm_group(a)?, e.comm_group(b)?), (evens.clone(), evens.clone()));
        e.run(b, Barrier)?;
        e.comm_free(a)?;
        e.comm_free(b)?;
    }
    let c = e.comm_create_from_group(mine, if me % 2 == 0 { "even" } else { "odd" })?;
    assert_eq!(&e.comm_group(c)?, mine);
    e.run(c, Barrier)?;
    e.comm_disconnect(c)
}

fn compared<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let copy = e.comm_dup(WORLD)?;
    let turned = e.comm_split(WORLD, 0, -me)?.expect("one colour");
    assert_eq!(e.comm_compare(WORLD, WORLD)?, Comparison::Ident);
    assert_eq!(e.comm_compare(WORLD, copy)?, Comparison::Congruent);
    let expected = if n == 1 { Comparison::Congruent } else { Comparison::Similar };
    assert_eq!(e.comm_compare(copy, turned)?, expected);
    let expected = if n == 1 { Comparison::Congruent } else { Comparison::Unequal };
    assert_eq!(e.comm_compare(copy, CommId::SELF)?, expected);
    e.comm_free(copy)?;
    assert!(e.comm_compare(copy, WORLD).is_err());
    e.comm_free(turned)
}

fn on_the_side<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let makings = (0..5).map(|_| e.comm_idup(WORLD)).collect::<Result<Vec<_>>>()?;
    // Messages and collectives of the old one go on meanwhile.
    send_on(e, &[me as u8], next, WORLD)?;
    e.run(WORLD, Barrier)?;
    assert_eq!(i32::from(recv_on(e, ANY_SOURCE, WORLD)?), previous);
    let requests: Vec<_> = makings.iter().map(|making| making.request).rev().collect();
    for outcome in e.wait_all(&requests)? {
        assert_eq!(outcome?.bytes, 0);
    }
    for (at, making) in makings.iter().enumerate() {
        send_on(e, &[at as u8], next, making.comm())?;
    }
    for (at, making) in makings.iter().enumerate().rev() {
        assert_eq!(recv_on(e, previous, making.comm())?, at as u8);
        e.comm_free(making.comm())?;
    }
    Ok(())
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // One rank's colour is wrong: nobody waits for it for ever.
    let error = e.comm_split(WORLD, if me == n - 1 { -5 } else { 0 }, 0).unwrap_err();
    assert_eq!(error.class(), Class::Arg);
    assert!(error.detail().contains("-5"), "{error}");
    let world = e.world_group();
    if n > 1 {
        let error = e.comm_create(CommId::SELF, &world).unwrap_err();
        assert_eq!(error.class(), Class::Group, "{error}");
        if me > 0 {
            let error = e.comm_create_from_group(&world.incl(&[0])?, "zero").unwrap_err();
            assert_eq!(error.class(), Class::Group, "{error}");
        }
    }
    assert_eq!(e.comm_create_group(WORLD, &world, -1).unwrap_err().class(), Class::Tag);
    assert!(e.comm_disconnect(WORLD).is_err());
    Ok(())
}

fn freed_while_busy<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    // The first agreement on a communicator makes what world then keeps for its collectives.
    let first = e.comm_dup(WORLD)?;
    e.comm_free(first)?;
    let before = quiet_counts(e)?;
    let (a, b) = (e.comm_dup(WORLD)?, e.comm_dup(WORLD)?);
    let mut got = [[0u8; 1]; 2];
    let [first, second] = &mut got;
    // SAFETY: complete before the buffers go.
    let (first, second) = unsafe { (RecvBuf::of(first), RecvBuf::of(second)) };
    let under_way = e.irecv(first, previous, 3, a)?;
    e.irecv(second, previous, 3, b)?;
    // Rank 0 sends last of all, so at the others both are still to come.
    let mut sends = Vec::new();
    let data = [me as u8];
    let mut send = |e: &mut Engine<T>| -> Result<()> {
        for comm in [a, b] {
            // SAFETY: complete before the data goes.
            sends.push(e.isend(Mode::Standard, unsafe { SendBuf::of(&data) }, next, 3, comm)?);
        }
        Ok(())
    };
    if me > 0 {
        send(e)?;
    }
    e.run(WORLD, Barrier)?;
    if me == 0 {
        send(e)?;
    }
    e.comm_free(a)?;
    e.comm_disconnect(b)?;
    e.wait(under_way)?;
    e.wait_all(&sends)?;
    assert_eq!(got, [[previous as u8]; 2]);
    assert!(e.comm_rank(a).is_err() && e.comm_rank(b).is_err());
    assert_eq!(quiet_counts(e)?, before, "of {n} ranks");
    Ok(())
}

fn a_thousand<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, ..) = ring(e);
    let mut before = (0, 0);
    for round in 0..350 {
        let copy = e.comm_dup(WORLD)?;
        let part = e.comm_split(copy, me % 2, -me)?.expect("a colour");
        let group = e.comm_group(part)?;
        let made = e.comm_create(copy, &group)?.expect("in the group");
        if round % 50 == 0 {
            e.run(made, Barrier)?;
        }
        for comm in [copy, part, made] {
            e.comm_free(comm)?;
        }
        if round == 0 {
            before = quiet_counts(e)?;
        }
    }
    assert_eq!(quiet_counts(e)?, before);
    Ok(())
}

/// What is there while no rank is ahead of the others.
fn quiet_counts<T: Transport>(e: &mut Engine<T>) -> Result<(usize, usize)> {
    e.run(WORLD, Barrier)?;
    let counts = e.comm_counts();
    e.run(WORLD, Barrier)?;
    Ok(counts)
}

fn many<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for _ in 0..3 {
        let comms = (0..40).map(|_| e.comm_dup(CommId::WORLD)).collect::<Result<Vec<_>>>()?;
        for &comm in comms.iter().rev() {
            e.run(comm, Barrier)?;
            e.comm_free(comm)?;
        }
    }
    Ok(())
}

/// By the counter in the shared area, or by messages.
fn barrier<T: Transport>(e: &mut Engine<T>, by_messages: bool) -> Result<()> {
    if by_messages { e.run_by_messages(WORLD, Barrier, None) } else { e.run(WORLD, Barrier) }
}

fn barriers<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for by_messages in [false, true] {
        for _ in 0..50 {
            barrier(e, by_messages)?;
        }
    }
    Ok(())
}

fn barrier_holds<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for by_messages in [false, true] {
        for late in 0..n {
            // What the late rank sends to itself before the barrier, others must find done after it:
            // it tells everyone, and everyone probes without waiting for long.
            if me == late {
                std::thread::sleep(std::time::Duration::from_millis(3));
                for to in (0..n).filter(|&to| to != me) {
                    send(e, Mode::Standard, &[1], to, 5)?;
                }
            }
            barrier(e, by_messages)?;
            if me != late {
                // The message was sent before the barrier opened; the simulation may still delay it.
                let mut looks = 0;
                while e.iprobe(late, 5, WORLD)?.is_none() {
                    looks += 1;
                    assert!(looks < 10_000, "the barrier opened before rank {late} had come");
                }
                recv(e, &mut [0], late, 5)?;
            }
        }
    }
    Ok(())
}

fn bcast<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for len in [0, 1, 8, 1000, 20_000, 300_000] {
        for root in 0..n {
            let mut data = if me == root { pattern(len, root, 1) } else { vec![0; len] };
            // SAFETY: over when the call returns.
            e.run(CommId::WORLD, Bcast { buf: unsafe { RecvBuf::of(&mut data) }, root })?;
            assert_eq!(data, pattern(len, root, 1));
        }
    }
    Ok(())
}
