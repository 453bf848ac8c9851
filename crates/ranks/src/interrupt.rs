//! Waiting for a message or for another thread, whichever comes first.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use ranks_engine::{Call, WakeHandle};

/// Ends a [`Communicator::probe_or`] from another thread. One for each rank: all clones are the same.
#[derive(Clone)]
pub struct Interrupt(WakeHandle);

impl Interrupt {
    /// Makes the current `probe_or` of the rank, or the next one, return `None`.
    ///
    /// ```
    /// ranks::threads(1, |world| {
    ///     let interrupt = world.interrupt();
    ///     let other_thread = interrupt.clone();
    ///     let thread = std::thread::spawn(move || other_thread.raise());
    ///     assert_eq!(world.probe_or(ranks::ANY_SOURCE, ranks::ANY_TAG, &interrupt)?, None);
    ///     thread.join().expect("it does not panic");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn raise(&self) {
        self.0.interrupt();
    }
}

impl Communicator {
    /// A handle by which other threads of this process end a [`probe_or`](Self::probe_or) of this rank.
    ///
    /// ```
    /// ranks::threads(1, |world| {
    ///     let interrupt = world.interrupt();
    ///     std::thread::scope(|threads| {
    ///         threads.spawn(|| interrupt.raise());
    ///         assert_eq!(world.probe_or(ranks::ANY_SOURCE, ranks::ANY_TAG, &interrupt)?, None);
    ///         Ok(())
    ///     })
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
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
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative; class `ProcFailed`
    /// when no message can come because the other rank has ended.
    pub fn probe_or(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
        _interrupt: &Interrupt,
    ) -> Result<Option<Status>> {
        let found =
            self.engine.engine().probe_interruptible(Call::Probe, source.into().0, tag.into().0, self.id)?;
        Ok(found.map(Status::from))
    }

    /// Waits until a message can be received, and says which: its source, its tag and its length in bytes. It
    /// takes no message. Section 3.8.1.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     world.send_from(&[1u8, 2, 3], other, 7)?;
    ///     let status = world.probe(ranks::ANY_SOURCE, ranks::ANY_TAG)?;
    ///     let mut row = vec![0u8; status.bytes];
    ///     world.receive_into(&mut row, status.source, status.tag)?;
    ///     assert_eq!(row, [1, 2, 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative; class `ProcFailed`
    /// when no message can come because the other rank has ended.
    pub fn probe(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Status> {
        self.engine.engine().probe(source.into().0, tag.into().0, self.id).map(Status::from)
    }

    /// Says whether a message can be received now, and which: its source, its tag and its length in bytes. It
    /// takes no message and does not wait. Section 3.8.1.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     assert_eq!(world.probe_now(other, 8)?, None);
    ///     world.send("hello", other, 7)?;
    ///     while world.probe_now(other, 7)?.is_none() {
    ///         // Work that does not need the message.
    ///     }
    ///     assert_eq!(world.receive::<String>(other, 7)?.0, "hello");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative.
    pub fn probe_now(&self, source: impl Into<Source>, tag: impl Into<Tag>) -> Result<Option<Status>> {
        let found = self.engine.engine().iprobe(source.into().0, tag.into().0, self.id)?;
        Ok(found.map(Status::from))
    }
}
