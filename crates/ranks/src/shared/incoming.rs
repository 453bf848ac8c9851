//! Streams: of messages, and of ranks that have died.

use super::{Operation, SharedCommunicator};
use crate::Result;
use crate::communicator::{Source, Status, Tag};
use futures_core::Stream;
use serde::de::DeserializeOwned;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Messages as they come: made by [`SharedCommunicator::incoming`].
#[must_use = "nothing is received until it is polled"]
#[derive(Debug)]
pub struct Incoming<T> {
    comm: SharedCommunicator,
    source: Source,
    tag: Tag,
    receiving: Option<Operation<(T, Status)>>,
}

impl<T> Unpin for Incoming<T> {}

impl<T: DeserializeOwned> Stream for Incoming<T> {
    type Item = Result<(T, Status)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let (comm, source, tag) = (&this.comm, this.source, this.tag);
        let receiving = this.receiving.get_or_insert_with(|| comm.receive(source, tag));
        let outcome = std::task::ready!(Pin::new(receiving).poll(cx));
        this.receiving = None;
        Poll::Ready(Some(outcome))
    }
}

/// Ranks that have died, as that becomes known: made by [`SharedCommunicator::failures`].
#[must_use = "nothing is watched until it is polled"]
#[derive(Debug)]
pub struct Failures {
    comm: SharedCommunicator,
    known: Vec<usize>,
    waiting: Option<Operation<usize>>,
    stop: Arc<AtomicBool>,
}

impl Stream for Failures {
    type Item = Result<usize>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let (comm, known, stop) = (&this.comm, &this.known, &this.stop);
        let waiting = this.waiting.get_or_insert_with(|| comm.failure(known.clone(), stop.clone()));
        let outcome = std::task::ready!(Pin::new(waiting).poll(cx));
        this.waiting = None;
        this.known.extend(outcome.as_ref().ok());
        Poll::Ready(Some(outcome))
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        // The engine lets go of it at the next progress.
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl SharedCommunicator {
    fn failure(&self, known: Vec<usize>, stop: Arc<AtomicBool>) -> Operation<usize> {
        match self.with(|engine| engine.begin_failure(self.0.id, known, stop)) {
            Ok(id) => self.begun(id, (), |(), _, status| Ok(status.source.max(0) as usize)),
            Err(error) => Operation::failed(error),
        }
    }

    /// The ranks of the communicator that die, each once, as a stream that does not end. A rank that finalises and exits
    /// has not died. The death of a rank ends the job, so there is only the time until then (`ranks run --grace`) to
    /// save what must not be lost.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ranks::Result<()> {
    /// let world = ranks::init()?.into_shared()?;
    /// let mut failures = world.failures();
    /// tokio::spawn(async move {
    ///     while let Some(Ok(rank)) = failures.next().await {
    ///         eprintln!("rank {rank} has died");
    ///     }
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An item is an error only when the rank has been finalised.
    pub fn failures(&self) -> Failures {
        Failures { comm: self.clone(), known: Vec::new(), waiting: None, stop: Arc::default() }
    }

    /// The objects that are sent to this rank, each with its [`Status`], as a stream that does not end. It can be dropped
    /// at any point, and another one made: no message is lost, and none overtakes another. Where a message is no such
    /// object, an error takes its place in the stream. `StreamExt::next` of the crate `futures-util` awaits one.
    ///
    /// ```
    /// use futures_util::StreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ranks::Result<()> {
    /// let world = ranks::init()?.into_shared()?;
    /// let (orders, news) = (world.clone(), world.duplicate().await?);
    /// news.send("rain", 0, 1).await?;
    /// orders.send(&12, 0, 1).await?;
    /// let mut orders = orders.incoming::<i32>(ranks::ANY_SOURCE, 1);
    /// let mut news = news.incoming::<String>(ranks::ANY_SOURCE, 1);
    /// for _ in 0..2 {
    ///     tokio::select! {
    ///         Some(order) = orders.next() => assert_eq!(order?.0, 12),
    ///         Some(text) = news.next() => assert_eq!(text?.0, "rain"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Each item as for [`crate::Communicator::receive`]. When no rank is left that could send, each item is that error:
    /// a loop over the stream ends at the first error of class `ProcFailed`.
    pub fn incoming<T: DeserializeOwned>(
        &self,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Incoming<T> {
        Incoming { comm: self.clone(), source: source.into(), tag: tag.into(), receiving: None }
    }
}
