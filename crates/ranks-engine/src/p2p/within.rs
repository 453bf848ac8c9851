//! Messages within a collective: in the communicator's odd context, with errors in the name of the call
//! that the user made.

use super::Engine;
use super::request::{Kind, Mode, Request, RequestId, State};
use crate::error::Result;
use crate::group::Comm;
use crate::memory::{RecvBuf, SendBuf};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

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
}
