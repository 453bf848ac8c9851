//! Communicators, barrier, broadcast.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::BarrierAlgorithm;
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, ANY_TAG, CommId, Engine, Mode, RecvBuf, Result, SendBuf, UNDEFINED};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("world and self", world_and_self),
        ("contexts do not mix", contexts),
        ("split by colour and key", split),
        ("many communicators", many),
        ("barriers of every algorithm", barriers),
        ("a barrier holds back", barrier_holds),
        ("broadcast from every root", bcast),
    ]
}

fn send_on<T: Transport>(e: &mut Engine<T>, data: &[u8], to: i32, comm: CommId) -> Result<()> {
    // SAFETY: a blocking send is over when it returns.
    e.send(Mode::Standard, unsafe { SendBuf::of(data) }, to, 0, comm)
}

fn recv_on<T: Transport>(e: &mut Engine<T>, from: i32, comm: CommId) -> Result<u8> {
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
        e.barrier(part)?;
        let inner = e.comm_split(part, 0, mine)?.expect("one colour for all");
        e.barrier(inner)?;
        e.comm_free(inner)?;
        e.comm_free(part)?;
    }
    assert!(e.comm_split(CommId::SELF, -5, 0).is_err());
    Ok(())
}

fn many<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for _ in 0..3 {
        let comms = (0..40).map(|_| e.comm_dup(CommId::WORLD)).collect::<Result<Vec<_>>>()?;
        for &comm in comms.iter().rev() {
            e.barrier(comm)?;
            e.comm_free(comm)?;
        }
    }
    Ok(())
}

fn barriers<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for algorithm in [BarrierAlgorithm::Counter, BarrierAlgorithm::Dissemination] {
        for _ in 0..50 {
            e.barrier_with(CommId::WORLD, algorithm)?;
        }
    }
    Ok(())
}

fn barrier_holds<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for algorithm in [BarrierAlgorithm::Counter, BarrierAlgorithm::Dissemination] {
        for late in 0..n {
            // What the late rank sends to itself before the barrier, others must find done after it:
            // it tells everyone, and everyone probes without waiting for long.
            if me == late {
                std::thread::sleep(std::time::Duration::from_millis(3));
                for to in (0..n).filter(|&to| to != me) {
                    send(e, Mode::Standard, &[1], to, 5)?;
                }
            }
            e.barrier_with(CommId::WORLD, algorithm)?;
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
            e.bcast(unsafe { RecvBuf::of(&mut data) }, root, CommId::WORLD)?;
            assert_eq!(data, pattern(len, root, 1));
        }
    }
    Ok(())
}
