//! Collective operations: MPI 5.0 chapter 6.
//!
//! | module | what it holds |
//! |---|---|
//! | this | barrier, broadcast, and what the others have in common |
//! | `gather`, `scatter`, `alltoall` | elements move |
//! | `reduce` | elements are combined |
//! | `spread` | counts and displacements as parts of a buffer |
//! | `forms` | blocking, nonblocking, persistent |
//!
//! Each function makes one value of its arguments, a `ranks_engine::collective::Collective`; [`forms::CallForm::run`]
//! carries it out in any of the three forms. At `MPI_THREAD_MULTIPLE` a thread inside one keeps nobody out:
//! when another wants in, the rest becomes a request.

mod alltoall;
pub mod forms;
mod gather;
mod reduce;
mod scatter;
pub(crate) mod spread;

pub use alltoall::*;
pub use gather::*;
pub use reduce::*;
pub use scatter::*;

use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::{elements_from, elements_to, find, span};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use forms::CallForm;
use ranks_engine::collective::{Barrier, Bcast};
use ranks_engine::{CommId, PROC_NULL, ROOT, RecvBuf, SendBuf};
use std::ffi::{c_int, c_void};

/// `MPI_Barrier`.
pub fn barrier<A: Abi>(call: &Call<A>, manner: CallForm<A>, comm: A::Comm) -> Result<()> {
    let comm = call.comm(comm)?;
    manner.run(comm, Barrier)
}

/// `MPI_Bcast`.
pub fn bcast<A: Abi>(
    call: &Call<A>,
    manner: CallForm<A>,
    buffer: Out<c_void>,
    count: impl Count,
    datatype: A::Datatype,
    root: c_int,
    comm: A::Comm,
) -> Result<()> {
    let (comm, root) = (call.comm(comm)?, A::rank_in(root));
    let buf = match root {
        // Beside the root, in its own group.
        PROC_NULL => nowhere(),
        _ => elements_to::<A>(&manner.stage, buffer.address(), count, datatype)?,
    };
    manner.run(comm, Bcast { buf, root })
}

/// What a rank sends; nothing in place.
fn own<A: Abi>(
    manner: &CallForm<A>,
    send: In<c_void>,
    count: impl Count,
    datatype: A::Datatype,
) -> Result<Option<SendBuf>> {
    if A::is_in_place(send.address()) {
        return Ok(None);
    }
    elements_from::<A>(&manner.stage, send.address(), count, datatype).map(Some)
}

/// What this rank as a root is called, and the number of ranks that it deals with then: in an
/// intercommunicator those of the other group.
fn place(comm: CommId) -> Result<(c_int, usize)> {
    Ok(global::with(|process| {
        let engine = &process.engine;
        if engine.comm_is_inter(comm)? {
            return Ok((ROOT, engine.comm_remote_group(comm)?.size() as usize));
        }
        Ok::<_, ranks_engine::Error>((engine.comm_rank(comm)?, engine.comm_size(comm)? as usize))
    })?)
}

/// This rank in its own group, and the number of ranks in that.
fn own_place(comm: CommId) -> Result<(c_int, usize)> {
    Ok(global::with(|process| {
        let engine = &process.engine;
        Ok::<_, ranks_engine::Error>((engine.comm_rank(comm)?, engine.comm_size(comm)? as usize))
    })?)
}

/// True at the ranks of the root's group in an intercommunicator, which give it nothing and get nothing from
/// it: their buffers on that side do not count.
fn with_root(me: c_int, root: c_int) -> bool {
    me == ROOT && [ROOT, PROC_NULL].contains(&root)
}

/// The count of a whole buffer that has `count` elements for each of `ranks` ranks.
pub(crate) fn for_each_rank<A: Abi>(count: impl Count, ranks: usize, datatype: A::Datatype) -> Result<i64> {
    // Negative ones and those whose bytes are too many are refused with the count that the program gave.
    span::<A>(count, datatype)?;
    let whole = count.get().checked_mul(ranks as i64);
    whole.ok_or_else(|| {
        let name = find::<A>(datatype).map_or("", |basic| basic.name);
        Failure::new(class::COUNT, format!("{} {name} for each of {ranks} ranks are too many", count.get()))
    })
}

/// A buffer that does not count at this rank.
fn nowhere() -> RecvBuf {
    // SAFETY: no bytes are touched.
    unsafe { RecvBuf::new(std::ptr::null_mut(), 0) }
}
