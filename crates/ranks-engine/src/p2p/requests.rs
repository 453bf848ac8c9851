//! The table of requests: MPI 5.0 section 3.7.
//!
//! A request's place is used again for the next one, with what it still holds of the last: beginning one moves nothing and
//! allocates nothing.

use super::request::{Kind, Mode, Request, RequestId, State, Status};
use crate::error::Result;
use crate::group::Comm;
use crate::memory::SendBuf;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// All requests of a rank. The first is [`RequestId::SENT`]. What is free holds nothing that would have to be dropped.
pub(crate) struct Requests {
    slots: Vec<Request>,
    free: Vec<u32>,
    /// The place that forgot its communicator last.
    next_swept: usize,
}

/// Places that forget their communicator when one is freed.
const SWEPT: usize = 64;

impl Default for Requests {
    fn default() -> Self {
        let mut sent = Request::new(Call::Send, Kind::Send { buf: SendBuf::EMPTY, mode: Mode::Standard });
        sent.state = State::Done;
        Self { slots: vec![sent], free: Vec::new(), next_swept: 0 }
    }
}

impl Requests {
    /// Makes a request on a communicator, in the place of one that was freed: nothing is moved, and its communicator is
    /// mostly the one that was there.
    #[inline]
    pub fn make(&mut self, call: Call, kind: Kind, comm: &Arc<Comm>) -> &mut Request {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.insert(Request::new(call, kind)).index,
        };
        let slot = &mut self.slots[index as usize];
        if !slot.comm.as_ref().is_some_and(|old| Arc::ptr_eq(old, comm)) {
            slot.comm = Some(comm.clone());
        }
        slot.state = State::Active;
        slot.persistent = false;
        slot.detached = false;
        slot.watched = false;
        slot.call = call;
        slot.kind = kind;
        slot.context = comm.context;
        slot.peer = None;
        slot.wildcard = false;
        slot.nobody = false;
        slot.tag = 0;
        slot.grows = false;
        slot.pushed = false;
        slot.answered = true;
        slot.heir = None;
        slot.matched = false;
        slot.total = 0;
        slot.received = 0;
        slot.status = Status::EMPTY;
        slot
    }

    #[inline(never)]
    pub fn insert(&mut self, mut request: Request) -> RequestId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            request.generation = slot.generation;
            request.index = index;
            *slot = request;
            return RequestId { index, generation: slot.generation };
        }
        let index = self.slots.len() as u32;
        request.index = index;
        request.generation = 1;
        self.slots.push(request);
        RequestId { index, generation: 1 }
    }

    /// The request, if the id is not stale.
    pub fn get(&mut self, id: RequestId) -> Option<&mut Request> {
        let request = self.slots.get_mut(id.index as usize)?;
        (request.generation == id.generation && request.state != State::Free).then_some(request)
    }

    /// A request that the engine itself holds the index of.
    #[inline(always)]
    pub fn at(&mut self, index: u32) -> &mut Request {
        &mut self.slots[index as usize]
    }

    pub fn id_of(&self, index: u32) -> RequestId {
        RequestId { index, generation: self.slots[index as usize].generation }
    }

    pub fn remove(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if slot.has_more() {
            slot.clear();
        }
        if index != RequestId::SENT.index {
            slot.state = State::Free;
            slot.generation = slot.generation.wrapping_add(1);
            self.free.push(index);
        }
    }

    /// A communicator was freed: places that are free forget theirs, some of them each time, so that freeing takes the
    /// same time however many places there are.
    pub fn forget_comms(&mut self) {
        for _ in 0..SWEPT.min(self.slots.len()) {
            self.next_swept = (self.next_swept + 1) % self.slots.len();
            let slot = &mut self.slots[self.next_swept];
            if slot.state == State::Free {
                slot.comm = None;
            }
        }
    }

    /// The status of a request that is done without anything more to it than that, which is freed; of a send too that
    /// was complete when it was made. `None` for any other.
    #[inline]
    pub fn take_plain(&mut self, id: RequestId) -> Option<Status> {
        let request = self.slots.get_mut(id.index as usize)?;
        let plain = request.generation == id.generation
            && request.state == State::Done
            && !request.persistent
            && !request.has_more();
        if !plain {
            return None;
        }
        let status = request.status;
        self.remove(id.index);
        Some(status)
    }

    /// Indices of all requests under way that `wanted` picks.
    pub fn active(&self, wanted: impl Fn(&Request) -> bool) -> Vec<u32> {
        let picks = |request: &Request| request.state == State::Active && wanted(request);
        (0..self.slots.len() as u32).filter(|&index| picks(&self.slots[index as usize])).collect()
    }

    /// What became of a request that is done: taken out, and the request freed or made inactive.
    pub fn take(&mut self, index: u32) -> Result<Status> {
        let request = self.at(index);
        let outcome = match request.error.take() {
            Some(error) => Err(request.tell_received(error)),
            None => Ok(request.outcome()),
        };
        if request.persistent {
            request.state = State::Inactive;
        } else {
            self.remove(index);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_communicators_are_forgotten_little_by_little() {
        let comm = Arc::new(Comm::new(10, [0, 1], 2, 0, None));
        let mut requests = Requests::default();
        let kind = Kind::Send { buf: SendBuf::EMPTY, mode: Mode::Standard };
        let made: Vec<u32> = (0..5 * SWEPT).map(|_| requests.make(Call::Send, kind, &comm).index).collect();
        made[1..].iter().for_each(|&index| requests.remove(index));
        assert_eq!(Arc::strong_count(&comm), 1 + made.len());
        // Each time a few, whatever there is.
        requests.forget_comms();
        assert!(Arc::strong_count(&comm) >= made.len() - SWEPT);
        (0..5).for_each(|_| requests.forget_comms());
        assert_eq!(Arc::strong_count(&comm), 2, "the one under way keeps its own");
    }
}
