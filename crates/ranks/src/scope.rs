//! Nonblocking operations on borrowed buffers. Section 3.7, in the manner of `std::thread::scope`.

#![allow(unsafe_code)]

use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{bytes_of, no_values, purge, recv_buf, typed_buf};
use crate::request::Request;
use crate::request::kind::{Kind, sealed};
use crate::{Class, Result};
use ranks_engine::{Call, Mode, RequestId};
use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

/// How long a scope that a panic ends waits for sends that nobody receives. Their buffers are about to go,
/// and a peer may still come for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Begins operations on buffers that outlive the scope; made by [`Communicator::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    pub(crate) comm: &'env Communicator,
    begun: RefCell<Vec<ScopedOperation>>,
    // Invariant in both lifetimes, as for the scopes of threads.
    _scope: PhantomData<&'scope mut &'scope ()>,
    _env: PhantomData<&'env mut &'env ()>,
}

/// An operation that has to be over when the scope is.
pub(crate) struct ScopedOperation {
    pub id: RequestId,
    pub is_receive: bool,
    /// Leaves nothing but values in the buffer; false if there was something else.
    pub purge: Option<Box<dyn FnMut() -> bool>>,
    /// The bytes of values with padding.
    pub _bytes: Option<Vec<u8>>,
}

/// An operation of a scope under way: a [`Request`] that may be dropped, as the scope waits for it.
#[derive(Debug)]
pub struct Scoped<'scope, K: Kind>(Request<'scope, K>);

/// A send from a borrowed slice under way.
pub type ScopedSend<'scope> = Scoped<'scope, BorrowedSend>;

/// A receive into a borrowed slice under way; waiting gives the slice back.
pub type ScopedReceive<'scope, 'env, T> = Scoped<'scope, BorrowedReceive<'env, T>>;

impl<'scope, K: Kind> Scoped<'scope, K> {
    /// Makes progress, and says whether the operation is complete, so that [`Self::wait`] would not wait.
    /// Section 3.7.6.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut number = [0];
    ///     world.scope(|s| {
    ///         let receiving = s.ireceive_into(&mut number, other, 0)?;
    ///         world.send_from(&[7], other, 0)?;
    ///         while !receiving.is_done()? {
    ///             // Work that does not need the number.
    ///         }
    ///         assert_eq!(receiving.wait()?.0, [7]);
    ///         Ok(())
    ///     })
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// A failure of the operation is told by [`Self::wait`], or by the scope, not here.
    pub fn is_done(&self) -> Result<bool> {
        self.0.is_done()
    }

    /// Waits until the operation is complete: a receive gives its slice back, together with its status; a
    /// send gives nothing. Section 3.7.3.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let (mine, mut theirs) = ([world.rank()], [9]);
    ///     world.scope(|s| {
    ///         let receiving = s.ireceive_into(&mut theirs, other, 0)?;
    ///         let sending = s.isend_from(&mine, other, 0)?;
    ///         // The slice that was received into is free from here on.
    ///         let (got, status) = receiving.wait()?;
    ///         assert_eq!((got[0], status.source), (other, other));
    ///         sending.wait()
    ///     })
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the operation. The scope does not tell it again.
    pub fn wait(self) -> Result<K::Value> {
        self.0.wait()
    }

    /// The request, to be waited for together with others.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let (mine, mut theirs) = ([world.rank(); 3], [9; 3]);
    ///     world.scope(|s| {
    ///         let receiving = s.ireceive_into(&mut theirs, other, 0)?.into_request();
    ///         let sending = s.isend_from(&mine, other, 0)?.into_request();
    ///         let ((got, _), ()) = ranks::wait_all((receiving, sending))?;
    ///         assert_eq!(got, [other; 3]);
    ///         Ok(())
    ///     })
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn into_request(self) -> Request<'scope, K> {
        self.0
    }
}

impl<'scope, K: Kind> IntoFuture for Scoped<'scope, K> {
    type Output = Result<K::Value>;
    type IntoFuture = Request<'scope, K>;

    fn into_future(self) -> Request<'scope, K> {
        self.0
    }
}

/// What a [`ScopedSend`] is about.
pub struct BorrowedSend(());

/// What a [`ScopedReceive`] is about.
pub struct BorrowedReceive<'env, T: Equivalence> {
    data: *mut T,
    len: usize,
    _data: PhantomData<&'env mut [T]>,
}

impl sealed::Sealed for BorrowedSend {}
impl<T: Equivalence> sealed::Sealed for BorrowedReceive<'_, T> {}

impl Kind for BorrowedSend {
    type Value = ();

    fn conclude(self, _: &Communicator, outcome: Result<(Vec<u8>, Status)>) -> Result<()> {
        outcome.map(|_| ())
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

impl<'env, T: Equivalence> Kind for BorrowedReceive<'env, T> {
    type Value = (&'env mut [T], Status);

    fn conclude(
        self,
        comm: &Communicator,
        outcome: Result<(Vec<u8>, Status)>,
    ) -> Result<(&'env mut [T], Status)> {
        // SAFETY: the slice that the scope borrowed for `'env`. The operation is over, and the scope has
        // no other use for it than purging, which happens only if this was not called.
        let data = unsafe { std::slice::from_raw_parts_mut(self.data, self.len) };
        let all = purge(data);
        let (_, status) = outcome?;
        if !all {
            return Err(comm.no_values::<T>(Call::Recv, &status));
        }
        comm.whole_elements::<T>(status)?;
        Ok((data, status))
    }

    fn leave(self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

impl Communicator {
    /// Runs `f` with a [`Scope`] that begins operations on borrowed buffers. When `f` has returned, all of
    /// them are waited for, so the buffers are free when this returns. If `f` fails, receives that nothing
    /// was matched to are withdrawn instead. Section 3.7.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mine = [world.rank(); 4];
    ///     let mut theirs = [9; 4];
    ///     world.scope(|s| {
    ///         s.ireceive_into(&mut theirs, other, 0)?;
    ///         s.isend_from(&mine, other, 0)?;
    ///         Ok(())
    ///     })?;
    ///     assert_eq!(theirs, [other; 4]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `f` returns, or the first operation's that failed.
    pub fn scope<'env, R>(
        &'env self,
        f: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> Result<R>,
    ) -> Result<R> {
        let scope = Scope { comm: self, begun: RefCell::default(), _scope: PhantomData, _env: PhantomData };
        // Dropped by whatever way this function is left.
        let end = End(&scope.begun, self);
        let result = f(&scope)?;
        end.finish()?;
        Ok(result)
    }
}

/// Ends what a scope has begun.
pub(crate) struct End<'a>(pub &'a RefCell<Vec<ScopedOperation>>, pub &'a Communicator);

impl End<'_> {
    /// Waits for all; the first error in the order they were begun. One by one, so that a panic leaves
    /// the others to `drop`.
    pub fn finish(self) -> Result<()> {
        let mut first = Ok(());
        while let Some(mut one) = self.next() {
            first = self.conclude(&mut one).and(first);
        }
        first
    }

    fn next(&self) -> Option<ScopedOperation> {
        self.0.borrow_mut().pop()
    }

    fn conclude(&self, one: &mut ScopedOperation) -> Result<()> {
        let mut engine = self.1.engine.engine();
        if !engine.is_active(one.id) {
            // Its request was waited for, and says what came of it.
            return Ok(());
        }
        let outcome = engine.wait(one.id).map(Status::from);
        drop(engine);
        let all = one.purge.as_mut().is_none_or(|purge| purge());
        let status = outcome?;
        if all {
            return Ok(());
        }
        let error = self.1.error(Class::Type, Call::Recv, no_values("value of the slice's type"));
        Err(error.peer(status.source as i32).tag(status.tag))
    }
}

impl Drop for End<'_> {
    /// The scope failed or panics: withdraws what can be, and waits for the rest.
    fn drop(&mut self) {
        let deadline = std::thread::panicking().then(|| Instant::now() + PATIENCE);
        while let Some(mut one) = self.next() {
            if one.is_receive {
                let _ = self.1.engine.engine().cancel(one.id);
            }
            if let Some(deadline) = deadline {
                while !self.1.engine.engine().is_done(one.id) {
                    self.1.engine.engine().progress();
                    if Instant::now() > deadline {
                        ranks_shm::say::line(format_args!(
                            "ranks: a panic ends a scope whose operations cannot be ended: aborting"
                        ));
                        self.1.abort(101);
                    }
                    std::thread::yield_now();
                }
            }
            let _ = self.conclude(&mut one);
        }
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Begins to send a slice, which stays borrowed until the scope ends. Section 3.7.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let (mine, mut theirs) = ([world.rank(); 3], [9; 3]);
    ///     world.scope(|s| {
    ///         // The scope waits for it when it ends.
    ///         s.isend_from(&mine, other, 0)?;
    ///         world.receive_into(&mut theirs, other, 0)
    ///     })?;
    ///     assert_eq!(theirs, [other; 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `dest`; class `Tag` when the tag is negative. Waiting, or the
    /// scope, fails with class `ProcFailed` when the other rank has ended and the message is too long to be
    /// left for it.
    pub fn isend_from<T: Equivalence>(
        &'scope self,
        data: &'env [T],
        dest: usize,
        tag: i32,
    ) -> Result<ScopedSend<'scope>> {
        let bytes = bytes_of(data);
        let id = {
            let mut engine = self.comm.engine.engine();
            engine.isend(Mode::Standard, typed_buf::<T>(&bytes), Communicator::to(dest), tag, self.comm.id)?
        };
        let _bytes = match bytes {
            Cow::Owned(bytes) => Some(bytes),
            Cow::Borrowed(_) => None,
        };
        Ok(self.sending(id, _bytes))
    }

    /// A send that was begun, with the bytes that it needs beside the borrowed slice.
    pub(crate) fn sending(&'scope self, id: RequestId, _bytes: Option<Vec<u8>>) -> ScopedSend<'scope> {
        self.begun.borrow_mut().push(ScopedOperation { id, is_receive: false, purge: None, _bytes });
        Scoped(Request::new(self.comm, id, BorrowedSend(())))
    }

    /// Begins to receive into a slice, which stays borrowed until the scope ends, or until the request is
    /// waited for, which gives it back.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut room = [0.0; 2];
    ///     world.scope(|s| {
    ///         let receiving = s.ireceive_into(&mut room, other, 0)?;
    ///         s.isend_from(&[0.5, 1.5], other, 0)?;
    ///         let (got, status) = receiving.wait()?;
    ///         assert_eq!((&got[..], status.bytes), (&[0.5, 1.5][..], 16));
    ///         Ok(())
    ///     })
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no rank `source`; class `Tag` when the tag is negative. Waiting, or the
    /// scope, fails as [`Communicator::receive_into`] does.
    pub fn ireceive_into<T: Equivalence>(
        &'scope self,
        data: &'env mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ScopedReceive<'scope, 'env, T>> {
        let (buf, len) = (recv_buf(data), data.len());
        let data = buf.pointer().cast::<T>();
        let id = self.comm.engine.engine().irecv(buf, source.into().0, tag.into().0, self.comm.id)?;
        Ok(self.receiving(id, data, len))
    }

    /// A receive that was begun, into a slice that is borrowed for `'env`.
    pub(crate) fn receiving<T: Equivalence>(
        &'scope self,
        id: RequestId,
        data: *mut T,
        len: usize,
    ) -> ScopedReceive<'scope, 'env, T> {
        // SAFETY: called when the operation is over and its request was not waited for; until the scope
        // ends, after which it is not called, the slice is borrowed for it alone.
        let purge = move || purge(unsafe { std::slice::from_raw_parts_mut(data, len) });
        self.begun.borrow_mut().push(ScopedOperation {
            id,
            is_receive: true,
            purge: (!T::ANY).then(|| Box::new(purge) as Box<dyn FnMut() -> bool>),
            _bytes: None,
        });
        Scoped(Request::new(self.comm, id, BorrowedReceive { data, len, _data: PhantomData }))
    }
}
