//! Several requests at once: MPI 5.0 section 3.7.5.

use super::{complete, complete_plain, look};
use crate::abi::Abi;
use crate::argument::{Out, length};
use crate::block;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::grequest;
use crate::process::{Process, RequestRecord};
use crate::status;
use ranks_engine::{Call as Waits, Status, UNDEFINED};
use std::ffi::c_int;

/// An array of requests as a program gives it.
pub(super) struct Array<A: Abi> {
    places: Out<A::Request>,
    /// Position and record of those that are not null.
    pub(super) live: Vec<(usize, RequestRecord)>,
    len: usize,
}

impl<A: Abi> Array<A> {
    pub(super) fn new(call: &Call<A>, count: c_int, places: Out<A::Request>) -> Result<Self> {
        let len = length(count)?;
        let mut live = Vec::with_capacity(len);
        global::with(|process| {
            for at in 0..len {
                if let Some(record) = look::<A>(process, places.element(at)?.get()?)? {
                    live.push((at, record));
                }
            }
            Ok::<_, Failure>(())
        })?;
        if let Some((_, record)) = live.first() {
            call.about(record.comm);
        }
        Ok(Self { places, live, len })
    }

    pub(super) fn ids(&self) -> Vec<ranks_engine::RequestId> {
        self.live.iter().map(|(_, record)| record.id).collect()
    }

    /// Completes one that is done, as far as the engine knows it.
    fn complete(&self, process: &mut Process, live: usize) -> Result<Result<Status>> {
        let (at, record) = self.live[live];
        let outcome = complete::<A>(process, self.places.element(at)?, record.id)?;
        Ok(outcome.unwrap_or_else(|| Err(Failure::new(class::PENDING, "still under way"))))
    }

    /// What the program itself says of one that is complete: without the lock.
    fn finish(&self, live: usize, outcome: Result<Status>) -> Result<Status> {
        grequest::finish::<A>(self.live[live].1, false, outcome)
    }

    /// Those that a wait for any or some is about: a persistent one that was not started is not.
    pub(super) fn active(&self) -> Vec<usize> {
        global::with(|process| {
            (0..self.live.len()).filter(|&n| process.engine.is_active(self.live[n].1.id)).collect()
        })
    }
}

/// The status of a place in a program's array, which may be no array.
#[inline]
fn status_at<A: Abi>(statuses: Out<A::Status>, at: usize) -> Result<Out<A::Status>> {
    if A::is_ignored(statuses.address()) { Ok(statuses) } else { statuses.element(at) }
}

/// Statuses of a call that completes several requests: only when one failed is the error of each written.
pub(super) fn report<A: Abi>(statuses: Out<A::Status>, outcomes: Vec<(usize, Result<Status>)>) -> Result<()> {
    let places: Vec<usize> = outcomes.iter().map(|(at, _)| *at).collect();
    let mut failed = Vec::new();
    for (at, outcome) in outcomes {
        match outcome {
            Ok(found) => status::store::<A>(status_at::<A>(statuses, at)?, &found)?,
            Err(failure) => failed.push((at, failure)),
        }
    }
    report_failed::<A>(statuses, &places, failed)
}

/// The errors of those of `places` that failed; none in the others.
fn report_failed<A: Abi>(
    statuses: Out<A::Status>,
    places: &[usize],
    failed: Vec<(usize, Failure)>,
) -> Result<()> {
    let Some((_, first)) = failed.first().cloned() else { return Ok(()) };
    let count = failed.len();
    for &at in places {
        status::store_error::<A>(status_at::<A>(statuses, at)?, 0)?;
    }
    for (at, failure) in failed {
        status::store_known::<A>(status_at::<A>(statuses, at)?, &failure)?;
        let code = global::with(|process| process.recent.code(failure.class, failure.text));
        status::store_error::<A>(status_at::<A>(statuses, at)?, code)?;
    }
    let text = match count {
        1 => first.text,
        _ => format!("{} (and {} more)", first.text, count - 1),
    };
    Err(Failure { class: class::IN_STATUS, text, ..first })
}

pub(super) fn empty<A: Abi>(statuses: Out<A::Status>, array: &Array<A>) -> Result<()> {
    if A::is_ignored(statuses.address()) {
        return Ok(());
    }
    let mut live = array.live.iter().map(|(at, _)| *at).peekable();
    for at in 0..array.len {
        if live.next_if_eq(&at).is_none() {
            status::store_with_error::<A>(statuses.element(at)?, &Status::EMPTY, 0)?;
        }
    }
    Ok(())
}

/// `MPI_Waitall`.
pub fn wait_all<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    block::wait(Waits::Waitall, &array.ids(), true)?;
    empty(statuses, &array)?;
    finish_all(&array, statuses)
}

/// Completes all of them. What is usual is done at once; what failed, and what the program itself has to say of, later.
fn finish_all<A: Abi>(array: &Array<A>, statuses: Out<A::Status>) -> Result<()> {
    let others = global::with(|process| {
        let mut others = Vec::new();
        for (n, (at, record)) in array.live.iter().enumerate() {
            match complete_plain::<A>(process, array.places.element(*at)?, record)? {
                Some(found) => status::store::<A>(status_at::<A>(statuses, *at)?, &found)?,
                None => others.push((n, array.complete(process, n)?)),
            }
        }
        Ok::<_, Failure>(others)
    })?;
    let mut failed = Vec::new();
    for (n, outcome) in others {
        let at = array.live[n].0;
        match array.finish(n, outcome) {
            Ok(found) => status::store::<A>(status_at::<A>(statuses, at)?, &found)?,
            Err(failure) => failed.push((at, failure)),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let places: Vec<usize> = array.live.iter().map(|(at, _)| *at).collect();
    report_failed::<A>(statuses, &places, failed)
}

/// `MPI_Testall`.
pub fn test_all<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    flag: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let ids = array.ids();
    block::work();
    let done = global::with(|process| {
        process.engine.progress();
        process.engine.is_settled(&ids, true)
    });
    block::tell(flag, done)?;
    if !done {
        return Ok(());
    }
    empty(statuses, &array)?;
    finish_all(&array, statuses)
}

/// Completes the first that is done of those that are active.
fn first_done<A: Abi>(array: &Array<A>, active: &[usize]) -> Result<Option<(usize, Result<Status>)>> {
    let found = global::with(|process| {
        for &n in active {
            if process.engine.is_settled(&[array.live[n].1.id], true) {
                return Ok::<_, Failure>(Some((n, array.complete(process, n)?)));
            }
        }
        Ok(None)
    })?;
    Ok(found.map(|(n, outcome)| (array.live[n].0, array.finish(n, outcome))))
}

/// `MPI_Waitany`.
pub fn wait_any<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    index: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        index.set(UNDEFINED)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    }
    let ids: Vec<_> = active.iter().map(|&n| array.live[n].1.id).collect();
    loop {
        block::wait(Waits::Waitany, &ids, false)?;
        if let Some((at, outcome)) = first_done(&array, &active)? {
            index.set(at as c_int)?;
            return status::settle::<A>(status, outcome);
        }
    }
}

/// `MPI_Testany`.
pub fn test_any<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    index: Out<c_int>,
    flag: Out<c_int>,
    status: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        flag.set(1)?;
        index.set(UNDEFINED)?;
        return status::store_with_error::<A>(status, &Status::EMPTY, 0);
    }
    block::work();
    global::with(|process| process.engine.progress());
    match first_done(&array, &active)? {
        None => {
            block::tell(flag, false)?;
            index.set(UNDEFINED)
        }
        Some((at, outcome)) => {
            flag.set(1)?;
            index.set(at as c_int)?;
            status::settle::<A>(status, outcome)
        }
    }
}

/// Completes all that are done; their statuses go to the first places of the array.
fn some<A: Abi>(
    array: &Array<A>,
    active: &[usize],
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let done = global::with(|process| {
        let mut done = Vec::new();
        for &n in active {
            if process.engine.is_settled(&[array.live[n].1.id], true) {
                done.push((n, array.complete(process, n)?));
            }
        }
        Ok::<_, Failure>(done)
    })?;
    if done.is_empty() {
        global::looked_in_vain();
    }
    out_count.set(done.len() as c_int)?;
    let mut outcomes = Vec::with_capacity(done.len());
    for (place, (n, outcome)) in done.into_iter().enumerate() {
        indices.element(place)?.set(array.live[n].0 as c_int)?;
        outcomes.push((place, array.finish(n, outcome)));
    }
    report::<A>(statuses, outcomes)
}

/// `MPI_Waitsome`.
pub fn wait_some<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        return out_count.set(UNDEFINED);
    }
    let ids: Vec<_> = active.iter().map(|&n| array.live[n].1.id).collect();
    block::wait(Waits::Waitsome, &ids, false)?;
    some(&array, &active, out_count, indices, statuses)
}

/// `MPI_Testsome`.
pub fn test_some<A: Abi>(
    call: &Call<A>,
    count: c_int,
    requests: Out<A::Request>,
    out_count: Out<c_int>,
    indices: Out<c_int>,
    statuses: Out<A::Status>,
) -> Result<()> {
    let array = Array::new(call, count, requests)?;
    let active = array.active();
    if active.is_empty() {
        return out_count.set(UNDEFINED);
    }
    block::work();
    global::with(|process| process.engine.progress());
    some(&array, &active, out_count, indices, statuses)
}
