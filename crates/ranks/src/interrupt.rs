//! Waiting for a message or for another thread, whichever comes first.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use ranks_engine::WakeHandle;

/// Ends a [`Communicator::probe_or`] from another thread. One for each rank: all clones are the same.
#[derive(Clone)]
pub struct Interrupt(WakeHandle);

impl Interrupt {
    /// Makes the current `probe_or` of the rank, or the next one, return `None`.
    pub fn raise(&self) {
        self.0.interrupt();
    }
}

impl Communicator {
    /// A handle for other threads of this process.
    pub fn interrupt(&self) -> Interrupt {
        let engine = self.engine.engine();
        engine.expect_other_threads();
        Interrupt(engine.wake_handle())
    }

    /// Waits, asleep, until a message can be received (what it is), or until the interrupt was raised
    /// (`None`). A raise between two calls is not lost. Takes no message. Section 3.8.
    ///
    /// ```
    /// ranks::threads(1, |world| {
    ///     let interrupt = world.interrupt();
    ///     interrupt.raise();
    ///     assert_eq!(world.probe_or(ranks::ANY_SOURCE, ranks::ANY_TAG, &interrupt)?, None);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn probe_or(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
        _interrupt: &Interrupt,
    ) -> Result<Option<Status>> {
        let found = self.engine.engine().probe_interruptible(source.into().0, tag.into().0, self.id)?;
        Ok(found.map(Status::from))
    }

    /// Waits until a message can be received. Takes no message. Section 3.8.
    pub fn probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Status> {
        self.engine.engine().probe(source.into().0, tag.into().0, self.id).map(Status::from)
    }

    /// Whether a message can be received now. Takes no message. Section 3.8.
    pub fn probe_now(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Option<Status>> {
        let found = self.engine.engine().iprobe(source.into().0, tag.into().0, self.id)?;
        Ok(found.map(Status::from))
    }
}
