//! Elements that do not lie in a row: columns, structures, and whatever a list of places can say.

use crate::Case;
use crate::support::*;
use ranks_engine::collective::Barrier;
use ranks_engine::datatype::{Datatype, Elements, Form, Scalar};
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, ANY_TAG, Class, Engine, Mode, PROC_NULL, RecvBuf, Result};
use std::sync::Arc;

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("columns become rows and columns", columns),
        ("elements in every mode", every_mode),
        ("elements come unexpected", unexpected),
        ("elements too many", truncation),
        ("persistent elements", persistent),
        ("a matched probe into elements", matched),
        ("structures backwards", structures),
        ("a copy is sent", copies),
        ("a persistent buffered send copies at each start", buffered),
    ]
}

/// `rows` numbers, `width` apart.
fn column(rows: usize, width: usize) -> Arc<Datatype> {
    let number = Datatype::scalar(Scalar::F64);
    Datatype::vector(Form::Int, rows as i64, 1, width as i64, &number).unwrap()
}

/// The caller keeps `memory` until the operation is complete.
pub fn elements<V>(memory: &mut [V], at: usize, count: usize, datatype: &Arc<Datatype>) -> Elements {
    // SAFETY: every case completes its requests before its buffers go, and its types stay inside them.
    unsafe { Elements::new(memory[at..].as_mut_ptr().cast(), count, datatype.clone()).unwrap() }
}

/// A matrix whose numbers say whose they are and where.
fn matrix(rank: i32, rows: usize, width: usize) -> Vec<f64> {
    (0..rows * width).map(|at| f64::from(rank) * 1e7 + at as f64).collect()
}

const ROWS: [usize; 6] = [1, 6, 150, 2_000, 15_000, 40_000];
const WIDTH: usize = 3;

fn columns<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in ROWS {
        let mut mine = matrix(me, rows, WIDTH);
        let theirs = matrix(previous, rows, WIDTH);
        let column = column(rows, WIDTH);
        // Into a column of another place.
        let mut got = vec![-1.0; rows * WIDTH];
        let receive = e.irecv_elements(elements(&mut got, 2, 1, &column), previous, 1, WORLD)?;
        let out = elements(&mut mine, 1, 1, &column);
        e.send_elements(Mode::Standard, &out, next, 1, WORLD)?;
        assert_eq!(e.wait(receive)?.bytes as usize, 8 * rows);
        for (at, value) in got.iter().enumerate() {
            let expected = if at % WIDTH == 2 { theirs[at - 1] } else { -1.0 };
            assert!(*value == expected, "{rows} rows, place {at}: {value}, not {expected}");
        }
        // Into a row, and from a row.
        let mut row = vec![0u8; 8 * rows];
        let send = e.isend_elements(Mode::Standard, out, next, 2, WORLD)?;
        recv(e, &mut row, previous, 2)?;
        e.wait(send)?;
        let numbers: Vec<f64> = row.chunks(8).map(|n| f64::from_ne_bytes(n.try_into().unwrap())).collect();
        assert!((0..rows).all(|at| numbers[at] == theirs[at * WIDTH + 1]));
        let send = isend(e, Mode::Standard, &row, next, 3)?;
        let into = elements(&mut got, 0, 1, &column);
        assert_eq!(e.recv_elements(into, ANY_SOURCE, 3, WORLD)?.source, previous);
        e.wait(send)?;
        let of = (previous + e.size() as i32 - 1) % e.size() as i32;
        let before = matrix(of, rows, WIDTH);
        assert!((0..rows).all(|at| got[at * WIDTH] == before[at * WIDTH + 1]));
    }
    Ok(())
}

fn every_mode<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    e.buffer_attach(3_000_000)?;
    for mode in [Mode::Standard, Mode::Synchronous, Mode::Buffered, Mode::Ready] {
        for rows in [1, 40, 700, 4_000] {
            let column = column(rows, WIDTH);
            let mut mine = matrix(me, rows, WIDTH);
            let mut got = vec![0.0; rows * WIDTH];
            for blocking in [true, false] {
                let into = elements(&mut got, 0, 1, &column);
                let receive = e.irecv_elements(into, previous, 1, WORLD)?;
                e.run(WORLD, Barrier)?;
                let out = elements(&mut mine, 0, 1, &column);
                if blocking {
                    e.send_elements(mode, &out, next, 1, WORLD)?;
                    e.wait(receive)?;
                } else {
                    let send = e.isend_elements(mode, out, next, 1, WORLD)?;
                    e.wait(receive)?;
                    e.wait(send)?;
                }
                let theirs = matrix(previous, rows, WIDTH);
                assert!((0..rows).all(|at| got[at * WIDTH] == theirs[at * WIDTH]), "{mode:?} {rows}");
            }
        }
    }
    e.buffer_detach()
}

fn unexpected<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in ROWS {
        let column = column(rows, WIDTH);
        let mut mine = matrix(me, rows, WIDTH);
        let out = elements(&mut mine, 0, 1, &column);
        let send = e.isend_elements(Mode::Standard, out, next, 4, WORLD)?;
        // What has gaps is packed when the call returns; one element alone has none.
        if rows > 1 {
            mine.fill(-5.0);
        }
        while e.iprobe(previous, 4, WORLD)?.is_none() {}
        let mut got = vec![0.0; rows * WIDTH];
        let status = e.recv_elements(elements(&mut got, 1, 1, &column), ANY_SOURCE, ANY_TAG, WORLD)?;
        assert_eq!((status.bytes as usize, status.tag), (8 * rows, 4));
        e.wait(send)?;
        let theirs = matrix(previous, rows, WIDTH);
        assert!((0..rows).all(|at| got[at * WIDTH + 1] == theirs[at * WIDTH]));
    }
    let mut some = [1.0; 9];
    let nobody = elements(&mut some, 0, 1, &column(3, 3));
    e.send_elements(Mode::Standard, &nobody, PROC_NULL, 0, WORLD)?;
    assert_eq!(e.recv_elements(nobody, PROC_NULL, 0, WORLD)?.source, PROC_NULL);
    Ok(())
}

fn truncation<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in [3, 200, 4_000] {
        let (whole, short) = (column(rows, WIDTH), column(rows - 1, WIDTH));
        let mut mine = matrix(me, rows, WIDTH);
        let mut got = vec![0.0; rows * WIDTH];
        let receive = e.irecv_elements(elements(&mut got, 0, 1, &short), previous, 5, WORLD)?;
        e.send_elements(Mode::Standard, &elements(&mut mine, 0, 1, &whole), next, 5, WORLD)?;
        assert_eq!(e.wait(receive).unwrap_err().class(), Class::Truncate);
        let theirs = matrix(previous, rows, WIDTH);
        assert!((0..rows - 1).all(|at| got[at * WIDTH] == theirs[at * WIDTH]));
        assert_eq!(got[(rows - 1) * WIDTH..], [0.0; WIDTH], "nothing beyond the elements");
    }
    Ok(())
}

fn persistent<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in [4, 500, 4_000] {
        let column = column(rows, WIDTH);
        let (mut mine, mut got) = (matrix(me, rows, WIDTH), vec![0.0; rows * WIDTH]);
        let out = elements(&mut mine, 0, 1, &column);
        let send = e.send_init_elements(Mode::Standard, out, next, 6, WORLD)?;
        let receive = e.recv_init_elements(elements(&mut got, 0, 1, &column), previous, 6, WORLD)?;
        for round in 0..3 {
            mine[0] = f64::from(me * 100 + round);
            e.start(receive)?;
            e.start(send)?;
            e.wait(send)?;
            e.wait(receive)?;
            assert_eq!(got[0], f64::from(previous * 100 + round));
            let theirs = matrix(previous, rows, WIDTH);
            assert!((1..rows).all(|at| got[at * WIDTH] == theirs[at * WIDTH]));
            got.fill(0.0);
        }
        e.request_free(send)?;
        e.request_free(receive)?;
    }
    Ok(())
}

fn matched<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in [2, 900, 9_000] {
        let column = column(rows, WIDTH);
        let (mut mine, mut got) = (matrix(me, rows, WIDTH), vec![0.0; rows * WIDTH]);
        let send = e.isend_elements(Mode::Standard, elements(&mut mine, 0, 1, &column), next, 7, WORLD)?;
        let (message, status) = e.mprobe(previous, 7, WORLD)?;
        assert_eq!(status.bytes as usize, 8 * rows);
        let receive = e.imrecv_elements(message, elements(&mut got, 0, 1, &column))?;
        e.wait(receive)?;
        e.wait(send)?;
        let theirs = matrix(previous, rows, WIDTH);
        assert!((0..rows).all(|at| got[at * WIDTH] == theirs[at * WIDTH]));
    }
    Ok(())
}

/// An int and three bytes, the bytes first in the message, in an array that is sent from its end.
fn structures<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    let types = [Datatype::scalar(Scalar::U8), Datatype::scalar(Scalar::I32)];
    let pair = Datatype::structure(Form::Int, &[3, 1], &[4, 0], &types).unwrap();
    assert_eq!((pair.size(), pair.extent()), (7, 8));
    let backwards = Datatype::resized(Form::Int, 0, -8, &pair).unwrap();
    for count in [1, 13, 700, 6_000] {
        let make = |rank: i32| -> Vec<[u8; 8]> {
            (0..count).map(|n| (n as i64 * 1_000_003 + i64::from(rank)).to_ne_bytes()).collect()
        };
        let (mut mine, mut got) = (make(me), vec![[0xee; 8]; count]);
        let receive = e.irecv_elements(elements(&mut got, 0, count, &pair), previous, 8, WORLD)?;
        let out = elements(&mut mine, count - 1, count, &backwards);
        e.send_elements(Mode::Standard, &out, next, 8, WORLD)?;
        assert_eq!(e.wait(receive)?.bytes as usize, 7 * count);
        for (got, sent) in got.iter().zip(make(previous).iter().rev()) {
            assert_eq!((&got[..7], got[7]), (&sent[..7], 0xee), "the gap stays");
        }
    }
    Ok(())
}

fn copies<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    for rows in ROWS {
        let column = column(rows, WIDTH);
        let mut data = matrix(me, rows, WIDTH);
        let all = elements(&mut data, 0, 1, &column);
        // The copy first: what is received may be there already.
        e.send_copy(&all, next, 9, WORLD)?;
        let receive = e.irecv_elements(all, previous, 9, WORLD)?;
        e.wait(receive)?;
        let theirs = matrix(previous, rows, WIDTH);
        assert!((0..rows).all(|at| data[at * WIDTH] == theirs[at * WIDTH]));
    }
    // A long copy is read by its receiver until it says that it is done.
    e.run(WORLD, Barrier)
}

fn buffered<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, _, next, previous) = ring(e);
    e.buffer_attach(1_000_000)?;
    for len in [10, 3_000, 100_000] {
        let (mut data, mut got) = (vec![0; len], vec![0; len]);
        // SAFETY: the buffers outlive the requests.
        let receive = e.recv_init(unsafe { RecvBuf::of(&mut got) }, previous, 10, WORLD)?;
        let send = {
            // SAFETY: as above.
            let buf = unsafe { ranks_engine::SendBuf::new(data.as_ptr(), len) };
            e.send_init(Mode::Buffered, buf, next, 10, WORLD)?
        };
        for round in 0..3 {
            data.copy_from_slice(&pattern(len, me, round));
            e.start(send)?;
            e.wait(send)?;
            data.fill(0xff);
            e.start(receive)?;
            e.wait(receive)?;
            assert_eq!(got, pattern(len, previous, round), "round {round}");
        }
        e.request_free(send)?;
        e.request_free(receive)?;
    }
    e.buffer_detach()
}
