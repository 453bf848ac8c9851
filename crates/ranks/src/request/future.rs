//! A request as a future: see [`super::awaiting`] for what a poll does.

use super::Request;
use super::kind::Kind;
use crate::Result;
use crate::communicator::Shared;
use ranks_engine::RequestId;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

impl Shared {
    fn poll(&self, id: RequestId, waker: &Waker) -> Result<bool> {
        let mut engine = self.engine_in_poll();
        let outcome = self.awaiting().poll(&mut engine, id, waker);
        drop(engine);
        outcome.map(|(done, _woken)| done)
    }
}

impl<K: Kind> Unpin for Request<'_, K> {}

impl<K: Kind> Future for Request<'_, K> {
    type Output = Result<K::Value>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<K::Value>> {
        match self.comm.engine.poll(self.id, cx.waker()) {
            Ok(false) => Poll::Pending,
            Ok(true) => Poll::Ready(self.finish_in_poll()),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
