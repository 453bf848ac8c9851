//! Intercommunicators: MPI 5.0 section 7.6.

use super::make::{from_groups, handle_of, make, string_tag};
use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use crate::group;
use ranks_engine::{Call as Waits, CommId, ShmEngine};
use std::ffi::{c_char, c_int};

/// `MPI_Comm_test_inter`.
pub fn test<A: Abi>(call: &Call<A>, comm: A::Comm, flag: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    flag.set(global::with(|process| process.engine.comm_is_inter(comm))?.into())
}

/// `MPI_Comm_remote_size`.
pub fn remote_size<A: Abi>(call: &Call<A>, comm: A::Comm, size: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    size.set(global::with(|process| process.engine.comm_remote_group(comm))?.size())
}

/// `MPI_Comm_remote_group`.
pub fn remote_group<A: Abi>(call: &Call<A>, comm: A::Comm, group: Out<A::Group>) -> Result<()> {
    group.set(A::Group::NULL)?;
    let comm = call.comm(comm)?;
    let remote = global::with(|process| process.engine.comm_remote_group(comm))?;
    group.set(group::make::<A>(remote)?)
}

/// `MPI_Intercomm_create`: only the leader's `peer` and `remote_leader` mean anything.
pub fn create<A: Abi>(
    call: &Call<A>,
    local: A::Comm,
    local_leader: c_int,
    peer: A::Comm,
    remote_leader: c_int,
    tag: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let local = call.comm(local)?;
    // A leader with a wrong handle must take part too, so that the others hear of it.
    let nobody = CommId::from_index(u32::MAX);
    let leads = global::with(|process| process.engine.comm_rank(local))? == local_leader;
    let peer = if leads { Call::<A>::new(call.name).comm(peer).unwrap_or(nobody) } else { nobody };
    let begin =
        |engine: &mut ShmEngine| engine.begin_intercomm(local, local_leader, peer, remote_leader, tag);
    new.set(handle_of::<A>(make(Waits::IntercommCreate, local, begin)?))
}

/// `MPI_Intercomm_create_from_groups`: only the leader's remote group and leader mean anything. Of an empty local group it
/// makes none, and waits for nobody.
#[allow(clippy::too_many_arguments)]
pub fn create_from_groups<A: Abi>(
    _: &Call<A>,
    local: A::Group,
    local_leader: c_int,
    remote: A::Group,
    remote_leader: c_int,
    tag: In<c_char>,
    info: A::Info,
    handler: A::Errhandler,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let local = group::find::<A>(local)?;
    if local.size() == 0 {
        return Ok(());
    }
    let remote = match remote == A::Group::NULL && local.rank() != Some(local_leader) {
        true => ranks_engine::Group::empty(0),
        false => group::find::<A>(remote)?,
    };
    let tag = string_tag(tag)?;
    from_groups::<A>(Waits::IntercommCreateFromGroups, info, handler, local.origin(), new, |engine| {
        engine.begin_intercomm_from_groups(&local, local_leader, &remote, remote_leader, &tag)
    })
}

/// `MPI_Intercomm_merge`.
pub fn merge<A: Abi>(call: &Call<A>, inter: A::Comm, high: c_int, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let inter = call.comm(inter)?;
    let begin = |engine: &mut ShmEngine| engine.begin_merge(inter, high != 0);
    new.set(handle_of::<A>(make(Waits::IntercommMerge, inter, begin)?))
}
