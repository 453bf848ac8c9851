//! Epochs of windows: MPI 5.0 section 12.5. Whatever was begun is complete when its call returns, so these are about
//! who waits for whom: the fence waits for all ranks, and what would wait for other ranks alone is not there yet.

use super::access::within;
use super::{make, on};
use crate::abi::Abi;
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use std::ffi::c_int;

fn known<A: Abi>(call: &Call<A>, win: A::Win) -> Result<()> {
    on(call, win, |_| ())
}

/// Refuses ranks that are not of the window; MPI_PROC_NULL is nobody and fine.
fn rank_of<A: Abi>(call: &Call<A>, win: A::Win, rank: c_int) -> Result<()> {
    let comm = on(call, win, |window| window.comm)?;
    let rank = A::rank_in(rank);
    let (me, all) = global::with(|process| {
        let engine = &mut process.engine;
        Ok::<_, Failure>((engine.comm_rank(comm)?, engine.comm_size(comm)?))
    })?;
    if rank == ranks_engine::PROC_NULL { Ok(()) } else { within(rank, me, all) }
}

/// `MPI_Win_fence`.
pub fn fence<A: Abi>(call: &Call<A>, _: c_int, win: A::Win) -> Result<()> {
    make::meet(on(call, win, |window| window.comm)?)
}

/// `MPI_Win_lock`.
pub fn lock<A: Abi>(call: &Call<A>, kind: c_int, rank: c_int, _: c_int, win: A::Win) -> Result<()> {
    rank_of(call, win, rank)?;
    match A::LOCKS.contains(&kind) {
        true => Ok(()),
        false => Err(Failure::new(class::LOCKTYPE, format!("{kind} is no kind of lock"))),
    }
}

/// `MPI_Win_unlock`, `MPI_Win_flush`, `MPI_Win_flush_local`: what was begun at a rank is complete.
pub fn done_at<A: Abi>(call: &Call<A>, rank: c_int, win: A::Win) -> Result<()> {
    rank_of(call, win, rank)
}

/// `MPI_Win_lock_all`.
pub fn lock_all<A: Abi>(call: &Call<A>, _: c_int, win: A::Win) -> Result<()> {
    known(call, win)
}

/// `MPI_Win_unlock_all`, `MPI_Win_flush_all`, `MPI_Win_flush_local_all`, `MPI_Win_sync`: what was begun is complete.
pub fn done<A: Abi>(call: &Call<A>, win: A::Win) -> Result<()> {
    known(call, win)
}

/// `MPI_Win_post`, `MPI_Win_start`: with this rank alone.
pub fn with_group<A: Abi>(call: &Call<A>, group: A::Group, _: c_int, win: A::Win) -> Result<()> {
    known(call, win)?;
    let group = group::find::<A>(group)?;
    if group.size() > i32::from(group.rank().is_some()) {
        let text = "epochs with other ranks (MPI_Win_post, MPI_Win_start) are not supported yet";
        return Err(Failure::new(class::UNSUPPORTED_OPERATION, text));
    }
    Ok(())
}

/// `MPI_Win_test`.
pub fn test<A: Abi>(call: &Call<A>, win: A::Win, flag: Out<c_int>) -> Result<()> {
    known(call, win)?;
    flag.set(1)
}
