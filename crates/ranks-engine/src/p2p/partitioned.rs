//! Partitioned communication: MPI 5.0 section 4.2.
//!
//! A partitioned message is a persistent one that leaves when all its parts are ready, so the receiver has all of
//! them or none; both sides may cut it differently. It travels beside the messages of the program, which cannot
//! match it. Of several between two ranks with one tag, the n-th send that was made matches the n-th receive that was
//! made, in whatever order they are started.

use super::Engine;
use super::request::{RequestId, State};
use crate::error::{Class, Error, Result};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::collections::HashMap;

/// The parts of a message.
pub(crate) struct Partitions {
    /// Of a send under way: which are ready. Of a receive only their number counts.
    ready: Vec<bool>,
    left: usize,
    /// The tag as the program gave it.
    pub tag: i32,
}

impl Partitions {
    /// All are to be made ready anew.
    pub fn reset(&mut self) {
        self.ready.fill(false);
        self.left = self.ready.len();
    }
}

/// Numbers of the partitioned sends and receives with the same peer, tag and communicator, which both sides count alike.
#[derive(Default)]
pub(crate) struct Made(HashMap<u32, HashMap<(usize, i32, bool), u32>>);

/// A number that is this much higher is the same again. A program would need as many partitioned messages with one tag
/// between two ranks at the same time to notice.
const NUMBERS: u32 = 1 << 10;

impl Made {
    /// The number of the next one.
    fn next(&mut self, context: u32, peer: usize, tag: i32, sends: bool) -> u32 {
        let count = self.0.entry(context).or_default().entry((peer, tag, sends)).or_default();
        let number = *count;
        *count = (number + 1) % NUMBERS;
        number
    }

    /// Forgets a communicator: the contexts that its messages had.
    pub fn forget(&mut self, context: u32) -> impl Iterator<Item = u32> + use<> {
        let counts = self.0.remove(&context).unwrap_or_default();
        let most = counts.values().copied().max().unwrap_or(0);
        (0..most).map(move |number| numbered(context, number))
    }
}

/// The context of the messages of this number: that of the engine's own messages with the number in its uppermost
/// bits, which contexts do not reach before two million communicators have been made.
fn numbered(context: u32, number: u32) -> u32 {
    (context + 1) ^ number.reverse_bits()
}

/// Where a partitioned message's tag goes in the context of the engine's own messages, whose tags are above 0; no
/// receive there asks for any tag.
fn hidden(tag: i32) -> i32 {
    match i32::MIN.wrapping_add(tag) {
        crate::ANY_TAG => 0,
        hidden => hidden,
    }
}

impl<T: Transport> Engine<T> {
    /// Makes a persistent send or receive, which must name its peer and its tag, a partitioned one.
    pub fn partition(&mut self, id: RequestId, parts: usize) -> Result<()> {
        let index = self.known(Call::Unknown, id)?;
        if parts == 0 {
            let wrong = self.error(Class::Arg, Call::Unknown, "a message in 0 partitions".to_string());
            return Err(wrong);
        }
        let request = self.core.requests.at(index);
        let tag = request.tag;
        if request.wildcard || tag == crate::ANY_TAG {
            let detail = "a partitioned receive names its source and its tag".to_string();
            return Err(self.error(Class::Arg, Call::Unknown, detail));
        }
        let (context, peer, sends) = (request.context, request.peer, !request.is_recv());
        let number = peer.map_or(0, |peer| self.core.made.next(context, peer, tag, sends));
        let request = self.core.requests.at(index);
        request.context = numbered(context, number);
        request.tag = hidden(tag);
        request.partitions = Some(Box::new(Partitions { ready: vec![false; parts], left: parts, tag }));
        Ok(())
    }

    fn wrong_part(&self, why: String) -> Error {
        self.error(Class::Arg, Call::Unknown, why)
    }

    /// A part of a send is ready. With the last one the message leaves.
    pub fn part_ready(&mut self, id: RequestId, part: usize) -> Result<()> {
        let index = self.known(Call::Unknown, id)?;
        let request = self.core.requests.at(index);
        let (sends, active) = (!request.is_recv(), request.state == State::Active);
        let Some(parts) = request.partitions.as_mut().filter(|_| sends) else {
            return Err(self.error(Class::Request, Call::Unknown, "not a partitioned send".to_string()));
        };
        let count = parts.ready.len();
        match parts.ready.get(part) {
            None => return Err(self.wrong_part(format!("there is no partition {part}: there are {count}"))),
            Some(true) => return Err(self.wrong_part(format!("partition {part} is ready already"))),
            Some(false) if !active => {
                let detail = "the partitioned send is not started".to_string();
                return Err(self.error(Class::Request, Call::Unknown, detail));
            }
            Some(false) => {}
        }
        parts.ready[part] = true;
        parts.left -= 1;
        if parts.left == 0 {
            self.launch_send(index, false);
        }
        Ok(())
    }

    /// Whether a part of a receive is there. Of one that is not under way, it is.
    pub fn part_arrived(&mut self, id: RequestId, part: usize) -> Result<bool> {
        let index = self.known(Call::Unknown, id)?;
        if self.core.requests.at(index).state == State::Active {
            self.progress();
        }
        let request = self.core.requests.at(index);
        let (receives, there) = (request.is_recv(), request.state != State::Active);
        match request.partitions.as_ref().filter(|_| receives).map(|parts| parts.ready.len()) {
            None => Err(self.error(Class::Request, Call::Unknown, "not a partitioned receive".to_string())),
            Some(count) if part < count => Ok(there),
            Some(count) => Err(self.wrong_part(format!("there is no partition {part}: there are {count}"))),
        }
    }
}
