//! Communicators: MPI 5.0 chapter 7.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, MAX_OBJECT_NAME, Out};
use crate::attribute::{self, Owner};
use crate::entry::Call;
use crate::errhandler::comm_handle;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use ranks_engine::{CommId, UNDEFINED};
use std::ffi::{c_char, c_int};

/// The communicator is not there any more.
pub fn gone() -> Failure {
    Failure::new(class::COMM, "no such communicator: it was freed, or never made")
}

/// `MPI_Comm_rank`.
pub fn rank<A: Abi>(call: &Call<A>, comm: A::Comm, rank: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    rank.set(global::with(|process| process.engine.comm_rank(comm))?)
}

/// `MPI_Comm_size`.
pub fn size<A: Abi>(call: &Call<A>, comm: A::Comm, size: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    size.set(global::with(|process| process.engine.comm_size(comm))?)
}

/// `MPI_Comm_test_inter`: there are no intercommunicators yet.
pub fn test_inter<A: Abi>(call: &Call<A>, comm: A::Comm, flag: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    global::with(|process| process.engine.comm_size(comm))?;
    flag.set(0)
}

/// `MPI_Topo_test`: there are no topologies yet.
pub fn topology<A: Abi>(call: &Call<A>, comm: A::Comm, status: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    global::with(|process| process.engine.comm_size(comm))?;
    status.set(UNDEFINED)
}

fn no_inter<A: Abi>(call: &Call<A>, comm: A::Comm) -> Failure {
    match call.comm(comm) {
        Ok(_) => Failure::new(class::COMM, "the communicator is not an intercommunicator"),
        Err(failure) => failure,
    }
}

/// `MPI_Comm_remote_size`.
pub fn remote_size<A: Abi>(call: &Call<A>, comm: A::Comm, _: Out<c_int>) -> Result<()> {
    Err(no_inter(call, comm))
}

/// `MPI_Comm_remote_group`.
pub fn remote_group<A: Abi>(call: &Call<A>, comm: A::Comm, _: Out<A::Group>) -> Result<()> {
    Err(no_inter(call, comm))
}

/// `MPI_Comm_get_parent`: nobody spawned this rank.
pub fn parent<A: Abi>(_: &Call<A>, parent: Out<A::Comm>) -> Result<()> {
    parent.set(A::Comm::NULL)
}

/// `MPI_Comm_dup`.
pub fn dup<A: Abi>(call: &Call<A>, comm: A::Comm, new: Out<A::Comm>) -> Result<()> {
    let old = call.comm(comm)?;
    let id = global::with(|process| {
        let id = process.engine.comm_dup(old)?;
        process.adopt(id, old.index());
        Ok::<_, Failure>(id)
    })?;
    if let Err(failure) = attribute::copy_all(call, Owner::Comm(old), Owner::Comm(id)) {
        free_one(call, id)?;
        return Err(failure);
    }
    new.set(comm_handle::<A>(id.index()))
}

/// `MPI_Comm_dup_with_info`: the hints are taken, and change nothing.
pub fn dup_with_info<A: Abi>(call: &Call<A>, comm: A::Comm, info: A::Info, new: Out<A::Comm>) -> Result<()> {
    dup(call, comm, new)?;
    set_info(call, new.get()?, info)
}

fn new_of_split<A: Abi>(old: CommId, color: c_int, key: c_int, new: Out<A::Comm>) -> Result<()> {
    let id = global::with(|process| {
        let id = process.engine.comm_split(old, color, key)?;
        if let Some(id) = id {
            process.adopt(id, old.index());
        }
        Ok::<_, Failure>(id)
    })?;
    new.set(id.map_or(A::Comm::NULL, |id| comm_handle::<A>(id.index())))
}

/// `MPI_Comm_split`.
pub fn split<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    color: c_int,
    key: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new_of_split::<A>(call.comm(comm)?, color, key, new)
}

/// `MPI_Comm_split_type`: all ranks share the machine's memory; finer parts of it are not told apart, for
/// which the standard's answer is no communicator. Asked for by its name, the memory is one for all.
pub fn split_type<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    split_type: c_int,
    key: c_int,
    info: A::Info,
    new: Out<A::Comm>,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let named = ("mpi_hw_resource_type".to_string(), "mpi_shared_memory".to_string());
    let by_name = info != A::Info::NULL && crate::info::find::<A>(info)?.contains(&named);
    let [shared, guided, unguided] = A::COMM_TYPES;
    let color = match split_type {
        kind if kind == shared || kind == guided && by_name => 0,
        kind if kind == UNDEFINED || kind == guided || kind == unguided => UNDEFINED,
        kind => return Err(Failure::new(class::ARG, format!("{kind} is no type of a split"))),
    };
    new_of_split::<A>(comm, color, key, new)
}

/// `MPI_Comm_create`: the group's ranks keep its order.
pub fn create<A: Abi>(call: &Call<A>, comm: A::Comm, group: A::Group, new: Out<A::Comm>) -> Result<()> {
    let comm = call.comm(comm)?;
    let members = group::find::<A>(group)?;
    let me = global::with(|process| process.engine.rank()) as c_int;
    let place = members.iter().position(|&member| member == me);
    match place {
        Some(place) => new_of_split::<A>(comm, 0, place as c_int, new),
        None => new_of_split::<A>(comm, UNDEFINED, 0, new),
    }
}

/// `MPI_Comm_compare`.
pub fn compare<A: Abi>(call: &Call<A>, first: A::Comm, second: A::Comm, result: Out<c_int>) -> Result<()> {
    let (a, b) = (call.comm(first)?, call.comm(second)?);
    let [ident, congruent, similar, unequal] = A::COMPARED;
    let (of_a, of_b) = (group::of_comm(a)?, group::of_comm(b)?);
    result.set(if a == b {
        ident
    } else if of_a == of_b {
        congruent
    } else if group::same_members(&of_a, &of_b) {
        similar
    } else {
        unequal
    })
}

/// `MPI_Comm_group`.
pub fn group<A: Abi>(call: &Call<A>, comm: A::Comm, group: Out<A::Group>) -> Result<()> {
    let comm = call.comm(comm)?;
    group.set(group::make::<A>(group::of_comm(comm)?)?)
}

fn free_one<A: Abi>(call: &Call<A>, comm: CommId) -> Result<()> {
    attribute::delete_all(call, Owner::Comm(comm))?;
    Ok(global::with(|process| {
        process.engine.comm_free(comm)?;
        process.comms[comm.index() as usize] = None;
        Ok::<_, ranks_engine::Error>(())
    })?)
}

/// `MPI_Comm_free`, `MPI_Comm_disconnect`.
pub fn free<A: Abi>(call: &Call<A>, comm: Out<A::Comm>) -> Result<()> {
    let id = call.comm(comm.get()?)?;
    if id == CommId::WORLD || id == CommId::SELF {
        return Err(Failure::new(class::COMM, "MPI_COMM_WORLD and MPI_COMM_SELF cannot be freed"));
    }
    free_one(call, id)?;
    comm.set(A::Comm::NULL)
}

/// `MPI_Comm_set_name`.
pub fn set_name<A: Abi>(call: &Call<A>, comm: A::Comm, name: In<c_char>) -> Result<()> {
    let comm = call.comm(comm)?;
    let name = name.text()?;
    global::with(|process| match process.comm(comm.index()) {
        Some(record) => {
            record.name = Some(name);
            Ok(())
        }
        None => Err(gone()),
    })
}

/// `MPI_Comm_get_name`.
pub fn get_name<A: Abi>(call: &Call<A>, comm: A::Comm, name: Out<c_char>, length: Out<c_int>) -> Result<()> {
    if comm == A::Comm::NULL {
        return name.text("MPI_COMM_NULL", MAX_OBJECT_NAME, length);
    }
    let comm = call.comm(comm)?;
    let given = global::with(|process| process.comm(comm.index()).map(|record| record.name.clone()));
    let text = given.ok_or_else(gone)?.unwrap_or_else(|| match comm {
        CommId::WORLD => "MPI_COMM_WORLD".into(),
        CommId::SELF => "MPI_COMM_SELF".into(),
        _ => String::new(),
    });
    name.text(&text, MAX_OBJECT_NAME, length)
}

/// `MPI_Comm_set_info`.
pub fn set_info<A: Abi>(call: &Call<A>, comm: A::Comm, info: A::Info) -> Result<()> {
    let comm = call.comm(comm)?;
    if info == A::Info::NULL {
        return Ok(());
    }
    let pairs = crate::info::find::<A>(info)?;
    global::with(|process| match process.comm(comm.index()) {
        Some(record) => {
            pairs.into_iter().for_each(|(key, value)| crate::info::put(&mut record.info, key, value));
            Ok(())
        }
        None => Err(gone()),
    })
}

/// `MPI_Comm_get_info`: the hints that were given.
pub fn get_info<A: Abi>(call: &Call<A>, comm: A::Comm, info: Out<A::Info>) -> Result<()> {
    let comm = call.comm(comm)?;
    let pairs = global::with(|process| process.comm(comm.index()).map(|record| record.info.clone()));
    let key = crate::info::make(pairs.ok_or_else(gone)?)?;
    info.set(A::Info::encode(Ref::Dynamic(key)))
}
