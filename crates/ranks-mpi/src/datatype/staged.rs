//! A packed copy of a buffer, for what can only move bytes in a row: collectives.
//!
//! A copy to send from is packed when it is made. A copy to receive into is packed too (what is there may be
//! this rank's contribution, and parts of it may stay as they are), and is unpacked when it goes: at the end of
//! a blocking call, or with the request of a nonblocking one.

use super::any_elements;
use crate::abi::Abi;
use crate::argument::Count;
use crate::failure::Result;
use ranks_engine::datatype::Elements;
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::c_void;

/// See above.
pub struct Staged {
    elements: Elements,
    /// Its memory does not move while the copy lives.
    packed: Vec<u8>,
    unpacks: bool,
}

impl Staged {
    /// A copy to send from.
    pub fn from<A: Abi>(address: *const c_void, count: impl Count, datatype: A::Datatype) -> Result<Self> {
        Self::new::<A>(address.cast_mut(), count, datatype, false)
    }

    /// A copy to receive into.
    pub fn to<A: Abi>(address: *mut c_void, count: impl Count, datatype: A::Datatype) -> Result<Self> {
        Self::new::<A>(address, count, datatype, true)
    }

    fn new<A: Abi>(
        address: *mut c_void,
        count: impl Count,
        datatype: A::Datatype,
        unpacks: bool,
    ) -> Result<Self> {
        let elements = any_elements::<A>(address, count, datatype)?;
        let mut packed = Vec::new();
        elements.pack_onto(&mut packed);
        Ok(Self { elements, packed, unpacks })
    }

    /// The bytes to send. They are there as long as this is.
    pub fn send(&self) -> SendBuf {
        // SAFETY: the caller keeps this until the operation is complete.
        unsafe { SendBuf::of(&self.packed) }
    }

    /// The room for the bytes to receive. It is there as long as this is.
    pub fn recv(&mut self) -> RecvBuf {
        // SAFETY: as above.
        unsafe { RecvBuf::of(&mut self.packed) }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.unpacks {
            self.elements.unpack(0, &self.packed);
        }
    }
}
