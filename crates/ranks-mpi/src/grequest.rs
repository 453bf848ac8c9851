//! Generalised requests: MPI 5.0 section 13.2. The program's own operations, as requests.
//!
//! The callbacks are the program's code: they run without the lock, and may call MPI.

use crate::abi::{Abi, Handle};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::p2p::handle;
use crate::process::{Also, RequestRecord};
use crate::request;
use crate::status;
use ranks_engine::{CommId, Status};
use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Fills in the status.
pub type Query = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void) -> c_int;
/// Frees what the operation has.
pub type Free = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;
/// Asked to cancel; the flag says whether the operation is complete.
pub type Cancel = unsafe extern "C-unwind" fn(*mut c_void, c_int) -> c_int;

type FortranQuery = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_int);
type FortranFree = unsafe extern "C-unwind" fn(*mut c_void, *mut c_int);
type FortranCancel = unsafe extern "C-unwind" fn(*mut c_void, *const c_int, *mut c_int);

/// A generalised request.
#[derive(Clone)]
pub struct General {
    query: Option<Query>,
    free: Option<Free>,
    cancel: Option<Cancel>,
    extra: usize,
    done: Arc<AtomicBool>,
    /// Its callbacks are Fortran's: every argument is an address, and the last one is for the code.
    fortran: bool,
    /// The program has freed it; it goes when it is complete.
    freed: bool,
}

impl General {
    fn extra(&self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.extra)
    }

    /// What the program says of it.
    fn query<A: Abi>(&self) -> Result<Status> {
        let mut answer = status::empty::<A>();
        if let Some(query) = self.query {
            let (extra, place) = (self.extra(), (&raw mut answer).cast());
            // SAFETY: the program gave this function to be called with its pointer and a status to fill in; where it
            // is Fortran's it has the address of a code besides.
            let code = unsafe {
                match self.fortran {
                    true => code_of(|code| transmute::<Query, FortranQuery>(query)(extra, place, code)),
                    false => query(extra, place),
                }
            };
            refused(code, "query")?;
        }
        let said = A::read_status(&answer);
        Ok(Status { source: A::rank_in(said.source), tag: A::tag_in(said.tag), ..said })
    }

    fn free(&self) -> Result<()> {
        match self.free {
            Some(free) => {
                let extra = self.extra();
                // SAFETY: as for `query`.
                let code = unsafe {
                    match self.fortran {
                        true => code_of(|code| transmute::<Free, FortranFree>(free)(extra, code)),
                        false => free(extra),
                    }
                };
                refused(code, "free")
            }
            None => Ok(()),
        }
    }

    fn cancel(&self) -> Result<()> {
        let Some(cancel) = self.cancel else { return Ok(()) };
        let (extra, complete) = (self.extra(), c_int::from(self.done.load(Ordering::Acquire)));
        // SAFETY: as for `query`, with a flag.
        let code = unsafe {
            match self.fortran {
                true => code_of(|code| {
                    transmute::<Cancel, FortranCancel>(cancel)(extra, &raw const complete, code)
                }),
                false => cancel(extra, complete),
            }
        };
        refused(code, "cancel")
    }
}

/// What a Fortran callback answers in its last argument.
fn code_of(call: impl FnOnce(*mut c_int)) -> c_int {
    let mut code = 0;
    call(&raw mut code);
    code
}

fn refused(code: c_int, what: &str) -> Result<()> {
    match code {
        0 => Ok(()),
        code => Err(Failure::new(code, format!("the {what} callback of a request returned {code}"))),
    }
}

fn find(key: u32) -> Result<General> {
    let known = global::with(|process| process.generals.get(key).cloned());
    known.ok_or_else(|| Failure::new(class::REQUEST, "no such generalised request: it is complete or freed"))
}

/// `MPI_Grequest_start`.
pub fn start<A: Abi>(
    _: &Call<A>,
    query: Option<Query>,
    free: Option<Free>,
    cancel: Option<Cancel>,
    extra: Out<c_void>,
    request: Out<A::Request>,
) -> Result<()> {
    request.set(A::Request::NULL)?;
    let done = Arc::new(AtomicBool::new(false));
    let extra = extra.address().expose_provenance();
    let general = General { query, free, cancel, extra, done: done.clone(), fortran: false, freed: false };
    request.set(global::with(|process| {
        let key = process.generals.insert(general);
        let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many generalised requests"))?;
        let id = process.engine.begin_external(done);
        let handle = handle::<A>(process, id, CommId::SELF)?;
        request::record::<A>(process, handle)?.also = Also::General(key);
        Ok::<_, Failure>(handle)
    })?)
}

fn general_of<A: Abi>(call: &Call<A>, request: A::Request) -> Result<u32> {
    match request::existing(call, request)?.also {
        Also::General(key) => Ok(key),
        _ => Err(Failure::new(class::REQUEST, "not a generalised request")),
    }
}

/// `MPII_Grequest_set_lang_f77`: the callbacks of a request are Fortran's.
pub fn set_fortran<A: Abi>(call: &Call<A>, request: A::Request) -> Result<()> {
    let key = general_of(call, request)?;
    global::with(|process| {
        if let Some(general) = process.generals.get_mut(key) {
            general.fortran = true;
        }
    });
    Ok(())
}

/// `MPI_Grequest_complete`. Whoever waits is told: taking the lock ends its sleep.
pub fn complete<A: Abi>(call: &Call<A>, request: A::Request) -> Result<()> {
    let key = general_of(call, request)?;
    let general = find(key)?;
    if general.done.swap(true, Ordering::AcqRel) {
        return Err(Failure::new(class::REQUEST, "the generalised request is complete already"));
    }
    global::with(|process| process.engine.progress());
    if general.freed {
        global::with(|process| process.generals.remove(key));
        return general.free();
    }
    Ok(())
}

/// What the program says of a request that is complete; its part ends with that unless it is to `stay`.
pub fn finish<A: Abi>(record: RequestRecord, stays: bool, outcome: Result<Status>) -> Result<Status> {
    let Also::General(key) = record.also else { return outcome };
    let general = find(key)?;
    outcome?;
    let said = general.query::<A>();
    if stays {
        return said;
    }
    global::with(|process| process.generals.remove(key));
    let freed = general.free();
    said.and_then(|said| freed.map(|()| said))
}

/// `MPI_Cancel` of one.
pub fn cancel(key: u32) -> Result<()> {
    find(key)?.cancel()
}

/// `MPI_Request_free` of one: its part ends when it is complete, or now.
pub fn freed(key: u32) -> Result<()> {
    let general = find(key)?;
    if general.done.load(Ordering::Acquire) {
        global::with(|process| process.generals.remove(key));
        return general.free();
    }
    global::with(|process| {
        if let Some(general) = process.generals.get_mut(key) {
            general.freed = true;
        }
    });
    Ok(())
}
