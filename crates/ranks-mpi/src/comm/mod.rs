//! Communicators: MPI 5.0 chapter 7.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod` | what there is to know and to say of one: rank, size, groups, names, hints |
//! | `make` | from a communicator or a group to another |
//! | `inter` | intercommunicators |
//! | `free` | freeing and disconnecting |

pub mod free;
pub mod inter;
pub mod make;

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, MAX_OBJECT_NAME, Out};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use crate::info::Pairs;
use ranks_engine::CommId;
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

/// `MPI_Comm_get_parent`: none where nobody has spawned this rank, and once the communicator was freed.
pub fn parent<A: Abi>(_: &Call<A>, parent: Out<A::Comm>) -> Result<()> {
    parent.set(make::handle_of::<A>(global::with(|process| process.engine.parent())))
}

/// `MPI_Comm_group`.
pub fn group<A: Abi>(call: &Call<A>, comm: A::Comm, group: Out<A::Group>) -> Result<()> {
    group.set(A::Group::NULL)?;
    let comm = call.comm(comm)?;
    let members = global::with(|process| {
        let session = process.comm(comm.index()).and_then(|record| record.session);
        process.engine.comm_group(comm).map(|members| members.stemming_from(session))
    })?;
    group.set(group::make::<A>(members)?)
}

/// `MPI_Comm_compare`.
pub fn compare<A: Abi>(call: &Call<A>, first: A::Comm, second: A::Comm, result: Out<c_int>) -> Result<()> {
    let (a, b) = (call.comm(first)?, call.comm(second)?);
    result.set(group::compared::<A>(global::with(|process| process.engine.comm_compare(a, b))?))
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
    give_hints(comm, crate::info::find::<A>(info)?)
}

/// Hints are kept, and change nothing.
fn give_hints(comm: CommId, pairs: Pairs) -> Result<()> {
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
    info.set(A::Info::NULL)?;
    let comm = call.comm(comm)?;
    let pairs = global::with(|process| process.comm(comm.index()).map(|record| record.info.clone()));
    let key = crate::info::make(pairs.ok_or_else(gone)?)?;
    info.set(A::Info::encode(Ref::Dynamic(key)))
}
