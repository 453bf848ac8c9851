//! Waiting for several requests. Section 3.7.5.

use super::{Awaitable, Parts};
use crate::communicator::Communicator;
use crate::{Class, Result};
use ranks_engine::{Call, RequestId};

/// Waits for all requests: of one kind in a `Vec` or an array, of different kinds in a tuple. What they
/// give, in the same order. Section 3.7.5.
///
/// ```
/// ranks::threads(2, |world| {
///     let other = 1 - world.rank();
///     let receiving = world.ireceive_into(vec![0.0; 3], other, 0)?;
///     let sending = world.isend_from(vec![1.0, 2.0, 3.0], other, 0)?;
///     let (mine, (theirs, status)) = ranks::wait_all((sending, receiving))?;
///     assert_eq!((mine, status.source), (theirs, other));
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
///
/// # Errors
/// The first request's that failed. All are complete then, too.
pub fn wait_all<W: WaitAll>(requests: W) -> Result<W::Values> {
    requests.wait_all()
}

/// What [`wait_all`] can wait for.
pub trait WaitAll {
    /// What the requests give.
    type Values;

    #[doc(hidden)]
    fn wait_all(self) -> Result<Self::Values>;
}

impl<R: Awaitable> WaitAll for Vec<R> {
    type Values = Vec<R::Value>;

    fn wait_all(self) -> Result<Vec<R::Value>> {
        settle(self.iter(), Call::Waitall, true)?;
        let mut first = None;
        let mut values = Vec::with_capacity(self.len());
        for request in self {
            match request.conclude() {
                Ok(value) => values.push(value),
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(values), Err)
    }
}

impl<R: Awaitable, const N: usize> WaitAll for [R; N] {
    type Values = [R::Value; N];

    fn wait_all(self) -> Result<[R::Value; N]> {
        let values = Vec::from(self).wait_all()?;
        Ok(values.try_into().unwrap_or_else(|_| unreachable!("as many values as requests")))
    }
}

macro_rules! tuples {
    ($(($($r:ident),*))*) => { $(
        impl<$($r: Awaitable),*> WaitAll for ($($r,)*) {
            type Values = ($($r::Value,)*);

            #[allow(non_snake_case)]
            fn wait_all(self) -> Result<Self::Values> {
                let ($($r,)*) = self;
                // Each makes progress for all, and all are waited for before the first error is told.
                $(let $r = $r.conclude();)*
                Ok(($($r?,)*))
            }
        }
    )* };
}

tuples!((A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E)(A, B, C, D, E, F)(A, B, C, D, E, F, G)(
    A, B, C, D, E, F, G, H
));

/// Waits until all or any of the requests are done, completing none.
fn settle<'r, R: Parts + 'r>(
    requests: impl Iterator<Item = &'r R> + Clone,
    call: Call,
    all: bool,
) -> Result<()> {
    let Some(comm) = one_rank(requests.clone(), call)? else { return Ok(()) };
    let ids: Vec<RequestId> = requests.map(R::id).collect();
    comm.engine.engine().wait_settled(call, &ids, all)
}

/// A communicator of the rank whose requests they are.
fn one_rank<'r, R: Parts + 'r>(
    mut requests: impl Iterator<Item = &'r R>,
    call: Call,
) -> Result<Option<&'r Communicator>> {
    let Some(comm) = requests.next().map(R::comm) else { return Ok(None) };
    if requests.any(|other| !std::rc::Rc::ptr_eq(&other.comm().engine, &comm.engine)) {
        return Err(comm.error(Class::Request, call, "these are requests of different ranks of one thread"));
    }
    Ok(Some(comm))
}

/// What several requests have given, each with its position.
pub type Completed<V> = Vec<(usize, V)>;

/// Requests to be waited for as they complete. Each keeps the position it was put in at. Section 3.7.5.
///
/// ```
/// use ranks::Requests;
///
/// ranks::threads(4, |world| {
///     if world.rank() > 0 {
///         return world.send(&(world.rank() * 10), 0, 0);
///     }
///     let mut receives = Requests::new();
///     for rank in 1..world.size() {
///         receives.push(world.ireceive::<usize>(rank, 0)?);
///     }
///     while let Some((position, (number, status))) = receives.wait_any()? {
///         assert_eq!((position + 1, number), (status.source, status.source * 10));
///     }
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
#[derive(Debug)]
pub struct Requests<R>(Vec<Option<R>>);

impl<R> Default for Requests<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Awaitable> FromIterator<R> for Requests<R> {
    fn from_iter<I: IntoIterator<Item = R>>(requests: I) -> Self {
        Self(requests.into_iter().map(Some).collect())
    }
}

impl<R: Awaitable> Requests<R> {
    /// An empty collection, to [`push`](Self::push) requests into. An iterator over requests can be collected
    /// into one as well.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let mut receives = Requests::new();
    ///     receives.push(world.ireceive::<usize>(1 - world.rank(), 0)?);
    ///     world.send(&world.rank(), 1 - world.rank(), 0)?;
    ///     assert_eq!(receives.wait_all()?.len(), 1);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a request in and returns its position, which it keeps: positions count all requests that were put
    /// in, from 0.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut requests = Requests::new();
    ///     assert_eq!(requests.push(world.isend("a", other, 0)?), 0);
    ///     assert_eq!(requests.push(world.isend("b", other, 1)?), 1);
    ///     world.receive::<String>(other, 0)?;
    ///     world.receive::<String>(other, 1)?;
    ///     requests.wait_all().map(|_| ())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn push(&mut self, request: R) -> usize {
        self.0.push(Some(request));
        self.0.len() - 1
    }

    /// The number of requests that are left: those that were put in and not yet taken out.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut requests = Requests::new();
    ///     requests.push(world.isend("hello", other, 0)?);
    ///     assert_eq!(requests.len(), 1);
    ///     world.receive::<String>(other, 0)?;
    ///     requests.wait_any()?;
    ///     assert_eq!(requests.len(), 0);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// True when no request is left.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut requests: Requests<_> = [world.isend("hello", other, 0)?].into_iter().collect();
    ///     world.receive::<String>(other, 0)?;
    ///     while !requests.is_empty() {
    ///         requests.wait_some()?;
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take(&mut self, at: usize) -> Result<(usize, R::Value)> {
        let request = self.0[at].take().expect("the caller found it there");
        Ok((at, request.conclude()?))
    }

    /// The positions of those that are done.
    fn done(&self) -> impl Iterator<Item = usize> + '_ {
        let is_done = |request: &R| request.comm().engine.engine().is_done(request.id());
        self.0.iter().enumerate().filter(move |(_, r)| r.as_ref().is_some_and(is_done)).map(|(at, _)| at)
    }

    /// Waits until one is complete, and takes it out: its position and what it gives. `None` when none is
    /// left. Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     while let Some((position, (number, status))) = receives.wait_any()? {
    ///         assert_eq!((number, status.tag), (position as i32 * 10, position as i32));
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the request that is complete, which is taken out.
    pub fn wait_any(&mut self) -> Result<Option<(usize, R::Value)>> {
        settle(self.0.iter().flatten(), Call::Waitany, false)?;
        let first = self.done().next();
        first.map(|at| self.take(at)).transpose()
    }

    /// Waits until at least one is complete, and takes out all that are, in order of position. Empty when
    /// none is left. Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     while !receives.is_empty() {
    ///         for (position, (number, _)) in receives.wait_some()? {
    ///             assert_eq!(number, position as i32 * 10);
    ///         }
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first that went wrong; what is complete is taken out with it.
    pub fn wait_some(&mut self) -> Result<Completed<R::Value>> {
        settle(self.0.iter().flatten(), Call::Waitsome, false)?;
        self.take_done()
    }

    /// Waits for all that are left, and takes them out: each position with what its request gives, in order
    /// of position. Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     let numbers: Vec<i32> = receives.wait_all()?.into_iter().map(|(_, (number, _))| number).collect();
    ///     assert_eq!(numbers, [0, 10, 20]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first that went wrong; all are complete then, too.
    pub fn wait_all(&mut self) -> Result<Completed<R::Value>> {
        settle(self.0.iter().flatten(), Call::Waitall, true)?;
        self.take_done()
    }

    fn take_done(&mut self) -> Result<Completed<R::Value>> {
        let done: Vec<usize> = self.done().collect();
        let outcomes: Vec<_> = done.into_iter().map(|at| self.take(at)).collect();
        outcomes.into_iter().collect()
    }

    fn progress(&self) {
        if let Some(request) = self.0.iter().flatten().next() {
            request.comm().engine.engine().progress();
        }
    }

    /// Takes out one that is complete: its position and what it gives; `None` when none is complete. It does
    /// not wait. Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     let mut found = 0;
    ///     while !receives.is_empty() {
    ///         if let Some((position, (number, _))) = receives.test_any()? {
    ///             assert_eq!(number, position as i32 * 10);
    ///             found += 1;
    ///         }
    ///     }
    ///     assert_eq!(found, 3);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// What went wrong with the request that is complete, which is taken out.
    pub fn test_any(&mut self) -> Result<Option<(usize, R::Value)>> {
        self.progress();
        let first = self.done().next();
        first.map(|at| self.take(at)).transpose()
    }

    /// Takes out all that are complete: positions and what they give, in order of position. It does not wait.
    /// Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     let mut sum = 0;
    ///     while !receives.is_empty() {
    ///         sum += receives.test_some()?.iter().map(|(_, (number, _))| number).sum::<i32>();
    ///     }
    ///     assert_eq!(sum, 30);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first that went wrong; what is complete is taken out with it.
    pub fn test_some(&mut self) -> Result<Completed<R::Value>> {
        self.progress();
        self.take_done()
    }

    /// Takes out all if all are complete; otherwise `None`, and all stay. It does not wait. Section 3.7.5.
    ///
    /// ```
    /// use ranks::Requests;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut receives: Requests<_> =
    ///         (0..3).map(|tag| world.ireceive::<i32>(other, tag)).collect::<ranks::Result<_>>()?;
    ///     for tag in 0..3 {
    ///         world.send(&(tag * 10), other, tag)?;
    ///     }
    ///     let all = loop {
    ///         if let Some(all) = receives.test_all()? {
    ///             break all;
    ///         }
    ///     };
    ///     assert_eq!((all.len(), receives.len()), (3, 0));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first that went wrong; all are taken out then.
    pub fn test_all(&mut self) -> Result<Option<Completed<R::Value>>> {
        self.progress();
        if self.done().count() < self.len() { Ok(None) } else { self.take_done().map(Some) }
    }
}
