//! Access to a window: MPI 5.0 section 12.3. To the rank's own part alone, as messages to itself: datatypes at both
//! ends, lengths and all are as with any message.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use super::{Flavor, key, on};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Argument, Count, In, Out};
use crate::block;
use crate::datatype::{any_elements, recv_buffer, send_buffer, shared};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::op;
use crate::p2p::handle;
use ranks_engine::datatype::Elements;
use ranks_engine::{CommId, Mode, PROC_NULL, SendBuf};
use std::ffi::{c_int, c_void};

/// Refuses ranks that do not exist, and those that cannot be reached.
pub fn within(rank: c_int, me: c_int, all: c_int) -> Result<()> {
    match rank {
        rank if rank == me => Ok(()),
        rank if (0..all).contains(&rank) => Ok(()),
        _ => Err(Failure::new(class::RANK, format!("rank {rank} does not exist: the window has {all}"))),
    }
}

/// Elements in a window.
#[derive(Clone, Copy)]
struct Place<A: Abi> {
    rank: c_int,
    displacement: i64,
    count: i64,
    datatype: A::Datatype,
}

/// The place in this rank's own memory, and the window's communicator and the rank in it. `None` for MPI_PROC_NULL.
fn find<A: Abi>(call: &Call<A>, win: A::Win, place: Place<A>) -> Result<Option<(usize, CommId, c_int)>> {
    key(call, win)?;
    let rank = A::rank_in(place.rank);
    let comm = on(call, win, |window| window.comm)?;
    if rank == PROC_NULL {
        return Ok(None);
    }
    let (me, all) = global::with(|process| {
        let engine = &mut process.engine;
        Ok::<_, Failure>((engine.comm_rank(comm)?, engine.comm_size(comm)?))
    })?;
    within(rank, me, all)?;
    if rank != me {
        let text = format!("access to the memory of other ranks (here rank {rank}) is not supported yet");
        return Err(Failure::new(class::UNSUPPORTED_OPERATION, text));
    }
    let known = shared::<A>(place.datatype)?;
    let first = known.true_lower_bound();
    let reach = |count: i64| (count - 1).checked_mul(known.extent())?.checked_add(known.true_extent());
    let len = if place.count <= 0 || known.size() == 0 { Some(0) } else { reach(place.count) };
    let too_far = || Failure::new(class::RMA_RANGE, "the access reaches beyond the window");
    let len = len.ok_or_else(too_far)?;
    on(call, win, |window| {
        let from = place.displacement.checked_mul(window.values.unit.into());
        let from = from.ok_or_else(too_far)?;
        let inside = |base: i64, size: i64| {
            let begin = from.checked_add(first)?.checked_sub(base)?;
            (begin >= 0 && begin.checked_add(len)? <= size).then_some(())
        };
        let fits = match window.flavor {
            _ if len == 0 => true,
            Flavor::Dynamic => window.attached.iter().any(|&(at, size)| inside(at as i64, size).is_some()),
            _ => inside(0, window.values.size).is_some(),
        };
        if !fits {
            return Err(too_far());
        }
        Ok(Some((window.values.base.wrapping_add(from as usize), comm, me)))
    })?
}

fn pointer(at: usize) -> *mut c_void {
    std::ptr::with_exposed_provenance_mut(at)
}

fn put_now<A: Abi>(
    call: &Call<A>,
    origin: In<c_void>,
    count: i64,
    datatype: A::Datatype,
    place: Place<A>,
    win: A::Win,
) -> Result<()> {
    let Some((at, comm, me)) = find(call, win, place)? else { return Ok(()) };
    let send = send_buffer::<A>(origin.address(), count, datatype)?;
    let recv = recv_buffer::<A>(pointer(at), place.count, place.datatype)?;
    block::sendrecv((send, me, 0), (recv, me, 0), comm).map(|_| ())
}

fn get_now<A: Abi>(
    call: &Call<A>,
    origin: Out<c_void>,
    count: i64,
    datatype: A::Datatype,
    place: Place<A>,
    win: A::Win,
) -> Result<()> {
    let Some((at, comm, me)) = find(call, win, place)? else { return Ok(()) };
    let send = send_buffer::<A>(pointer(at), place.count, place.datatype)?;
    let recv = recv_buffer::<A>(origin.address(), count, datatype)?;
    block::sendrecv((send, me, 0), (recv, me, 0), comm).map(|_| ())
}

/// What an operation of an accumulate does: nothing, put, or reduce.
enum Effect {
    Nothing,
    Replace,
    Reduce,
}

fn effect<A: Abi>(operation: A::Op) -> Result<Effect> {
    match operation.decode() {
        Ref::Builtin(at) => Ok(match op::name_of(at) {
            "MPI_REPLACE" => Effect::Replace,
            "MPI_NO_OP" => Effect::Nothing,
            _ => Effect::Reduce,
        }),
        Ref::Dynamic(_) => Err(Failure::new(class::OP, "an accumulate takes predefined operations alone")),
        _ => Err(Failure::new(class::OP, "no such operation")),
    }
}

fn accumulate_now<A: Abi>(
    call: &Call<A>,
    origin: In<c_void>,
    count: i64,
    datatype: A::Datatype,
    place: Place<A>,
    operation: A::Op,
    win: A::Win,
) -> Result<()> {
    match effect::<A>(operation)? {
        Effect::Nothing => find(call, win, place).map(|_| ()),
        Effect::Replace => put_now(call, origin, count, datatype, place, win),
        Effect::Reduce => {
            let Some((at, comm, me)) = find(call, win, place)? else { return Ok(()) };
            // The origin's elements, laid out as the target's are.
            let known = shared::<A>(place.datatype)?;
            let reach = known.extent().unsigned_abs() as usize * place.count.max(0) as usize;
            let mut room = vec![0u64; (reach + known.true_extent() as usize).div_ceil(8) + 1];
            let base = room.as_mut_ptr().cast::<u8>().wrapping_offset(-known.true_lower_bound() as isize);
            let send = send_buffer::<A>(origin.address(), count, datatype)?;
            let recv = recv_buffer::<A>(base.cast(), place.count, place.datatype)?;
            block::sendrecv((send, me, 0), (recv, me, 0), comm)?;
            // SAFETY: both hold as many elements as are asked for, as was checked.
            let (input, inout) = unsafe { (base.cast_const().cast::<c_void>().take(), pointer(at).take()) };
            op::reduce_local(call, input, inout, place.count, place.datatype, operation)
        }
    }
}

/// A request that is complete already.
fn complete<A: Abi>(call: &Call<A>, win: A::Win, request: Out<A::Request>) -> Result<()> {
    let comm = on(call, win, |window| window.comm)?;
    request.set(global::with(|process| {
        let engine = &mut process.engine;
        let id = engine.isend(Mode::Standard, SendBuf::EMPTY, PROC_NULL, 0, comm)?;
        handle::<A>(process, id, comm)
    })?)
}

/// `MPI_Put`.
pub fn put<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: target_count.get(), datatype: target_type };
    put_now(call, origin, count.get(), datatype, place, win)
}

/// `MPI_Rput`.
pub fn rput<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    win: A::Win,
    request: Out<A::Request>,
) -> Result<()> {
    put(call, origin, count, datatype, rank, displacement, target_count, target_type, win)?;
    complete(call, win, request)
}

/// `MPI_Get`.
pub fn get<A: Abi, C: Count>(
    call: &Call<A>,
    origin: Out<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: target_count.get(), datatype: target_type };
    get_now(call, origin, count.get(), datatype, place, win)
}

/// `MPI_Rget`.
pub fn rget<A: Abi, C: Count>(
    call: &Call<A>,
    origin: Out<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    win: A::Win,
    request: Out<A::Request>,
) -> Result<()> {
    get(call, origin, count, datatype, rank, displacement, target_count, target_type, win)?;
    complete(call, win, request)
}

/// `MPI_Accumulate`.
pub fn accumulate<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    operation: A::Op,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: target_count.get(), datatype: target_type };
    accumulate_now(call, origin, count.get(), datatype, place, operation, win)
}

/// `MPI_Raccumulate`.
pub fn raccumulate<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    operation: A::Op,
    win: A::Win,
    request: Out<A::Request>,
) -> Result<()> {
    accumulate(call, origin, count, datatype, rank, displacement, target_count, target_type, operation, win)?;
    complete(call, win, request)
}

/// `MPI_Get_accumulate`.
pub fn get_accumulate<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    result: Out<c_void>,
    result_count: C,
    result_type: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    operation: A::Op,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: target_count.get(), datatype: target_type };
    get_now(call, result, result_count.get(), result_type, place, win)?;
    accumulate_now(call, origin, count.get(), datatype, place, operation, win)
}

/// `MPI_Rget_accumulate`.
pub fn rget_accumulate<A: Abi, C: Count>(
    call: &Call<A>,
    origin: In<c_void>,
    count: C,
    datatype: A::Datatype,
    result: Out<c_void>,
    result_count: C,
    result_type: A::Datatype,
    rank: c_int,
    displacement: i64,
    target_count: C,
    target_type: A::Datatype,
    operation: A::Op,
    win: A::Win,
    request: Out<A::Request>,
) -> Result<()> {
    let place = Place { rank, displacement, count: target_count.get(), datatype: target_type };
    get_now(call, result, result_count.get(), result_type, place, win)?;
    accumulate_now(call, origin, count.get(), datatype, place, operation, win)?;
    complete(call, win, request)
}

/// `MPI_Fetch_and_op`.
pub fn fetch_and_op<A: Abi>(
    call: &Call<A>,
    origin: In<c_void>,
    result: Out<c_void>,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    operation: A::Op,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: 1, datatype };
    get_now(call, result, 1, datatype, place, win)?;
    accumulate_now(call, origin, 1, datatype, place, operation, win)
}

fn packed(elements: &Elements) -> Vec<u8> {
    let mut bytes = Vec::new();
    elements.pack_onto(&mut bytes);
    bytes
}

/// `MPI_Compare_and_swap`.
pub fn compare_and_swap<A: Abi>(
    call: &Call<A>,
    origin: In<c_void>,
    compare: In<c_void>,
    result: Out<c_void>,
    datatype: A::Datatype,
    rank: c_int,
    displacement: i64,
    win: A::Win,
) -> Result<()> {
    let place = Place { rank, displacement, count: 1, datatype };
    let Some((at, ..)) = find(call, win, place)? else { return Ok(()) };
    let bytes = |address| Ok::<_, Failure>(packed(&any_elements::<A>(address, 1i64, datatype)?));
    let same = bytes(pointer(at))? == bytes(compare.address().cast_mut())?;
    get_now(call, result, 1, datatype, place, win)?;
    match same {
        true => put_now(call, origin, 1, datatype, place, win),
        false => Ok(()),
    }
}
