//! A send that is complete is delivered, though its rank makes no further call: MPI 5.0 section 3.5.

use crate::Case;
use crate::support::*;
use crate::typed::elements;
use ranks_engine::collective::Barrier;
use ranks_engine::datatype::{Datatype, Form, Scalar};
use ranks_engine::transport::Transport;
use ranks_engine::{Engine, Mode, Result};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("completed sends are delivered though the sender makes no further call", standard),
        ("completed sends of columns are delivered though the sender makes no further call", strided),
        ("a send ends when its receive is over, though the receiver makes no further call", answers),
        ("any number of sends that are over are delivered though the sender makes no further call", floods),
        ("a freed send is delivered though its receiver has asked for it before", freed_late),
        ("copies that nobody received do not keep a rank from going on", nonblocking_halves),
    ]
}

/// A file that one rank makes and another waits for, outside of the engine.
pub struct Signal(PathBuf);

impl Signal {
    /// Rank 0 chooses its name and tells rank 1.
    pub fn agree<T: Transport>(e: &mut Engine<T>) -> Result<Signal> {
        let mut name = [0; 64];
        if e.rank() == 0 {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
            let text = format!("ranks-delivery-{}-{}", std::process::id(), now.as_nanos());
            name[..text.len()].copy_from_slice(text.as_bytes());
            send(e, Mode::Standard, &name, 1, 90)?;
        } else {
            recv(e, &mut name, 0, 90)?;
        }
        let text = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
        Ok(Signal(std::env::temp_dir().join(text)))
    }

    pub fn give(&self) {
        std::fs::write(&self.0, "").unwrap();
    }

    pub fn wait(&self) {
        let begun = Instant::now();
        while !self.0.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the messages were not delivered");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::remove_file(&self.0).unwrap();
    }
}

const COUNT: i32 = 16;
const LEN: usize = 16_000;

fn standard<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for round in 0..4 {
        e.run(WORLD, Barrier)?;
        if e.size() < 2 || e.rank() > 1 {
            continue;
        }
        let signal = Signal::agree(e)?;
        if e.rank() == 0 {
            for n in 0..COUNT {
                send(e, Mode::Standard, &pattern(LEN, 0, n), 1, round)?;
            }
            if round == 3 {
                signal.wait();
            }
        } else {
            let mut got = vec![0; LEN];
            for n in 0..COUNT {
                recv(e, &mut got, 0, round)?;
                assert_eq!(got, pattern(LEN, 0, n));
            }
            if round == 3 {
                signal.give();
            }
        }
    }
    Ok(())
}

fn strided<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    if e.size() < 2 || e.rank() > 1 {
        return Ok(());
    }
    let signal = Signal::agree(e)?;
    // Every second of 200,000 bytes.
    let byte = Datatype::scalar(Scalar::U8);
    let column = Datatype::vector(Form::Int, 100_000, 1, 2, &byte).unwrap();
    let mut bytes = if e.rank() == 0 { pattern(200_000, 0, 1) } else { vec![0; 200_000] };
    for _ in 0..4 {
        let column = elements(&mut bytes, 0, 1, &column);
        match e.rank() {
            0 => e.send_elements(Mode::Standard, &column, 1, 1, WORLD)?,
            _ => drop(e.recv_elements(column, 0, 1, WORLD)?),
        }
    }
    if e.rank() == 0 {
        signal.wait();
    } else {
        assert!(bytes.iter().step_by(2).eq(pattern(200_000, 0, 1).iter().step_by(2)));
        signal.give();
    }
    Ok(())
}

/// What is sent as a copy and nobody waits for arrives whole, however much of it there is.
fn nonblocking_halves<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let lens = [0usize, 8, 1_000, 9_000, 16_000, 70_000];
    for round in 0..3 {
        for &len in &lens {
            let mut data = pattern(len, me, round);
            let whole = elements(&mut data, 0, len, &Datatype::scalar(Scalar::U8));
            for _ in 0..8 {
                e.send_copy(&whole, next, round, WORLD)?;
            }
            data.fill(0xee);
        }
    }
    for round in 0..3 {
        for &len in &lens {
            for _ in 0..8 {
                let mut got = vec![0; len];
                assert_eq!(recv(e, &mut got, previous, round)?.bytes, len as u64);
                assert_eq!(got, pattern(len, previous, round));
            }
        }
    }
    Ok(())
}

/// Answers that do not fit into the ring: a receive is over, and its rank makes no further call.
fn answers<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for (mode, len) in [(Mode::Synchronous, 100), (Mode::Standard, 100_000), (Mode::Synchronous, 100_000)] {
        e.run(WORLD, Barrier)?;
        if e.size() < 2 || e.rank() > 1 {
            continue;
        }
        let (filled, over) = (Signal::agree(e)?, Signal::agree(e)?);
        let data = pattern(len, 0, 1);
        if e.rank() == 0 {
            let id = isend(e, mode, &data, 1, 1)?;
            filled.wait();
            e.wait(id)?;
            over.give();
            for n in 0..FLOOD {
                let mut got = [0; 8];
                recv(e, &mut got, 1, n)?;
                assert_eq!(got[..], pattern(8, 1, n));
            }
        } else {
            let flood: Vec<_> = (0..FLOOD).map(|n| pattern(8, 1, n)).collect();
            let ids: Vec<_> =
                (0..).zip(&flood).map(|(n, data)| isend(e, Mode::Standard, data, 0, n)).collect();
            filled.give();
            let mut got = vec![0; len];
            recv(e, &mut got, 0, 1)?;
            assert_eq!(got, data);
            over.wait();
            ids.into_iter().try_for_each(|id| e.wait(id?).map(drop))?;
        }
    }
    Ok(())
}

/// More messages than any ring has room for.
const FLOOD: i32 = 300;

/// Sends that are over and more than any ring has room for, buffered or freed, behind others that are not over.
fn floods<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for (pending, len) in [(0, 8), (FLOOD, 8), (5, 3_000), (0, 20_000), (5, 20_000)] {
        e.run(WORLD, Barrier)?;
        if e.size() < 2 || e.rank() > 1 {
            continue;
        }
        let (sent, received) = (Signal::agree(e)?, Signal::agree(e)?);
        let lens = |n: i32| if n % 2 == 0 { len } else { len / 2 };
        let data: Vec<_> = (0..FLOOD).map(|n| pattern(lens(n), 0, n)).collect();
        if e.rank() == 0 {
            e.buffer_attach(FLOOD as usize * (len + 96))?;
            let begun: Vec<_> =
                (0..pending).map(|n| isend(e, Mode::Standard, &data[n as usize], 1, 1)).collect();
            for (n, data) in (0..).zip(&data) {
                if n % 3 == 0 {
                    let id = isend(e, Mode::Standard, data, 1, 2)?;
                    e.request_free(id)?;
                } else {
                    send(e, Mode::Buffered, data, 1, 2)?;
                }
            }
            sent.give();
            received.wait();
            begun.into_iter().try_for_each(|id| e.wait(id?).map(drop))?;
            e.buffer_detach()?;
        } else {
            sent.wait();
            for (tag, count) in [(2, FLOOD), (1, pending)] {
                for n in 0..count {
                    let mut got = vec![0; lens(n)];
                    recv(e, &mut got, 0, tag)?;
                    assert_eq!(got, data[n as usize]);
                }
                if tag == 2 {
                    received.give();
                }
            }
        }
    }
    Ok(())
}

/// A send that is freed when its receiver has asked for the message already.
fn freed_late<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    for len in [40_000, 1_000_000] {
        e.run(WORLD, Barrier)?;
        if e.size() < 2 || e.rank() > 1 {
            continue;
        }
        let (asked, received) = (Signal::agree(e)?, Signal::agree(e)?);
        let data = pattern(len, 0, 1);
        if e.rank() == 0 {
            let id = isend(e, Mode::Standard, &data, 1, 1)?;
            asked.wait();
            e.request_free(id)?;
            received.wait();
        } else {
            let mut got = vec![0; len];
            let id = irecv(e, &mut got, 0, 1)?;
            let mut done = false;
            for _ in 0..100 {
                done = done || e.test(id)?.is_some();
            }
            asked.give();
            if !done {
                e.wait(id)?;
            }
            assert_eq!(got, data);
            received.give();
        }
    }
    Ok(())
}
