//! From a communicator or a group to another communicator: MPI 5.0 sections 7.4.2 and 7.4.3.
//!
//! Each begins with the lock and waits without it, so other threads can call meanwhile.

use super::{give_hints, set_info};
use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::attribute::{self, Owner};
use crate::block;
use crate::entry::Call;
use crate::errhandler::{self, comm_handle};
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use crate::p2p::handle;
use ranks_engine::{Call as Waits, CommId, Making, ShmEngine, UNDEFINED};
use std::ffi::{c_char, c_int};

/// `MPI_MAX_STRINGTAG_LEN`.
const MAX_STRINGTAG: usize = 256;

/// Makes a communicator, which takes over the error handler of `parent`; `None` where this rank is in none.
pub fn make(
    waits: Waits,
    parent: CommId,
    begin: impl FnOnce(&mut ShmEngine) -> ranks_engine::Result<Making>,
) -> Result<Option<CommId>> {
    let making = global::with(|process| begin(&mut process.engine))?;
    let made = making.made(&block::finish(waits, making.request)?);
    if let Some(id) = made {
        global::with(|process| process.adopt(id, parent.index()));
    }
    Ok(made)
}

/// The handle of what was made.
pub fn handle_of<A: Abi>(made: Option<CommId>) -> A::Comm {
    made.map_or(A::Comm::NULL, |id| comm_handle::<A>(id.index()))
}

/// `MPI_Comm_dup`.
pub fn dup<A: Abi>(call: &Call<A>, comm: A::Comm, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let old = call.comm(comm)?;
    let made = make(Waits::CommDup, old, |engine| engine.begin_dup(old))?;
    if let Some(id) = made
        && let Err(failure) = attribute::copy_all(call, Owner::Comm(old), Owner::Comm(id))
    {
        super::free::free_one(call, id)?;
        return Err(failure);
    }
    new.set(handle_of::<A>(made))
}

/// `MPI_Comm_dup_with_info`.
pub fn dup_with_info<A: Abi>(call: &Call<A>, comm: A::Comm, info: A::Info, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    dup(call, comm, new)?;
    set_info(call, new.get()?, info)
}

/// `MPI_Comm_idup`: attributes and error handler are those of now; the communicator is there when the request
/// is complete.
pub fn idup<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    new: Out<A::Comm>,
    request: Out<A::Request>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    request.set(A::Request::NULL)?;
    let old = call.comm(comm)?;
    let (id, begun) = global::with(|process| {
        let making = process.engine.comm_idup(old)?;
        process.adopt(making.comm(), old.index());
        Ok::<_, Failure>((making.comm(), handle::<A>(process, making.request, old)?))
    })?;
    attribute::copy_all(call, Owner::Comm(old), Owner::Comm(id))?;
    new.set(comm_handle::<A>(id.index()))?;
    request.set(begun)
}

/// `MPI_Comm_idup_with_info`.
pub fn idup_with_info<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    info: A::Info,
    new: Out<A::Comm>,
    request: Out<A::Request>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    request.set(A::Request::NULL)?;
    idup(call, comm, new, request)?;
    set_info(call, new.get()?, info)
}

/// `MPI_Comm_split`.
pub fn split<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    color: c_int,
    key: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    new.set(handle_of::<A>(make(Waits::CommSplit, comm, |engine| engine.begin_split(comm, color, key))?))
}

/// What a rank shares with others, as the key and value in hints that ask for it.
const SHARED_MEMORY: (&str, &str) = ("mpi_hw_resource_type", "mpi_shared_memory");

/// `MPI_Comm_split_type`: all ranks share the machine's memory, by that name too; finer parts of it are not
/// told apart, for which the standard's answer is no communicator. Of the process sets there are the two
/// that every job has.
pub fn split_type<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    split_type: c_int,
    key: c_int,
    info: A::Info,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let hints = if info == A::Info::NULL { Vec::new() } else { crate::info::find::<A>(info)? };
    let hint = |key: &str| hints.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    let by_memory = hint(SHARED_MEMORY.0) == Some(SHARED_MEMORY.1);
    let [shared, guided, unguided, resource] = A::COMM_TYPES;
    let color = if split_type == shared || split_type == guided && by_memory {
        0
    } else if split_type == resource {
        match hint("mpi_pset_name") {
            _ if by_memory => 0,
            Some("mpi://WORLD") => 0,
            Some("mpi://SELF") => global::with(|process| process.engine.rank()) as c_int,
            _ => UNDEFINED,
        }
    } else if [UNDEFINED, guided, unguided].contains(&split_type) {
        UNDEFINED
    } else {
        return Err(Failure::new(class::ARG, format!("{split_type} is no type of a split")));
    };
    let made = make(Waits::CommSplit, comm, |engine| engine.begin_split(comm, color, key))?;
    if let Some(id) = made {
        give_hints(id, vec![(SHARED_MEMORY.0.into(), SHARED_MEMORY.1.into())])?;
    }
    new.set(handle_of::<A>(made))
}

/// `MPI_Get_hw_resource_info`: what the ranks are inside of, as `MPI_Comm_split_type` knows it.
pub fn hardware<A: Abi>(_: &Call<A>, info: Out<A::Info>) -> Result<()> {
    info.set(A::Info::NULL)?;
    let key = crate::info::make(vec![(SHARED_MEMORY.1.into(), "true".into())])?;
    info.set(A::Info::encode(crate::abi::Ref::Dynamic(key)))
}

/// `MPI_Comm_create`: the group's ranks keep its order.
pub fn create<A: Abi>(call: &Call<A>, comm: A::Comm, group: A::Group, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let group = group::find::<A>(group)?;
    new.set(handle_of::<A>(make(Waits::CommCreate, comm, |engine| engine.begin_create(comm, &group))?))
}

/// `MPI_Comm_create_group`.
pub fn create_group<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    group: A::Group,
    tag: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let group = group::find::<A>(group)?;
    let begin = |engine: &mut ShmEngine| engine.begin_create_group(comm, &group, tag);
    new.set(handle_of::<A>(make(Waits::CommCreateGroup, comm, begin)?))
}

/// `MPI_Comm_create_from_group`: of an empty group it makes none, and waits for nobody.
pub fn create_from_group<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    tag: In<c_char>,
    info: A::Info,
    handler: A::Errhandler,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let group = group::find::<A>(group)?;
    if group.size() == 0 {
        return Ok(());
    }
    let tag = string_tag(tag)?;
    from_groups::<A>(Waits::CommCreateFromGroup, info, handler, group.origin(), new, |engine| {
        engine.begin_create_from_group(&group, &tag)
    })
}

/// The string that tells apart what is made at the same time.
pub fn string_tag(tag: In<c_char>) -> Result<String> {
    let tag = tag.text()?;
    match tag.len() < MAX_STRINGTAG {
        true => Ok(tag),
        false => Err(Failure::new(class::ARG, format!("a string tag of {} bytes", tag.len()))),
    }
}

/// A communicator without a parent: hints, error handler and session are given.
#[allow(clippy::too_many_arguments)]
pub fn from_groups<A: Abi>(
    waits: Waits,
    info: A::Info,
    handler: A::Errhandler,
    session: Option<u32>,
    new: Out<A::Comm>,
    begin: impl FnOnce(&mut ShmEngine) -> ranks_engine::Result<Making>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let handler = errhandler::find::<A>(handler)?;
    let hints = if info == A::Info::NULL { Vec::new() } else { crate::info::find::<A>(info)? };
    let made = make(waits, CommId::SELF, begin)?;
    if let Some(id) = made {
        give_hints(id, hints)?;
        global::with(|process| {
            if let Some(record) = process.comm(id.index()) {
                record.handler = handler;
                record.session = session;
            }
        });
    }
    new.set(handle_of::<A>(made))
}
