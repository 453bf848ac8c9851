//! A send that is complete is delivered, though its rank makes no further call: MPI 5.0 section 3.5.

use crate::Case;
use crate::support::*;
use crate::typed::elements;
use ranks_engine::datatype::{Datatype, Form, Scalar};
use ranks_engine::transport::Transport;
use ranks_engine::{Engine, Mode, Result};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("completed sends are delivered though the sender makes no further call", standard),
        ("completed sends of columns are delivered though the sender makes no further call", strided),
        ("copies that nobody received do not keep a rank from going on", nonblocking_halves),
    ]
}

/// A file that one rank makes and another waits for, outside of the engine.
struct Signal(PathBuf);

impl Signal {
    /// Rank 0 chooses its name and tells rank 1.
    fn agree<T: Transport>(e: &mut Engine<T>) -> Result<Signal> {
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

    fn give(&self) {
        std::fs::write(&self.0, "").unwrap();
    }

    fn wait(&self) {
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
        e.barrier(WORLD)?;
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
