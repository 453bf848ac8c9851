//! What a collective that does not block keeps until it is over.

use crate::communicator::{Communicator, Status};
use crate::equivalence::Equivalence;
use crate::memory::{clean, purge, recv_buf};
use crate::request::kind::{Kind, sealed};
use crate::request::{Persistent, Request};
use crate::{Class, Result};
use ranks_engine::collective::{self, Storable};
use ranks_engine::{Call, Form, RecvBuf, RequestId, SendBuf};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by an operation that was given bytes that are no element.
pub(crate) type Wrong = Arc<AtomicBool>;

/// A collective with its buffers.
pub(crate) struct CollectiveUnderWay<T: Equivalence> {
    pub id: RequestId,
    pub call: Call,
    /// What is sent is in `recv`, and `send` is empty.
    pub in_place: bool,
    pub send: Vec<T>,
    pub recv: Vec<T>,
    pub wrong: Option<Wrong>,
}

/// A collective that leaves something in a buffer at every rank.
pub struct Collected<T: Equivalence>(CollectiveUnderWay<T>);

/// A collective that leaves something at the root alone.
pub struct CollectedAtRoot<T: Equivalence>(CollectiveUnderWay<T>, bool);

/// A barrier.
pub struct Met(());

/// A collective under way that gives a buffer at every rank.
pub type BufferCollective<'c, T> = Request<'c, Collected<T>>;

/// A collective under way that gives a buffer at the root, `None` elsewhere.
pub type RootCollective<'c, T> = Request<'c, CollectedAtRoot<T>>;

/// A barrier under way.
pub type Barrier<'c> = Request<'c, Met>;

impl<T: Equivalence> sealed::Sealed for Collected<T> {}
impl<T: Equivalence> sealed::Sealed for CollectedAtRoot<T> {}
impl sealed::Sealed for Met {}

impl<T: Equivalence> Kind for Collected<T> {
    type Value = Vec<T>;

    fn conclude(self, comm: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<Vec<T>> {
        let CollectiveUnderWay { call, mut recv, wrong, .. } = self.0;
        outcome?;
        let all = purge(&mut recv);
        if !all || wrong.is_some_and(|wrong| wrong.load(Ordering::Relaxed)) {
            return Err(comm.no_values::<T>(call, &()));
        }
        Ok(recv)
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new((self.0.send, self.0.recv)))
    }
}

impl<T: Equivalence> Kind for CollectedAtRoot<T> {
    type Value = Option<Vec<T>>;

    fn conclude(self, comm: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<Option<Vec<T>>> {
        let here = self.1;
        Collected(self.0).conclude(comm, outcome).map(|data| here.then_some(data))
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Collected(self.0).leave()
    }
}

impl Kind for Met {
    type Value = ();

    fn conclude(self, _: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<()> {
        outcome.map(|_| ())
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(()))
    }
}

impl<T: Equivalence> CollectiveUnderWay<T> {
    pub fn request(self, comm: &Communicator) -> BufferCollective<'_, T> {
        Request::new(comm, self.id, Collected(self))
    }

    pub fn at_root(self, comm: &Communicator, root: usize) -> RootCollective<'_, T> {
        Request::new(comm, self.id, CollectedAtRoot(self, comm.rank() == root))
    }

    pub fn persistent(self, comm: &Communicator) -> Persistent<'_, T> {
        Persistent::of(comm, self, false)
    }
}

impl Communicator {
    /// A barrier, to be waited for elsewhere.
    pub(super) fn met(&self, form: Form) -> Result<RequestId> {
        self.engine.engine().begin(self.id, form, collective::Barrier)
    }

    pub(super) fn meeting(&self, id: RequestId) -> Barrier<'_> {
        Request::new(self, id, Met(()))
    }

    /// Begins a collective from `send` (in place without) into `recv`, and keeps both.
    pub(super) fn begin<T: Equivalence, C: Storable>(
        &self,
        form: Form,
        mut send: Option<Vec<T>>,
        mut recv: Vec<T>,
        collective: impl FnOnce(Option<SendBuf>, RecvBuf) -> C,
    ) -> Result<CollectiveUnderWay<T>> {
        match &mut send {
            Some(send) => clean(send),
            None => clean(&mut recv),
        }
        let out = send.as_mut().map(|send| recv_buf(send).as_send());
        let collective = collective(out, recv_buf(&mut recv));
        let (call, _) = collective.call().forms();
        let id = self.engine.engine().begin(self.id, form, collective)?;
        let in_place = send.is_none();
        Ok(CollectiveUnderWay { id, call, in_place, send: send.unwrap_or_default(), recv, wrong: None })
    }

    /// Room for so many elements, all zero.
    pub(super) fn room<T: Equivalence>(&self, call: Call, len: usize) -> Result<Vec<T>> {
        crate::memory::zeroed(len).ok_or_else(|| {
            let detail = format!("there is no memory for {len} elements of {} bytes", size_of::<T>());
            self.error(Class::NoMem, call, detail)
        })
    }
}
