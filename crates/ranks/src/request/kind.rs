//! What is under way: what a request keeps meanwhile, and what it gives in the end.

use crate::Result;
use crate::communicator::{Communicator, Status};
use crate::equivalence::Equivalence;
use crate::memory::purge;
use ranks_engine::Call;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::marker::PhantomData;

/// What a [`crate::Request`] is about. Implemented here only.
pub trait Kind: sealed::Sealed {
    /// What waiting gives.
    type Value;

    /// The message makes its own room.
    #[doc(hidden)]
    const DATA: bool = false;

    /// The end: what came of it becomes what the caller gets.
    #[doc(hidden)]
    fn conclude(self, comm: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<Self::Value>;

    /// What the engine has to keep for an operation that nobody waits for; `None` if somebody else does.
    #[doc(hidden)]
    fn leave(self) -> Option<Box<dyn Any + Send>>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A send of an object.
pub struct SentObject(pub(crate) Vec<u8>);

/// A send of a buffer.
pub struct SentBuffer<T: Equivalence>(pub(crate) Vec<T>);

/// A receive of an object.
pub struct ReceivedObject<T>(PhantomData<fn() -> T>);

/// A receive into a buffer.
pub struct ReceivedBuffer<T: Equivalence>(pub(crate) Vec<T>);

impl sealed::Sealed for SentObject {}
impl<T: Equivalence> sealed::Sealed for SentBuffer<T> {}
impl<T> sealed::Sealed for ReceivedObject<T> {}
impl<T: Equivalence> sealed::Sealed for ReceivedBuffer<T> {}

impl Kind for SentObject {
    type Value = ();

    fn conclude(self, _: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<()> {
        outcome.map(|_| ())
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.0))
    }
}

impl<T: Equivalence> Kind for SentBuffer<T> {
    type Value = Vec<T>;

    fn conclude(self, _: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<Vec<T>> {
        outcome.map(|_| self.0)
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.0))
    }
}

impl<T> ReceivedObject<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: DeserializeOwned> Kind for ReceivedObject<T> {
    type Value = (T, Status);
    const DATA: bool = true;

    fn conclude(self, comm: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<(T, Status)> {
        let (bytes, status) = outcome?;
        Ok((comm.decode(Call::Recv, &bytes, status)?, status))
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(()))
    }
}

impl<T: Equivalence> Kind for ReceivedBuffer<T> {
    type Value = (Vec<T>, Status);

    fn conclude(
        mut self,
        comm: &Communicator,
        outcome: Result<(Vec<u8>, Status)>,
    ) -> Result<(Vec<T>, Status)> {
        let (_, status) = outcome?;
        if !purge(&mut self.0) {
            return Err(comm.no_values::<T>(Call::Recv, &status));
        }
        comm.whole_elements::<T>(status)?;
        Ok((self.0, status))
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.0))
    }
}
