//! The parts of blocking calls, for a caller whose threads share a rank: it must not stay inside a call
//! while another of its threads wants in.

use super::recv::Quick;
use super::wait::blocked_on_several;
use super::{Engine, Mode, RequestId, Status};
use crate::ANY_TAG;
use crate::error::Result;
use crate::group::CommId;
use crate::memory::{RecvBuf, SendBuf};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

impl<T: Transport> Engine<T> {
    /// Sends if that takes no request; false when it does: then begin with [`Self::isend`].
    #[inline]
    pub fn send_at_once(
        &mut self,
        mode: Mode,
        buf: SendBuf,
        dest: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<bool> {
        self.enter(mode.call())?;
        Ok(self.send_quickly(mode, buf, dest, tag, comm))
    }

    /// Receives if the message is the next one to come, and comes soon; a request to wait for when it has
    /// begun to come; else begin with [`Self::irecv`].
    #[inline]
    pub fn recv_at_once(
        &mut self,
        buf: RecvBuf,
        source: i32,
        tag: i32,
        comm: CommId,
    ) -> Result<Option<std::result::Result<Status, RequestId>>> {
        self.enter(Call::Recv)?;
        match self.core.comms.fast(comm, source) {
            Some((context, from))
                if from != self.core.me && tag >= ANY_TAG && self.core.matcher.idle(context) =>
            {
                Ok(match self.recv_quickly(buf, source, from, tag, context) {
                    Quick::Done(status) => Some(Ok(status)),
                    Quick::Begun(id) => {
                        self.settle();
                        Some(Err(id))
                    }
                    Quick::No => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// True when a wait for all (or any) of the requests would return at once.
    pub fn is_settled(&mut self, ids: &[RequestId], all: bool) -> bool {
        self.condition(ids, all).unwrap_or(true)
    }

    /// Waits until `check` gives something; `None` when a [`super::WakeHandle`] ended the wait.
    pub fn wait_for_condition<R>(
        &mut self,
        call: Call,
        check: impl FnMut(&mut Self) -> Option<R>,
    ) -> Result<Option<R>> {
        match self.wait_until(blocked_on_several(call), true, check) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_interrupted() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
