//! An operation under way: a future for tasks, and a wait for threads.

use super::work::Kept;
use super::{Comm, Rank};
use crate::Result;
use ranks_engine::{RequestId, Status};
use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// An operation of a [`super::SharedCommunicator`]. It was begun by the method that gave it, and goes on by itself
/// whenever its rank makes calls. A task awaits it, with any executor and on any thread; a thread calls [`Self::wait`].
///
/// What becomes of it when it is dropped:
///
/// | operation | if it is dropped |
/// |---|---|
/// | a send | it completes, and its buffer is freed then |
/// | a receive or probe | a message that it has already is there again, in its old place among the others; otherwise nothing was received |
/// | a collective | it runs to its end in the background, so no other rank waits for ever; what it gives is lost |
///
/// ```
/// let world = ranks::init()?.into_shared()?;
/// let receiving = world.receive::<String>(0, 5);
/// world.send("a letter", 0, 5).wait()?;
/// drop(receiving);
/// // The message was not lost.
/// assert_eq!(world.receive::<String>(0, 5).wait()?.0, "a letter");
/// # Ok::<(), ranks::Error>(())
/// ```
#[must_use = "it was begun, but what comes of it is told by `await` or `wait`"]
pub struct Operation<V>(State<V>);

enum State<V> {
    Begun(UnderWay<V>),
    /// Complete from the beginning, or refused.
    Over(Result<V>),
    Taken,
}

struct UnderWay<V> {
    comm: Arc<Comm>,
    id: RequestId,
    /// Until the operation is complete.
    kept: Option<Box<dyn Keep<V> + Send>>,
}

/// What an operation keeps meanwhile, and what it gives in the end.
trait Keep<V> {
    /// The message makes its own room.
    fn is_data(&self) -> bool;
    fn conclude(self: Box<Self>, comm: &Comm, outcome: Result<(Vec<u8>, Status)>) -> Result<V>;
    /// What the engine has to keep for an operation that nobody waits for.
    fn leave(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A buffer, and what is made of it and of what came.
pub(super) struct Keeping<B, F> {
    pub buffer: B,
    pub data: bool,
    pub finish: F,
}

impl<V, B, F> Keep<V> for Keeping<B, F>
where
    B: Send + 'static,
    F: FnOnce(B, &Comm, Result<(Vec<u8>, Status)>) -> Result<V>,
{
    fn is_data(&self) -> bool {
        self.data
    }

    fn conclude(self: Box<Self>, comm: &Comm, outcome: Result<(Vec<u8>, Status)>) -> Result<V> {
        (self.finish)(self.buffer, comm, outcome)
    }

    fn leave(self: Box<Self>) -> Box<dyn Any + Send> {
        Box::new(self.buffer)
    }
}

struct Mapped<V, F> {
    kept: Box<dyn Keep<V> + Send>,
    f: F,
}

impl<V, W, F: FnOnce(V) -> W> Keep<W> for Mapped<V, F> {
    fn is_data(&self) -> bool {
        self.kept.is_data()
    }

    fn conclude(self: Box<Self>, comm: &Comm, outcome: Result<(Vec<u8>, Status)>) -> Result<W> {
        self.kept.conclude(comm, outcome).map(self.f)
    }

    fn leave(self: Box<Self>) -> Box<dyn Any + Send> {
        self.kept.leave()
    }
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Rank {
    /// What came of a request, if it is done; otherwise `waker` is called when there is something to do.
    fn poll(&self, id: RequestId, data: bool, waker: &Waker) -> Poll<Result<(Vec<u8>, Status)>> {
        loop {
            let mut engine = self.lock();
            let left = self.wait_within(&mut engine.0);
            let polled = self.awaiting.poll(&mut engine.0, id, waker);
            let outcome = match &polled {
                Ok((false, _)) => Poll::Pending,
                Ok((true, _)) if data => Poll::Ready(engine.0.wait_data(id)),
                Ok((true, _)) => Poll::Ready(engine.0.wait(id).map(|status| (Vec::new(), status))),
                Err(error) => Poll::Ready(Err(error.clone())),
            };
            let pending = outcome.is_pending();
            let Some(work) = self.unlock_and_take(engine, (polled, left), pending) else { return outcome };
            if !pending {
                self.run(work);
                return outcome;
            }
            self.run_meanwhile(work, id);
        }
    }
}

impl<V> UnderWay<V> {
    fn poll(&mut self, waker: &Waker) -> Poll<Result<V>> {
        let data = self.kept.as_ref().is_some_and(|kept| kept.is_data());
        self.comm.rank.poll(self.id, data, waker).map(|outcome| {
            let kept = self.kept.take().expect("an operation has one outcome");
            kept.conclude(&self.comm, outcome)
        })
    }
}

impl<V> Drop for UnderWay<V> {
    fn drop(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let rank = &self.comm.rank;
        let buffer = Box::new(Kept::new(kept.leave(), rank.discarded.clone()));
        let mut engine = rank.lock();
        let woken = rank.awaiting.forget(&mut engine.0, self.id);
        engine.0.abandon(self.id, buffer);
        let also = rank.woken(&mut engine.0);
        rank.unlock(engine, (woken, also));
    }
}

impl<V> Operation<V> {
    pub(super) fn begun<B, F>(comm: &Arc<Comm>, id: RequestId, keeping: Keeping<B, F>) -> Self
    where
        B: Send + 'static,
        F: FnOnce(B, &Comm, Result<(Vec<u8>, Status)>) -> Result<V> + Send + 'static,
    {
        Self(State::Begun(UnderWay { comm: comm.clone(), id, kept: Some(Box::new(keeping)) }))
    }

    pub(super) fn over(outcome: Result<V>) -> Self {
        Self(State::Over(outcome))
    }

    pub(super) fn failed(error: crate::Error) -> Self {
        Self(State::Over(Err(error)))
    }

    /// An operation whose outcome is made of this one's.
    pub(super) fn map<W: 'static>(self, f: impl FnOnce(V) -> W + Send + 'static) -> Operation<W>
    where
        V: 'static,
    {
        Operation(match self.0 {
            State::Over(outcome) => State::Over(outcome.map(f)),
            State::Taken => State::Taken,
            State::Begun(mut under_way) => {
                let kept = under_way.kept.take().map(|kept| {
                    let mapped: Box<dyn Keep<W> + Send> = Box::new(Mapped { kept, f });
                    mapped
                });
                State::Begun(UnderWay { comm: under_way.comm.clone(), id: under_way.id, kept })
            }
        })
    }

    fn poll_with(&mut self, waker: &Waker) -> Poll<Result<V>> {
        if let State::Begun(under_way) = &mut self.0 {
            let outcome = std::task::ready!(under_way.poll(waker));
            self.0 = State::Taken;
            return Poll::Ready(outcome);
        }
        match std::mem::replace(&mut self.0, State::Taken) {
            State::Over(outcome) => Poll::Ready(outcome),
            State::Begun(_) | State::Taken => {
                panic!("an operation was polled after it had given its outcome")
            }
        }
    }

    /// Waits until the operation is complete, for threads: other threads can make calls meanwhile. A task awaits it
    /// instead, as this would keep its executor's thread.
    ///
    /// ```
    /// let world = ranks::init()?.into_shared()?;
    /// let sender = world.clone();
    /// let thread = std::thread::spawn(move || sender.send(&42, 0, 7).wait());
    /// assert_eq!(world.receive::<i32>(ranks::ANY_SOURCE, 7).wait()?.0, 42);
    /// thread.join().expect("it does not panic")?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the method that began the operation says.
    pub fn wait(mut self) -> Result<V> {
        if !matches!(self.0, State::Begun(_)) {
            return match self.poll_with(Waker::noop()) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => unreachable!("it is over"),
            };
        }
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            if let State::Begun(under_way) = &self.0
                && under_way.comm.rank.wanted.load(Ordering::Relaxed) > 0
            {
                // The lock is not fair: whoever waits for it gets it now.
                std::thread::yield_now();
            }
            if let Poll::Ready(outcome) = self.poll_with(&waker) {
                return outcome;
            }
            std::thread::park();
        }
    }
}

impl<V> Unpin for Operation<V> {}

impl<V> Future for Operation<V> {
    type Output = Result<V>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<V>> {
        self.poll_with(cx.waker())
    }
}

impl<V> std::fmt::Debug for Operation<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            State::Begun(_) => "Operation(under way)",
            State::Over(_) => "Operation(complete)",
            State::Taken => "Operation(over)",
        })
    }
}
