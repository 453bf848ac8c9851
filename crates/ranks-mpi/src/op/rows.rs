//! Reductions that collect the contributions first, one row a rank, and combine them afterwards, in
//! order of rank and without the lock: for operations of the program, which may call MPI or wait for
//! another thread that does (the interpreter of Python is such a one).

use crate::argument::Out;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::collective::Part;
use ranks_engine::{CommId, RecvBuf, SendBuf};
use std::ffi::c_void;

/// `inout = input op inout`.
pub type Apply<'f> = &'f mut dyn FnMut(&mut [u8], &mut [u8]);

/// A row of each rank, one after the other, aligned for every type.
pub struct Rows {
    memory: Vec<u128>,
    row: usize,
    rows: usize,
}

impl Rows {
    /// `rows` rows of `row` bytes.
    pub fn new(row: usize, rows: usize) -> Result<Self> {
        let words = row.checked_mul(rows).map(|bytes| bytes.div_ceil(size_of::<u128>()));
        let mut memory = Vec::new();
        match words.map(|words| memory.try_reserve_exact(words).map(|()| words)) {
            Some(Ok(words)) => memory.resize(words, 0),
            _ => {
                let what = format!("no memory for {rows} times {row} bytes of contributions");
                return Err(Failure::new(class::NO_MEM, what));
            }
        }
        Ok(Self { memory, row, rows })
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the words are as many bytes at least, and any bytes are words.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast(), self.row * self.rows) }
    }

    /// A rank's row.
    pub fn row(&mut self, rank: usize) -> &mut [u8] {
        let at = rank * self.row;
        let row = self.row;
        &mut self.bytes()[at..at + row]
    }

    /// All of them, for an operation that is complete before they go.
    fn buffer(&mut self) -> RecvBuf {
        let bytes = self.bytes();
        // SAFETY: blocking operations alone get it, and the rows outlive these.
        unsafe { RecvBuf::new(bytes.as_mut_ptr(), bytes.len()) }
    }

    fn parts(&self) -> Vec<Part> {
        Part::in_order((0..self.rows).map(|_| self.row))
    }

    /// The first `count` rows combined; there is at least one.
    pub fn fold(&mut self, count: usize, apply: Apply<'_>) -> &mut [u8] {
        let row = self.row;
        if row > 0 {
            for rank in 1..count {
                let (lower, rest) = self.bytes().split_at_mut(rank * row);
                apply(&mut lower[(rank - 1) * row..], &mut rest[..row]);
            }
        }
        self.row(count - 1)
    }
}

/// To the root alone.
pub fn reduce(own: SendBuf, result: Out<c_void>, root: i32, comm: CommId, apply: Apply<'_>) -> Result<()> {
    let rows = global::with(|process| {
        let engine = &mut process.engine;
        let is_root = engine.comm_rank(comm)? == root;
        let mut rows = Rows::new(own.len(), if is_root { engine.comm_size(comm)? as usize } else { 0 })?;
        engine.gather(Some(own), rows.buffer(), root, comm)?;
        Ok::<_, Failure>(is_root.then_some(rows))
    })?;
    if let Some(mut rows) = rows {
        let count = rows.rows;
        result.fill(rows.fold(count, apply));
    }
    Ok(())
}

/// To all: each combines its slice of the elements, then all collect the slices. So all have the same bits.
pub fn allreduce(
    own: SendBuf,
    result: RecvBuf,
    element: usize,
    comm: CommId,
    apply: Apply<'_>,
) -> Result<()> {
    let ranks = global::with(|process| process.engine.comm_size(comm))? as usize;
    let elements = own.len() / element;
    let slice = |rank: usize| (elements / ranks + usize::from(rank < elements % ranks)) * element;
    let slices = Part::in_order((0..ranks).map(slice));
    let mut rows = collect(own, &slices, comm)?;
    let combined = rows.fold(ranks, apply);
    // SAFETY: the rows outlive the operation, which is complete when it returns.
    let combined = unsafe { SendBuf::of(combined) };
    Ok(global::with(|process| process.engine.allgatherv(Some(combined), result, &slices, comm))?)
}

/// A part to each.
pub fn reduce_scatter(
    own: SendBuf,
    parts: &[Part],
    result: Out<c_void>,
    comm: CommId,
    apply: Apply<'_>,
) -> Result<()> {
    let mut rows = collect(own, parts, comm)?;
    result.fill(rows.fold(parts.len(), apply));
    Ok(())
}

/// To each of the ranks up to it, or before it.
pub fn scan(
    own: SendBuf,
    result: Out<c_void>,
    inclusive: bool,
    comm: CommId,
    apply: Apply<'_>,
) -> Result<()> {
    let (mut rows, me) = global::with(|process| {
        let engine = &mut process.engine;
        let mut rows = Rows::new(own.len(), engine.comm_size(comm)? as usize)?;
        engine.allgather(Some(own), rows.buffer(), comm)?;
        Ok::<_, Failure>((rows, engine.comm_rank(comm)? as usize))
    })?;
    let count = me + usize::from(inclusive);
    // There is nobody before rank 0: what it has stays.
    if count > 0 {
        result.fill(rows.fold(count, apply));
    }
    Ok(())
}

/// This rank's part of every contribution.
fn collect(own: SendBuf, parts: &[Part], comm: CommId) -> Result<Rows> {
    global::with(|process| {
        let engine = &mut process.engine;
        let me = engine.comm_rank(comm)? as usize;
        let mut rows = Rows::new(parts[me].len, parts.len())?;
        let rows_at = rows.parts();
        engine.alltoallv(Some(own), parts, rows.buffer(), &rows_at, comm)?;
        Ok(rows)
    })
}
