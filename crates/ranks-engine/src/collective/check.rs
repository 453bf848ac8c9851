//! What the arguments of a collective must be. All of it is checked before the first message.

use super::{Part, Parts};
use crate::ROOT;
use crate::error::{Class, Error, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use ranks_shm::blocked::Call;

/// The call whose arguments are checked, so that an error can name it.
pub struct Check<'c> {
    call: Call,
    pub(super) comm: &'c Comm,
    /// This rank in the job.
    me: usize,
}

impl<'c> Check<'c> {
    pub(super) fn new(call: Call, comm: &'c Comm, me: usize) -> Self {
        Self { call, comm, me }
    }

    /// A check of the arguments against another communicator.
    pub(super) fn against<'d>(&self, comm: &'d Comm) -> Check<'d> {
        Check { call: self.call, comm, me: self.me }
    }

    #[cold]
    pub(super) fn error(&self, class: Class, detail: impl Into<String>) -> Error {
        Error::new(class, self.call, self.me, detail).context(self.comm.context)
    }

    pub(super) fn root(&self, root: i32) -> Result<()> {
        if root != ROOT && self.comm.slot_of(root).is_some() {
            return Ok(());
        }
        let last = self.comm.size() - 1;
        let detail = format!("root {root} is not a rank of the communicator (0 to {last})");
        Err(self.error(Class::Root, detail))
    }

    /// The parts of a buffer of `len` bytes, one for each rank: those given, or equal ones.
    pub(super) fn parts<'p>(&self, parts: Option<&'p [Part]>, len: usize) -> Result<Parts<'p>> {
        let ranks = self.comm.size() as usize;
        let Some(parts) = parts else { return self.equal_parts(len, ranks) };
        let detail = if parts.len() != ranks {
            format!("{} counts for {ranks} ranks", parts.len())
        } else if let Some(rank) = parts.iter().position(|part| part.end() > len) {
            let Part { at, len: part } = parts[rank];
            format!("the part of rank {rank}, {part} bytes at {at}, is not inside the buffer of {len} bytes")
        } else {
            return Ok(Parts::Each(parts));
        };
        Err(self.error(Class::Count, detail))
    }

    /// `count` parts of one length, which fill `len` bytes.
    pub(super) fn equal_parts(&self, len: usize, count: usize) -> Result<Parts<'static>> {
        if len.is_multiple_of(count.max(1)) {
            return Ok(Parts::Equal(len / count.max(1)));
        }
        Err(self.error(Class::Count, format!("{len} bytes are not {count} parts of one length")))
    }

    pub(super) fn len(&self, what: &str, len: usize, expected: usize) -> Result<()> {
        if len == expected {
            return Ok(());
        }
        let detail = format!("{what} has {len} bytes where {expected} are expected");
        Err(self.error(Class::Truncate, detail))
    }

    pub(super) fn elements(&self, element: usize, len: usize) -> Result<()> {
        if len.is_multiple_of(element) {
            return Ok(());
        }
        let detail = format!("{len} bytes are no whole number of elements of {element} bytes");
        Err(self.error(Class::Count, detail))
    }

    /// Each rank receives as much as it sends, whole elements of a reduction. In place nothing is sent.
    pub(super) fn reduction(&self, send: Option<SendBuf>, recv: RecvBuf, element: usize) -> Result<()> {
        if let Some(send) = send {
            self.apart((send, None), (recv, None))?;
            self.len("the receive buffer", recv.len(), send.len())?;
        }
        self.elements(element, recv.len())
    }

    /// What is sent and what is received lie apart. Of a buffer with parts, what lies between the parts does not count.
    pub(super) fn apart(
        &self,
        (send, sent): (SendBuf, Option<&[Part]>),
        (recv, received): (RecvBuf, Option<&[Part]>),
    ) -> Result<()> {
        if send.is_empty() || recv.is_empty() || !recv.overlaps(send) {
            return Ok(());
        }
        let all = |len| [Part { at: 0, len }];
        let (all_sent, all_received) = (all(send.len()), all(recv.len()));
        let sent = (send.address(), sent.unwrap_or(&all_sent));
        if are_apart(sent, (recv.address(), received.unwrap_or(&all_received))) {
            return Ok(());
        }
        let detail = "the send and the receive buffer overlap: ask for in place instead";
        Err(self.error(Class::Buffer, detail))
    }

    /// The buffer of a rank that cannot be in place.
    pub(super) fn not_in_place<B>(&self, buffer: Option<B>) -> Result<B> {
        buffer.ok_or_else(|| self.error(Class::Buffer, "only the root can be in place"))
    }
}

/// True when no part of one kind overlaps a part of the other.
#[cold]
fn are_apart((send, sent): (u64, &[Part]), (recv, received): (u64, &[Part])) -> bool {
    let place = |at: u64, part: &Part, received| (at as usize + part.at, at as usize + part.end(), received);
    let mut all: Vec<_> = sent.iter().map(|part| place(send, part, false)).collect();
    all.extend(received.iter().map(|part| place(recv, part, true)));
    all.retain(|&(begin, end, _)| begin < end);
    all.sort_unstable();
    // How far the parts of either kind reach that begin before.
    let (mut sends, mut recvs) = (0, 0);
    for (begin, end, received) in all {
        let (own, other) = if received { (&mut recvs, sends) } else { (&mut sends, recvs) };
        if begin < other {
            return false;
        }
        *own = end.max(*own);
    }
    true
}
