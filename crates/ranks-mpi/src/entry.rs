//! What surrounds every MPI function: is MPI running, what went wrong, who is told.
//!
//! A function of the program that the library calls (an error handler, an operation, a callback of an attribute) may throw a
//! C++ exception. It passes through to whoever called the MPI function, as it passes through a library in C. Hence
//! nothing here catches: a panic of the library itself ends the job when it arrives here.

use crate::abi::{Abi, Handle, Ref};
use crate::errhandler::{self, Object};
use crate::failure::{Failure, Result, class};
use crate::global::{self, Stage};
use ranks_engine::CommId;
use ranks_shm::life::is_forked_child;
use std::cell::Cell;
use std::ffi::c_int;
use std::marker::PhantomData;

/// One call of an MPI function.
pub struct Call<A> {
    /// The function's name.
    pub name: &'static str,
    /// The object whose error handler answers: the last one that the function looked at.
    object: Cell<Option<Object>>,
    abi: PhantomData<A>,
}

impl<A: Abi> Call<A> {
    /// A call of `name`.
    #[inline(always)]
    pub fn new(name: &'static str) -> Self {
        Self { name, object: Cell::new(None), abi: PhantomData }
    }

    /// The communicator of a handle.
    #[inline(always)]
    pub fn comm(&self, comm: A::Comm) -> Result<CommId> {
        match comm.decode() {
            Ref::Builtin(index) | Ref::Dynamic(index) => {
                self.about(index);
                Ok(CommId::from_index(index))
            }
            Ref::Null => Err(Failure::new(class::COMM, "the communicator is MPI_COMM_NULL")),
            Ref::Invalid => {
                Err(Failure::new(class::COMM, format!("{:#x} is no communicator", comm.to_int())))
            }
        }
    }

    /// Errors from here on belong to this communicator.
    pub fn about(&self, comm: u32) {
        self.blame(Object::Comm(comm));
    }

    /// Errors from here on belong to this object.
    pub fn blame(&self, object: Object) {
        self.object.set(Some(object));
    }

    /// What errors belong to.
    pub fn blamed(&self) -> Option<Object> {
        self.object.get()
    }
}

/// An MPI function that needs MPI to run.
#[inline(always)]
pub fn enter<A: Abi>(name: &'static str, body: impl FnOnce(&Call<A>) -> Result<()>) -> c_int {
    if global::stage() != Stage::Running {
        outside(name);
    }
    if is_forked_child() {
        return in_a_child(name);
    }
    guarded(name, body)
}

/// An MPI function that may be called at any time.
#[inline(always)]
pub fn guarded<A: Abi>(name: &'static str, body: impl FnOnce(&Call<A>) -> Result<()>) -> c_int {
    let call = Call::new(name);
    let inside = Inside(name);
    let code = match body(&call) {
        Ok(()) => 0,
        Err(failure) => answer(&call, failure),
    };
    std::mem::forget(inside);
    code
}

/// A call that runs: dropped only when it ends by unwinding.
struct Inside(&'static str);

impl Drop for Inside {
    #[cold]
    fn drop(&mut self) {
        // An exception of the program is no panic. It goes on.
        if std::thread::panicking() {
            defect(self.0);
        }
    }
}

/// The library has panicked. What it knows may be half changed, and a panic must not enter a program in C.
#[cold]
fn defect(name: &'static str) -> ! {
    ranks_shm::say::line(format_args!(
        "ranks: {name}: the library has a defect, which the lines above describe (MPI_ERR_INTERN)"
    ));
    global::abort(class::INTERN)
}

/// A function that is not there yet.
#[cold]
pub fn unsupported<A: Abi>(name: &'static str, comms: &[Option<c_int>]) -> c_int {
    enter::<A>(name, |call| {
        if let Some(comm) = comms.iter().copied().flatten().next() {
            call.comm(A::Comm::from_int(comm))?;
        } else if name.starts_with("MPI_File_") {
            // Errors of files return unless the program says otherwise.
            call.blame(Object::File(None));
        }
        Err(Failure::new(class::UNSUPPORTED_OPERATION, "not supported by this library yet"))
    })
}

#[cold]
#[inline(never)]
fn answer<A: Abi>(call: &Call<A>, failure: Failure) -> c_int {
    errhandler::answer(call, failure)
}

/// A call in a forked child: the rank is the parent's. Returned, whatever the error handler, which belongs to
/// the parent too; and without the lock, which a thread of the parent may have had at the fork.
#[cold]
fn in_a_child(name: &'static str) -> c_int {
    match name {
        // A child that ends as every program does, or in a hurry, does nothing wrong.
        "MPI_Finalize" => 0,
        "MPI_Abort" => std::process::exit(1),
        _ => {
            let what =
                "called in a forked child of a rank: only the process that initialised may communicate";
            ranks_shm::say::line(format_args!("ranks: {name}: {what}"));
            class::OTHER
        }
    }
}

/// A call before `MPI_Init` or after `MPI_Finalize`: there is no communicator whose handler could
/// answer, so the process ends, as the standard's initial error handler says.
#[cold]
fn outside(name: &'static str) -> ! {
    let when = match global::stage() {
        Stage::Before => "before MPI_Init",
        Stage::Running | Stage::After => "after MPI_Finalize",
    };
    let rank = global::known_rank().map_or(String::new(), |rank| format!("rank {rank}: "));
    ranks_shm::say::line(format_args!("ranks: {rank}{name}: called {when}"));
    std::process::exit(class::OTHER)
}
