//! Messages as a stream.

use super::{Operation, SharedCommunicator};
use crate::Result;
use crate::communicator::{Source, Status, Tag};
use futures_core::Stream;
use serde::de::DeserializeOwned;
use std::pin::Pin;
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

impl SharedCommunicator {
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
