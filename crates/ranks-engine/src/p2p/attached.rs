//! The buffers that a program attaches for its buffered sends: MPI 5.0 section 3.6. Only their sizes count, the engine
//! keeps its own memory.
//!
//! A message goes into the buffer of its communicator. Where there is none it goes into the one that the communicator
//! shares with others (a session's), and where there is none either into the process's.

use super::Engine;
use super::core::Core;
use super::send::BSEND_OVERHEAD;
use crate::error::{Class, Error, Result};
use crate::group::CommId;
use crate::memory::SendBuf;
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Whose buffer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BufferOf {
    /// The process's.
    Process,
    /// One communicator's.
    Comm(CommId),
    /// The one of all communicators that share it under this number.
    Shared(u32),
}

impl From<Option<CommId>> for BufferOf {
    fn from(comm: Option<CommId>) -> Self {
        comm.map_or(BufferOf::Process, BufferOf::Comm)
    }
}

/// Whose an attached buffer is, where a communicator is known by the context of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Process,
    Context(u32),
    Shared(u32),
}

/// An attached buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attached {
    size: usize,
    /// Bytes in use.
    pub charged: usize,
}

impl<T: Transport> Engine<T> {
    /// Attaches a buffer for all communicators that have none of their own.
    pub fn buffer_attach(&mut self, bytes: usize) -> Result<()> {
        self.buffer_attach_to(BufferOf::Process, bytes)
    }

    /// Takes the buffer back, once the messages in it have left.
    pub fn buffer_detach(&mut self) -> Result<()> {
        self.buffer_detach_from(BufferOf::Process)
    }

    /// Where a buffer is kept.
    pub(super) fn attached_to(&self, of: BufferOf, call: Call) -> Result<Place> {
        Ok(match of {
            BufferOf::Process => Place::Process,
            BufferOf::Comm(comm) => Place::Context(self.comm(comm, call)?.context),
            BufferOf::Shared(number) => Place::Shared(number),
        })
    }

    /// From now on messages of the communicator go into the buffer shared under this number, if one is attached.
    pub fn buffer_share(&mut self, comm: CommId, number: u32) -> Result<()> {
        let context = self.comm(comm, Call::Bsend)?.context;
        self.core.one_buffer.insert(context, number);
        Ok(())
    }

    /// Attaches a buffer.
    pub fn buffer_attach_to(&mut self, of: impl Into<BufferOf>, bytes: usize) -> Result<()> {
        let which = self.attached_to(of.into(), Call::Bsend)?;
        if self.core.attached.contains_key(&which) {
            let detail = "a buffer is attached already: detach it first";
            return Err(self.error(Class::Buffer, Call::Bsend, detail));
        }
        self.core.attached.insert(which, Attached { size: bytes, charged: 0 });
        Ok(())
    }

    /// Takes a buffer back, once the messages in it have left.
    pub fn buffer_detach_from(&mut self, of: impl Into<BufferOf>) -> Result<()> {
        let which = self.attached_to(of.into(), Call::BufferDetach)?;
        if !self.core.attached.contains_key(&which) {
            return Err(self.error(Class::Buffer, Call::BufferDetach, "no buffer is attached"));
        }
        self.wait_quietly(Call::BufferDetach, |engine| {
            engine.core.attached.get(&which).is_none_or(|room| room.charged == 0).then_some(())
        })?;
        self.core.attached.remove(&which);
        Ok(())
    }
}

impl<T: Transport> Engine<T> {
    /// Counts a buffered message against the attached buffer that it goes into. Where there is no room, what has arrived is taken in first: earlier messages may have been received in the meantime. It waits for
    /// nobody, since a buffered send is local.
    pub(super) fn charge(&mut self, index: u32, buf: SendBuf) -> Result<()> {
        loop {
            let refused = match self.core.try_charge(index, buf) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !self.core.attached.values().any(|room| room.charged > 0) || !self.progress() {
                return Err(refused);
            }
        }
    }
}

impl Core {
    fn try_charge(&mut self, index: u32, buf: SendBuf) -> Result<()> {
        let need = buf.len() + BSEND_OVERHEAD;
        let request = self.requests.at(index);
        let (call, context) = (request.call, request.context);
        let shared = self.one_buffer.get(&context).map(|&number| Place::Shared(number));
        let which = [Some(Place::Context(context)), shared].into_iter().flatten();
        let which =
            which.into_iter().find(|place| self.attached.contains_key(place)).unwrap_or(Place::Process);
        let detail = match self.attached.get_mut(&which) {
            None => format!("{need} bytes needed and no buffer is attached for buffered sends"),
            Some(room) if need > room.size.saturating_sub(room.charged) => {
                let free = room.size.saturating_sub(room.charged);
                format!("{need} bytes needed, {free} of {} free in the attached buffer", room.size)
            }
            Some(room) => {
                room.charged += need;
                self.requests.at(index).charged = Some((which, need));
                return Ok(());
            }
        };
        Err(Error::new(Class::Buffer, call, self.me, detail))
    }

    /// A buffered message has left.
    #[cold]
    pub(super) fn discharge(&mut self, which: Place, bytes: usize) {
        if let Some(room) = self.attached.get_mut(&which) {
            room.charged -= bytes;
        }
    }
}
