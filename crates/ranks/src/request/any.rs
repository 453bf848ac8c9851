//! Requests of different kinds made alike.

use super::kind::Kind;
use super::{Awaitable, Parts, Request};
use crate::Result;
use crate::communicator::Communicator;
use ranks_engine::RequestId;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A request of any kind, made by [`Request::map`].
#[must_use = "a request that is dropped cannot be waited for, and a receive is withdrawn"]
pub struct AnyRequest<'c, V>(Box<dyn Erased<V> + 'c>);

trait Erased<V> {
    fn id(&self) -> RequestId;
    fn comm(&self) -> &Communicator;
    fn wait(&mut self) -> Result<V>;
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<V>>;
}

struct Mapped<'c, K: Kind, F> {
    request: Request<'c, K>,
    f: Option<F>,
}

impl<V, K: Kind, F: FnOnce(K::Value) -> V> Mapped<'_, K, F> {
    fn apply(&mut self, value: K::Value) -> V {
        (self.f.take().expect("a request has one outcome"))(value)
    }
}

impl<V, K: Kind, F: FnOnce(K::Value) -> V> Erased<V> for Mapped<'_, K, F> {
    fn id(&self) -> RequestId {
        self.request.id
    }

    fn comm(&self) -> &Communicator {
        self.request.comm
    }

    fn wait(&mut self) -> Result<V> {
        let value = self.request.finish()?;
        Ok(self.apply(value))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<V>> {
        Pin::new(&mut self.request).poll(cx).map_ok(|value| self.apply(value))
    }
}

impl<'c, V> AnyRequest<'c, V> {
    pub(super) fn new<K: Kind + 'c>(request: Request<'c, K>, f: impl FnOnce(K::Value) -> V + 'c) -> Self {
        Self(Box::new(Mapped { request, f: Some(f) }))
    }

    /// Makes progress, and says whether the operation is complete, so that [`Self::wait`] would not wait.
    /// Section 3.7.6.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let receiving = world.ireceive::<i32>(other, 0)?.map(|(number, _)| number);
    ///     world.send(&7, other, 0)?;
    ///     while !receiving.is_done()? {
    ///         // Work that does not need the number.
    ///     }
    ///     assert_eq!(receiving.wait()?, 7);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// A failure of the operation is told by [`Self::wait`], not here.
    pub fn is_done(&self) -> Result<bool> {
        let status = self.0.comm().engine.engine().status_of(self.0.id());
        status.map(|status| status.is_some())
    }

    /// Waits until the operation is complete, and gives what the function of [`Request::map`] makes of it.
    /// Section 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let sending = world.isend(&5, other, 0)?.map(|()| 0);
    ///     let receiving = world.ireceive::<i32>(other, 0)?.map(|(number, _)| number * 2);
    ///     assert_eq!((sending.wait()?, receiving.wait()?), (0, 10));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation; then the function is not called.
    pub fn wait(mut self) -> Result<V> {
        self.0.wait()
    }
}

impl<V> Parts for AnyRequest<'_, V> {
    fn id(&self) -> RequestId {
        self.0.id()
    }

    fn comm(&self) -> &Communicator {
        self.0.comm()
    }
}

impl<V> Awaitable for AnyRequest<'_, V> {
    type Value = V;

    fn conclude(self) -> Result<V> {
        self.wait()
    }
}

impl<V> Future for AnyRequest<'_, V> {
    type Output = Result<V>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<V>> {
        self.get_mut().0.poll(cx)
    }
}
