//! Sends and receives of either kind of buffer: bytes in a row take the engine's way of bytes.

use super::Buffer;
use ranks_engine::{CommId, MessageId, Mode, RecvBuf, RequestId, Result, SendBuf, ShmEngine};

impl Buffer<SendBuf> {
    /// Begins to send.
    #[inline(always)]
    pub fn isend(
        self,
        engine: &mut ShmEngine,
        mode: Mode,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        match self {
            Buffer::Row(buf) => engine.isend(mode, buf, dest, tag, comm),
            Buffer::Elements(elements) => engine.isend_elements(mode, elements, dest, tag, comm),
        }
    }

    /// Makes a persistent send.
    pub fn send_init(
        self,
        engine: &mut ShmEngine,
        mode: Mode,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<RequestId> {
        match self {
            Buffer::Row(buf) => engine.send_init(mode, buf, dest, tag, comm),
            Buffer::Elements(elements) => engine.send_init_elements(mode, elements, dest, tag, comm),
        }
    }
}

impl Buffer<RecvBuf> {
    /// Begins to receive.
    #[inline(always)]
    pub fn irecv(self, engine: &mut ShmEngine, source: i32, tag: i32, comm: CommId) -> Result<RequestId> {
        match self {
            Buffer::Row(buf) => engine.irecv(buf, source, tag, comm),
            Buffer::Elements(elements) => engine.irecv_elements(elements, source, tag, comm),
        }
    }

    /// Makes a persistent receive.
    pub fn recv_init(self, engine: &mut ShmEngine, source: i32, tag: i32, comm: CommId) -> Result<RequestId> {
        match self {
            Buffer::Row(buf) => engine.recv_init(buf, source, tag, comm),
            Buffer::Elements(elements) => engine.recv_init_elements(elements, source, tag, comm),
        }
    }

    /// Begins to receive a message that was taken out.
    pub fn imrecv(self, engine: &mut ShmEngine, message: MessageId) -> Result<RequestId> {
        match self {
            Buffer::Row(buf) => engine.imrecv(message, buf),
            Buffer::Elements(elements) => engine.imrecv_elements(message, elements),
        }
    }

    /// A packed copy of what is in it.
    pub fn copy(&self) -> Vec<u8> {
        match self {
            Buffer::Row(buf) => {
                let mut copy = vec![0; buf.len()];
                buf.as_send().copy_to(&mut copy);
                copy
            }
            Buffer::Elements(elements) => {
                let mut copy = Vec::new();
                elements.pack_onto(&mut copy);
                copy
            }
        }
    }
}
