//! Messages that a receive has given back.
//!
//! A program may drop a receive at any time, for example when one of several futures is ready and the others go. If the
//! receive was matched, its message must not be lost: it is received again, in its old place among the messages of its
//! source, or by a receive that waits for it already.
//!
//! A message that is still on its way cannot be turned round: it goes on into the buffer of the old receive, which the
//! engine keeps. Its new receive, or the record of the message, is the *heir*, and gets the bytes when all are there.
//!
//! What a receive had no room for is lost with it, as it would have been had it been waited for.

use super::core::{Core, Kept};
use super::request::State;
use super::wire;
use crate::transport::Head;

/// Who gets a message instead of the receive that it was matched to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heir {
    /// The record of a message that no receive has.
    Record(u32),
    /// A receive.
    Receive(u32),
}

impl Core {
    /// Nobody will ask for a receive any more: if it was matched, its message is there again.
    pub fn give_back(&mut self, index: u32) {
        let request = self.requests.at(index);
        let id = request.id();
        let (Some(from), true, false) = (request.peer, request.is_recv() && request.matched, request.nobody)
        else {
            return;
        };
        let is_plain = request.elements.is_none() && request.partitions.is_none() && !request.persistent;
        // One that is longer than its buffer has its error already.
        if !is_plain || request.error.is_some() {
            return;
        }
        let (tag, mark, total, number) =
            (request.status.tag, request.status.mark, request.status.bytes, request.number);
        let head = Head { kind: wire::EAGER, context: request.context, tag, mark };
        let (kept, here) = match request.state {
            State::Done => (Kept::Heap(request.received_bytes()), total),
            // One without bytes is complete as soon as it is matched.
            State::Active => (Kept::Returned(id), 0),
            State::Free | State::Inactive => return,
        };
        let record = self.record(from, head, total, here, 0, kept, number);
        if here < total {
            self.requests.at(index).heir = Some(Heir::Record(record));
        }
        match self.matcher.arrive(head.context, from, tag) {
            Some(receive) => self.receive_kept(receive, record),
            None => self.matcher.keep(head.context, from, tag, record, number),
        }
    }

    /// A receive that was given up is complete: its heir gets the message.
    #[cold]
    pub fn hand_on(&mut self, index: u32) {
        let request = self.requests.at(index);
        let Some(heir) = request.heir.take() else { return };
        let outcome = match &request.error {
            Some(error) => Err(error.clone()),
            None => Ok(request.received_bytes()),
        };
        match (heir, outcome) {
            (Heir::Receive(heir), Ok(bytes)) => self.deliver(heir, &bytes),
            (Heir::Receive(heir), Err(error)) => self.fail(heir, error),
            (Heir::Record(record), Ok(bytes)) => {
                let message = &mut self.unexpected[record as usize];
                message.here = message.total;
                message.kept = Kept::Heap(bytes);
            }
            (Heir::Record(record), Err(_)) => self.unexpected[record as usize].broken = true,
        }
    }
}
