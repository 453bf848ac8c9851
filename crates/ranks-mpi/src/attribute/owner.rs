//! What can have attributes.

use super::Value;
use crate::abi::{Abi, Handle, Ref};
use crate::errhandler::comm_handle;
use crate::failure::{Failure, Result, class};
use crate::process::Process;
use ranks_engine::CommId;

/// What has attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A communicator.
    Comm(CommId),
    /// A datatype, by what its handle decodes to.
    Type(Ref),
    /// A window, by its key.
    Win(u32),
}

impl Owner {
    /// The attributes, oldest first: key and value.
    pub(super) fn attributes(self, process: &mut Process) -> Result<&mut Vec<(u32, Value)>> {
        let found = match self {
            Owner::Comm(comm) => process.comm(comm.index()).map(|record| &mut record.attributes),
            Owner::Type(place) => process.types.at(place).map(|record| &mut record.attributes),
            Owner::Win(key) => process.windows.get_mut(key).map(|window| &mut window.attributes),
        };
        found.ok_or_else(|| match self {
            Owner::Comm(_) => crate::comm::gone(),
            Owner::Type(_) => Failure::new(class::TYPE, "no such datatype"),
            Owner::Win(_) => crate::window::gone(),
        })
    }

    /// The handle that callbacks get.
    pub(super) fn raw<A: Abi>(self) -> usize {
        match self {
            Owner::Comm(comm) => comm_handle::<A>(comm.index()).to_int() as u32 as usize,
            Owner::Type(place) => A::Datatype::encode(place).to_int() as u32 as usize,
            Owner::Win(key) => A::Win::encode(Ref::Dynamic(key)).to_int() as u32 as usize,
        }
    }

    /// Which kind of keys it takes.
    pub(super) fn what(self) -> What {
        match self {
            Owner::Comm(_) => What::Comm,
            Owner::Type(_) => What::Type,
            Owner::Win(_) => What::Win,
        }
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Communicators.
    Comm,
    /// Datatypes.
    Type,
    /// Windows.
    Win,
}
