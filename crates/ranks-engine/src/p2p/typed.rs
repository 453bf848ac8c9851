//! Messages of elements that do not lie in a row: MPI 5.0 section 5.1.11.
//!
//! A send of some length packs them piece by piece while earlier pieces are on their way. A short one, a long one and
//! one that finds the ring full packs them into a buffer of the engine's own, and goes on as any send of bytes. A
//! receive unpacks what comes where it comes: the pieces from a ring one by one, a long message in
//! pieces that are fetched into a small buffer. Elements that do lie in a row take the way of bytes.
#![allow(unsafe_code)]

use super::Engine;
use super::core::Core;
use super::outbox::Out;
use super::probe::MessageId;
use super::request::{Kind, Mode, RequestId, Status};
use super::send::lasting;
use super::wire;
use crate::PROC_NULL;
use crate::bounds;
use crate::datatype::Elements;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::transport::{HEAD_WORDS, Head, Transport};
use ranks_shm::blocked::Call;
use ranks_shm::bounds::CHUNK_SMALL;
use ranks_shm::remote::Remote;

/// What became of a send of elements that are packed on their way.
enum Packed {
    /// All of it is in the ring.
    Gone,
    /// The rest is to be waited for.
    Going(RequestId),
    /// Nothing has gone: the message goes another way.
    No,
}

impl<T: Transport> Engine<T> {
    /// Sends elements, and waits until they may be changed again.
    pub fn send_elements(
        &mut self,
        mode: Mode,
        elements: &Elements,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<()> {
        if let Some(buf) = elements.as_send() {
            return self.send(mode, buf, dest, tag, comm);
        }
        self.enter(mode.call())?;
        match self.send_while_packing(mode, elements, dest, tag, comm)? {
            Packed::Gone => return Ok(()),
            Packed::Going(id) => return self.wait_in(mode.call(), id).map(|_| ()),
            Packed::No => {}
        }
        let mut staging = self.core.take_staging();
        if dest != PROC_NULL {
            elements.pack_onto(&mut staging);
        }
        // SAFETY: the send is over when it returns, and the staging buffer goes after that.
        let packed = unsafe { SendBuf::of(&staging) }.marked(elements.mark());
        let outcome = self.send(mode, packed, dest, tag, comm);
        self.core.keep_staging(staging);
        outcome
    }

    /// Begins to send elements. They are packed now, so they may be changed at once.
    pub fn isend_elements(
        &mut self,
        mode: Mode,
        elements: Elements,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        if let Some(buf) = elements.as_send() {
            return self.isend(mode, buf, dest, tag, comm);
        }
        let call = mode.call();
        self.enter(call)?;
        match self.send_while_packing(mode, &elements, dest, tag, comm)? {
            Packed::Gone => return Ok(RequestId::SENT),
            Packed::Going(id) => return Ok(id),
            Packed::No => {}
        }
        let id = self.send_init_as(call, mode, SendBuf::EMPTY, dest, tag, comm, false)?;
        self.core.requests.at(id.index()).elements = Some(Box::new(elements));
        self.begin_send(id, false)
    }

    /// Packs and sends piece by piece, so that the receiver unpacks one piece while the next is packed. What the ring has
    /// no room for is packed now, and a request sends it.
    fn send_while_packing(
        &mut self,
        mode: Mode,
        elements: &Elements,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<Packed> {
        let len = elements.len();
        let goes = len > self.transport.inline_limit() && len <= bounds::EAGER_ELEMENTS;
        let Some((to, head)) = self.may_go(mode, goes, dest, tag, comm) else { return Ok(Packed::No) };
        let mut piece = self.core.take_staging();
        piece.resize(CHUNK_SMALL, 0);
        let mut next = Head { kind: wire::LONG, mark: elements.mark(), ..head };
        let mut words = [len as u64, 0, 0, 0, 0];
        // Packed, and gone.
        let (mut packed, mut at) = (0..0, 0);
        while at < len {
            if packed.is_empty() {
                packed = 0..elements.pack(at, &mut piece);
            }
            let Some(taken) = self.transport.try_bulk(to, next, words, &piece[packed.clone()], CHUNK_SMALL)
            else {
                break;
            };
            (next.kind, words) = (wire::CHUNK, [0; HEAD_WORDS]);
            packed.start += taken;
            at += taken;
        }
        self.core.keep_staging(piece);
        if at == 0 || at == len {
            return Ok(if at == 0 { Packed::No } else { Packed::Gone });
        }
        let mut rest = vec![0; len - at];
        elements.pack(at, &mut rest);
        let id = self.send_init_as(
            mode.call(),
            mode,
            lasting(&rest).marked(elements.mark()),
            dest,
            tag,
            comm,
            false,
        )?;
        self.core.requests.at(id.index()).owned = Some(rest);
        self.core.outbox.push(to, Out::Long { request: id.index(), head: next, words, at: Some(0) });
        Ok(Packed::Going(id))
    }

    /// Makes a persistent send of elements; they are packed at each start.
    pub fn send_init_elements(
        &mut self,
        mode: Mode,
        elements: Elements,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        if let Some(buf) = elements.as_send() {
            return self.send_init(mode, buf, dest, tag, comm);
        }
        let id = self.send_init(mode, SendBuf::EMPTY, dest, tag, comm)?;
        self.core.requests.at(id.index()).elements = Some(Box::new(elements));
        Ok(id)
    }

    /// Receives into elements, and waits for the message.
    pub fn recv_elements(
        &mut self,
        elements: Elements,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<Status> {
        if let Some(buf) = elements.as_recv() {
            return self.recv(buf, source, tag, comm);
        }
        let id = self.irecv_elements(elements, source, tag, comm)?;
        self.wait_in(Call::Recv, id)
    }

    /// Begins to receive into elements.
    pub fn irecv_elements(
        &mut self,
        elements: Elements,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        if let Some(buf) = elements.as_recv() {
            return self.irecv(buf, source, tag, comm);
        }
        self.enter(Call::Recv)?;
        let id = self.recv_init_as(Call::Recv, RecvBuf::EMPTY, source, tag, comm)?;
        self.core.requests.at(id.index()).elements = Some(Box::new(elements));
        self.launch_recv(id.index());
        Ok(id)
    }

    /// Makes a persistent receive into elements.
    pub fn recv_init_elements(
        &mut self,
        elements: Elements,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        if let Some(buf) = elements.as_recv() {
            return self.recv_init(buf, source, tag, comm);
        }
        let id = self.recv_init(RecvBuf::EMPTY, source, tag, comm)?;
        self.core.requests.at(id.index()).elements = Some(Box::new(elements));
        Ok(id)
    }

    /// Begins to receive a message that a matched probe took out.
    pub fn imrecv_elements(&mut self, message: MessageId, elements: Elements) -> Result<RequestId> {
        match elements.as_recv() {
            Some(buf) => self.imrecv(message, buf),
            None => self.imrecv_as(Call::Mrecv, message, RecvBuf::EMPTY, Some(Box::new(elements))),
        }
    }

    /// Begins to send a copy, which the engine keeps, and forgets the request: the buffer is the caller's
    /// again at once, and nobody waits. For a send that is one half of an operation which completes with its
    /// receive (MPI_Isendrecv).
    pub fn send_copy(&mut self, elements: &Elements, dest: i32, tag: i32, comm: CommId) -> Result<()> {
        self.enter(Call::Sendrecv)?;
        let mut copy = self.core.take_staging();
        if dest != PROC_NULL {
            elements.pack_onto(&mut copy);
        }
        let (call, buf) = (Call::Sendrecv, lasting(&copy));
        let id = self.send_init_as(call, Mode::Standard, buf, dest, tag, comm, false)?;
        let request = self.core.requests.at(id.index());
        request.owned = Some(copy);
        if let Some(slot) = request.peer.filter(|&slot| self.core.gone[slot].is_some()) {
            self.core.requests.remove(id.index());
            return Err(self.core.gone_error(call, slot).peer(dest).tag(tag));
        }
        request.detached = true;
        self.launch_send(id.index(), false);
        Ok(())
    }
}

impl Core {
    /// An empty buffer for a packed message.
    pub fn take_staging(&mut self) -> Vec<u8> {
        self.staging.pop().unwrap_or_default()
    }

    /// Keeps it for the next one, unless it is too long to be kept.
    pub fn keep_staging(&mut self, mut staging: Vec<u8>) {
        if self.staging.len() < bounds::STAGINGS && staging.capacity() <= bounds::STAGING {
            staging.clear();
            self.staging.push(staging);
        }
    }

    /// Packs what a send is about to send.
    pub fn pack(&mut self, index: u32) {
        let mut staging = self.take_staging();
        let request = self.requests.at(index);
        if let (Some(elements), Kind::Send { mode, .. }) = (&request.elements, request.kind) {
            elements.pack_onto(&mut staging);
            request.kind = Kind::Send { buf: lasting(&staging).marked(elements.mark()), mode };
            request.owned = Some(staging);
        }
    }

    /// Copies `len` bytes from the peer's memory into elements, piece by piece; false when that fails.
    pub fn pull_elements(&mut self, elements: &Elements, remote: Remote, len: usize, from: u64) -> bool {
        let mut staging = self.take_staging();
        staging.resize(len.min(bounds::UNPACK_PIECE), 0);
        let mut at = 0;
        while at < len {
            let piece = &mut staging[..bounds::UNPACK_PIECE.min(len - at)];
            // SAFETY: the copy is over before the borrow is.
            let buf = unsafe { RecvBuf::of(piece) };
            if buf.pull(remote, 0, piece.len(), from + at as u64).is_err() {
                break;
            }
            at += elements.unpack(at, piece);
        }
        self.keep_staging(staging);
        at >= len
    }
}
