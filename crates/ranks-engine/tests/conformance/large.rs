//! Long messages, many at a time, in both directions, with both sides busy.

use crate::Case;
use crate::support::*;
use ranks_engine::transport::Transport;
use ranks_engine::{Engine, Mode, Result};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![("long messages crossing", crossing), ("more transfers than places", many_transfers)]
}

fn crossing<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let len = 3 << 20;
    let data = pattern(len, me, 0);
    let mut got: Vec<_> = (0..n).map(|_| vec![0; len]).collect();
    let mut requests = Vec::new();
    for (peer, buffer) in got.iter_mut().enumerate() {
        requests.push(irecv(e, buffer, peer as i32, 1)?);
    }
    for peer in 0..n {
        requests.push(isend(e, Mode::Standard, &data, peer, 1)?);
    }
    for outcome in e.wait_all(&requests)? {
        outcome?;
    }
    for (peer, buffer) in got.iter().enumerate() {
        assert!(*buffer == pattern(len, peer as i32, 0));
    }
    Ok(())
}

fn many_transfers<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let len = 200_000;
    let data: Vec<_> = (0..12).map(|tag| pattern(len, me, tag)).collect();
    let mut got: Vec<_> = (0..12).map(|_| vec![0; len]).collect();
    let mut requests = Vec::new();
    for (tag, part) in data.iter().enumerate() {
        requests.push(isend(e, Mode::Standard, part, next, tag as i32)?);
    }
    for (tag, buffer) in got.iter_mut().enumerate().rev() {
        requests.push(irecv(e, buffer, previous, tag as i32)?);
    }
    for outcome in e.wait_all(&requests)? {
        outcome?;
    }
    for (tag, buffer) in got.iter().enumerate() {
        assert!(*buffer == pattern(len, previous, tag as i32));
    }
    Ok(())
}
