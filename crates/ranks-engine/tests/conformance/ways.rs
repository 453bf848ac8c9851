//! Long messages, whichever way they take.

use crate::Case;
use crate::delivery::Signal;
use crate::support::*;
use ranks_engine::transport::Transport;
use ranks_engine::{Engine, Mode, Result};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("long messages of many lengths both ways at once", many_lengths),
        ("a long message is received though its sender is away", sender_away),
        ("a long send ends though its receiver is away", receiver_away),
        ("a long send ends though its receiver leaves in the middle", receiver_leaves),
        ("messages that wait for their receives are bounded", bounded),
        ("long messages longer than their receives", too_long),
    ]
}

/// Some below and above every limit, and one that is no multiple of anything.
const LENS: [usize; 7] = [16_385, 20_000, 32_768, 65_536, 65_537, 150_001, 524_288];

fn many_lengths<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for round in 0..2 {
        let out: Vec<_> = LENS.iter().map(|&len| pattern(len, me, round)).collect();
        let mut into: Vec<_> = LENS.iter().map(|&len| vec![0; len]).collect();
        let mut receives = Vec::new();
        for (n, room) in into.iter_mut().enumerate() {
            receives.push(irecv(e, room, previous, n as i32)?);
        }
        let mut sends = Vec::new();
        for (n, data) in out.iter().enumerate().rev() {
            sends.push(isend(e, Mode::Standard, data, next, n as i32)?);
        }
        // Waits that end while other messages are on their way.
        while let Some((at, outcome)) = e.wait_any(&receives)? {
            outcome?;
            receives.remove(at);
        }
        for id in sends {
            e.wait(id)?;
        }
        for (n, room) in into.iter().enumerate() {
            assert_eq!(room[..], pattern(LENS[n], previous, round)[..], "length {}", LENS[n]);
        }
    }
    Ok(())
}

/// A simulated ring refuses messages by chance: what is refused in the last call of a rank waits for another call.
fn refuses<T>() -> bool {
    std::any::type_name::<T>().contains("Sim")
}

const LONG: usize = 400_003;

fn sender_away<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    if refuses::<T>() || e.rank() > 1 || e.size() < 2 || !e.can_read(1 - e.rank()) {
        return Ok(());
    }
    for round in 0..3 {
        let signal = Signal::agree(e)?;
        if e.rank() == 0 {
            let data = pattern(LONG, 0, round);
            let id = isend(e, Mode::Standard, &data, 1, round)?;
            signal.wait();
            e.wait(id)?;
        } else {
            let mut got = vec![0; LONG];
            recv(e, &mut got, 0, round)?;
            signal.give();
            assert!(got == pattern(LONG, 0, round));
        }
    }
    Ok(())
}

fn receiver_away<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    if refuses::<T>() || e.rank() > 1 || e.size() < 2 || !e.can_read(1 - e.rank()) {
        return Ok(());
    }
    for round in 0..3 {
        let signal = Signal::agree(e)?;
        if e.rank() == 0 {
            let data = pattern(LONG, 0, round);
            let long = isend(e, Mode::Standard, &data, 1, 1)?;
            send(e, Mode::Standard, b"short", 1, 2)?;
            e.wait(long)?;
            signal.give();
        } else {
            let mut got = vec![0; LONG];
            let long = irecv(e, &mut got, 0, 1)?;
            let mut short = [0; 5];
            recv(e, &mut short, 0, 2)?;
            signal.wait();
            e.wait(long)?;
            assert!(got == pattern(LONG, 0, round));
        }
    }
    Ok(())
}

/// The receiver waits for the first of two long messages. When that is whole, the ring is full of the second one, most of
/// which its sender has not put into the ring.
fn receiver_leaves<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    if refuses::<T>() || e.rank() > 1 || e.size() < 2 || !e.can_read(1 - e.rank()) {
        return Ok(());
    }
    for round in 0..3 {
        let (posted, sent, left) = (Signal::agree(e)?, Signal::agree(e)?, Signal::agree(e)?);
        let data = [pattern(LONG / 4, 0, round), pattern(4 * LONG, 0, round)];
        if e.rank() == 0 {
            posted.wait();
            let first = isend(e, Mode::Standard, &data[0], 1, 1)?;
            let second = isend(e, Mode::Standard, &data[1], 1, 2)?;
            sent.give();
            e.wait(first)?;
            e.wait(second)?;
            left.give();
        } else {
            let mut got = [vec![0; data[0].len()], vec![0; data[1].len()]];
            let [one, two] = &mut got;
            let first = irecv(e, one, 0, 1)?;
            let second = irecv(e, two, 0, 2)?;
            posted.give();
            // Both are announced before this rank waits, and so both begin in the wait for the first.
            sent.wait();
            e.wait(first)?;
            left.wait();
            e.wait(second)?;
            assert!(got == data);
        }
    }
    Ok(())
}

fn bounded<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    const COUNT: i32 = 200;
    const LEN: usize = 60_000;
    match e.rank() {
        0 if e.size() > 1 => {
            let data: Vec<_> = (0..COUNT).map(|n| pattern(LEN, 0, n)).collect();
            let mut ids = Vec::new();
            for data in &data {
                ids.push(isend(e, Mode::Standard, data, 1, 1)?);
            }
            send(e, Mode::Standard, b"all", 1, 2)?;
            for id in ids {
                e.wait(id)?;
            }
        }
        1 => {
            let mut all = [0; 3];
            recv(e, &mut all, 0, 2)?;
            // The limit of 4 MiB; what was in the ring when it was reached; and what came while this rank took that in, as
            // it tells the limit after a look at the ring, which is bounded. Without a limit it would be 12 MB.
            let kept = e.unmatched_bytes(0);
            assert!(kept <= 8 << 20, "{kept} bytes are kept");
            let mut got = vec![0; LEN];
            for n in 0..COUNT {
                recv(e, &mut got, 0, 1)?;
                assert!(got == pattern(LEN, 0, n));
            }
            assert_eq!(e.unmatched_bytes(0), 0);
        }
        _ => {}
    }
    Ok(())
}

fn too_long<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    if e.size() > 1 && e.rank() == 0 {
        for len in [100_000, LONG] {
            send(e, Mode::Standard, &pattern(len, 0, 7), 1, 7)?;
        }
    } else if e.rank() == 1 {
        for len in [100_000, LONG] {
            let mut got = vec![0; len / 2];
            let error = recv(e, &mut got, 0, 7).unwrap_err();
            assert_eq!(error.class(), ranks_engine::Class::Truncate);
            assert!(got == pattern(len, 0, 7)[..len / 2]);
        }
    }
    Ok(())
}
