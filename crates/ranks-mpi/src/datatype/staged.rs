//! A packed copy of a buffer, for what can only move bytes in a row: collectives.
//!
//! What is received into is packed too before the operation begins: what is there may be this rank's
//! contribution, and parts of it may stay as they are. A blocking call unpacks at its end, a nonblocking one
//! when its request is done, a persistent one packs again at each start and unpacks at each end.

use ranks_engine::datatype::Elements;
use ranks_engine::{RecvBuf, SendBuf};
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See above. Clones are the same copy.
#[derive(Clone)]
pub struct Staged(Arc<Inner>);

struct Inner {
    /// One after the other in the copy.
    elements: Vec<Elements>,
    /// Its length never changes, so it does not move.
    packed: Mutex<Vec<u8>>,
    unpacks: bool,
}

impl Staged {
    /// A copy to send from, or (`unpacks`) to receive into.
    pub fn new(elements: Vec<Elements>, unpacks: bool) -> Self {
        let mut packed = Vec::with_capacity(elements.iter().map(Elements::len).sum());
        elements.iter().for_each(|elements| elements.pack_onto(&mut packed));
        Self(Arc::new(Inner { elements, packed: Mutex::new(packed), unpacks }))
    }

    fn packed(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.packed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes to send. They are there as long as this is.
    pub fn send(&self) -> SendBuf {
        // SAFETY: whoever begins the operation keeps this until it is complete.
        unsafe { SendBuf::of(&self.packed()) }
    }

    /// The room for the bytes to receive. It is there as long as this is.
    pub fn recv(&self) -> RecvBuf {
        // SAFETY: as above.
        unsafe { RecvBuf::of(&mut self.packed()) }
    }

    /// Packs what is in the buffer now.
    pub fn pack(&self) {
        let (mut packed, mut at) = (self.packed(), 0);
        for elements in &self.0.elements {
            at += elements.pack(0, &mut packed[at..]);
        }
    }

    /// Unpacks what was received.
    pub fn unpack(&self) {
        if !self.0.unpacks {
            return;
        }
        let (packed, mut at) = (self.packed(), 0);
        for elements in &self.0.elements {
            at += elements.unpack(0, &packed[at..]);
        }
    }
}

/// Unpacks when it goes: left to a request, when that is done.
pub struct Unpacking(pub Vec<Staged>);

impl Drop for Unpacking {
    fn drop(&mut self) {
        self.0.iter().for_each(Staged::unpack);
    }
}

/// The copies that a call has made.
#[derive(Default)]
pub struct Stage(RefCell<Vec<Staged>>);

impl Stage {
    /// Makes one.
    pub fn add(&self, elements: Vec<Elements>, unpacks: bool) -> Staged {
        let staged = Staged::new(elements, unpacks);
        self.0.borrow_mut().push(staged.clone());
        staged
    }

    /// All of them.
    pub fn take(self) -> Vec<Staged> {
        self.0.into_inner()
    }
}
