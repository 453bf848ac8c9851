//! Messages within a collective: in the communicator's odd context, with errors in the name of the call
//! that the user made.
#![allow(unsafe_code)]

use super::recv::Quick;
use super::request::{Kind, Mode, Request, RequestId, State, Status};
use super::{Engine, wire};
use crate::bounds;
use crate::error::{Class, Error, Result};
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::transport::{Head, Transport};
use ranks_shm::blocked::{Call, NOBODY};
use std::sync::Arc;

/// The step of a collective that a message belongs to: what the user called, on which communicator, and
/// under which tag its messages travel.
#[derive(Clone, Copy)]
pub(crate) struct Within<'c> {
    pub call: Call,
    pub comm: &'c Arc<Comm>,
    pub tag: i32,
}

impl<T: Transport> Engine<T> {
    fn request_on(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        peer: i32,
        tag: i32,
        kind: Kind,
    ) -> Result<RequestId> {
        let mut request = Request::new(call, kind);
        request.context = comm.context + 1;
        request.peer = Some(self.slot_of(comm, peer, call)?);
        request.tag = tag;
        request.comm = Some(comm.clone());
        request.state = State::Active;
        Ok(self.core.requests.insert(request))
    }

    /// Begins to send within a collective; the bytes must stay until the request is complete.
    pub(crate) fn isend_on(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        to: i32,
        tag: i32,
        buf: SendBuf,
    ) -> Result<RequestId> {
        let id = self.request_on(call, comm, to, tag, Kind::Send { buf, mode: Mode::Standard })?;
        self.launch_send(id.index(), false);
        Ok(id)
    }

    /// Begins to receive within a collective.
    pub(crate) fn irecv_on(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        from: i32,
        tag: i32,
        buf: RecvBuf,
    ) -> Result<RequestId> {
        let id = self.request_on(call, comm, from, tag, Kind::Recv { buf })?;
        self.launch_recv(id.index());
        Ok(id)
    }

    /// Sends bytes within a collective.
    pub(crate) fn send_on(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        to: i32,
        tag: i32,
        bytes: &[u8],
    ) -> Result<()> {
        // SAFETY: the borrow lasts until the wait below is over.
        let buf = unsafe { SendBuf::of(bytes) };
        let id = self.isend_on(call, comm, to, tag, buf)?;
        self.wait_in(call, id).map(|_| ())
    }

    /// Receives bytes of a known length within a collective.
    pub(crate) fn recv_into(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        from: i32,
        tag: i32,
        bytes: &mut [u8],
    ) -> Result<Status> {
        // SAFETY: the borrow lasts until the wait below is over.
        let buf = unsafe { RecvBuf::of(bytes) };
        let id = self.irecv_on(call, comm, from, tag, buf)?;
        let status = self.wait_in(call, id)?;
        if status.bytes as usize == bytes.len() {
            return Ok(status);
        }
        Err(self.wrong_length(Within { call, comm, tag }, from, status.bytes, bytes.len()))
    }

    /// Room for at least `len` bytes of the collective's own. They are not cleared.
    pub(crate) fn take_scratch(&mut self, len: usize) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.core.scratch);
        if scratch.len() < len {
            scratch = vec![0; len];
        }
        scratch
    }

    /// Keeps it for the next one, unless it is too long to be kept.
    pub(crate) fn keep_scratch(&mut self, scratch: Vec<u8>) {
        if scratch.len() <= bounds::SCRATCH {
            self.core.scratch = scratch;
        }
    }

    /// Sends to some and receives from others (pairs of a rank and a buffer), and waits for all of it.
    /// After a failure nothing is under way any more either, so the buffers are the caller's again.
    pub(crate) fn exchange(
        &mut self,
        at: Within<'_>,
        sends: &[(i32, SendBuf)],
        recvs: &[(i32, RecvBuf)],
    ) -> Result<()> {
        if sends.len() + recvs.len() == 0 {
            return Ok(());
        }
        let mut failure = None;
        let mut ids = Vec::with_capacity(sends.len() + recvs.len());
        let mut begun = |outcome: Result<RequestId>| match outcome {
            Ok(id) => ids.push(id),
            Err(error) => {
                failure.get_or_insert(error);
            }
        };
        for &(from, buf) in recvs {
            begun(self.irecv_on(at.call, at.comm, from, at.tag, buf));
        }
        for &(to, buf) in sends {
            begun(self.isend_on(at.call, at.comm, to, at.tag, buf));
        }
        if failure.is_none() {
            self.wait_all_or_failure(at, &ids, sends, recvs)?;
        }
        // Where one has failed, the others may never be matched: what can be withdrawn is.
        if failure.is_some() || ids.iter().any(|&id| self.has_failed(id)) {
            for &id in &ids {
                self.cancel(id)?;
            }
        }
        for (index, id) in ids.into_iter().enumerate() {
            match (self.wait_in(at.call, id), recvs.get(index)) {
                (Err(error), _) => {
                    failure.get_or_insert(error);
                }
                (Ok(status), Some(&(from, buf))) if status.bytes as usize != buf.len() => {
                    failure.get_or_insert(self.wrong_length(at, from, status.bytes, buf.len()));
                }
                (Ok(_), _) => {}
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn wait_all_or_failure(
        &mut self,
        at: Within<'_>,
        ids: &[RequestId],
        sends: &[(i32, SendBuf)],
        recvs: &[(i32, RecvBuf)],
    ) -> Result<()> {
        if self.condition(ids, true)? {
            return Ok(());
        }
        // Whoever asks learns the first one that is waited for.
        let peer = recvs.first().map(|r| r.0).or(sends.first().map(|s| s.0)).unwrap_or(0);
        let mut what = super::wait::blocked_on(at.call, at.comm, peer, at.tag);
        if ids.len() > 2 {
            what.peer = NOBODY;
            what.requests = ids.len() as u32;
        }
        what.tag = NOBODY;
        self.wait_until(what, false, |engine| {
            if ids.iter().any(|&id| engine.has_failed(id)) {
                return Some(Ok(()));
            }
            match engine.condition(ids, true) {
                Ok(false) => None,
                Ok(true) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            }
        })?
    }

    fn has_failed(&mut self, id: RequestId) -> bool {
        self.core.requests.get(id).is_some_and(|r| r.state == State::Done && r.error.is_some())
    }

    fn wrong_length(&self, at: Within<'_>, from: i32, came: u64, expected: usize) -> Error {
        let detail = format!("rank {from} sent {came} bytes where this rank expects {expected}");
        self.error(Class::Truncate, at.call, detail).peer(from).context(at.comm.context)
    }

    /// Sends to one and receives from one, and waits for both.
    #[inline]
    pub(crate) fn swap(
        &mut self,
        at: Within<'_>,
        send: Option<(i32, SendBuf)>,
        recv: Option<(i32, RecvBuf)>,
    ) -> Result<()> {
        let send = send.filter(|&(to, buf)| !self.left_at_once(at, to, buf));
        // Only when the send is on its way may this rank do nothing but look for the other message.
        let recv = match recv {
            Some((from, buf)) if send.is_none() => match self.came_at_once(at, from, buf)? {
                Some(came) if came as usize == buf.len() => None,
                Some(came) => return Err(self.wrong_length(at, from, came, buf.len())),
                None => recv,
            },
            other => other,
        };
        self.exchange(at, send.as_slice(), recv.as_slice())
    }

    /// The usual case of a short message, as in `send_quickly`.
    fn left_at_once(&mut self, at: Within<'_>, to: i32, buf: SendBuf) -> bool {
        let Some(slot) = at.comm.slot_of(to) else { return false };
        let head = Head { kind: wire::EAGER, context: at.comm.context + 1, tag: at.tag };
        buf.len() <= self.transport.inline_limit()
            && self.core.is_clear(slot)
            && self.transport.try_inline(slot, head, buf.bytes())
    }

    /// The usual case of a message that is next, as in `recv`: its length.
    fn came_at_once(&mut self, at: Within<'_>, from: i32, buf: RecvBuf) -> Result<Option<u64>> {
        let Some(slot) = at.comm.slot_of(from) else { return Ok(None) };
        let context = at.comm.context + 1;
        if slot == self.core.me || !self.core.matcher.idle(context) {
            return Ok(None);
        }
        match self.recv_quickly(buf, from, slot, at.tag, context) {
            Quick::Done(status) => Ok(Some(status.bytes)),
            Quick::Begun(id) => {
                // Should it fail, it says what the user called.
                let request = self.core.requests.at(id.index());
                request.call = at.call;
                request.comm = Some(at.comm.clone());
                self.settle();
                self.wait_in(at.call, id).map(|status| Some(status.bytes))
            }
            Quick::No => Ok(None),
        }
    }

    /// [`Self::swap`] of bytes that the engine has borrowed.
    #[inline]
    pub(crate) fn swap_bytes(
        &mut self,
        at: Within<'_>,
        send: Option<(i32, &[u8])>,
        recv: Option<(i32, &mut [u8])>,
    ) -> Result<()> {
        // SAFETY: nothing is under way when `swap` returns, and the borrows last until then.
        let send = send.map(|(to, bytes)| (to, unsafe { SendBuf::of(bytes) }));
        // SAFETY: as above.
        let recv = recv.map(|(from, bytes)| (from, unsafe { RecvBuf::of(bytes) }));
        self.swap(at, send, recv)
    }

    /// [`Self::swap`] in which only what comes goes into bytes that the engine has borrowed.
    pub(crate) fn swap_into(
        &mut self,
        at: Within<'_>,
        send: (i32, SendBuf),
        (from, bytes): (i32, &mut [u8]),
    ) -> Result<()> {
        // SAFETY: nothing is under way when `swap` returns, and the borrow lasts until then.
        let buf = unsafe { RecvBuf::of(bytes) };
        self.swap(at, Some(send), Some((from, buf)))
    }
}
