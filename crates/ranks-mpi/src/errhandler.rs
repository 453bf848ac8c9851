//! Error handlers, error codes and strings: MPI 5.0 sections 9.3 and 9.4.
//!
//! | file | what it holds |
//! |---|---|
//! | this | the handlers; who hears of an error, and in which words |
//! | `object` | what errors belong to: communicators, windows, files, sessions |
//! | `added` | classes, codes and strings that the program adds and removes |

mod added;
mod object;

pub use added::{Added, add_class, add_code, add_string, remove_class, remove_code, remove_string};
pub use object::Object;

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{ADDED, Failure, Result, class, class_of, describe};
use crate::global::{self, Stage};
use crate::lasting;
use crate::process::Process;
use std::ffi::{c_char, c_int};

/// `MPI_MAX_ERROR_STRING`, the same in every ABI.
const MAX_ERROR_STRING: usize = 512;

/// A handler function of a program: communicator, code, and whatever an implementation adds.
pub type Function = unsafe extern "C-unwind" fn(*mut c_int, *mut c_int, ...);

/// What happens on an error.
#[derive(Clone, Copy, Default)]
pub enum Handler {
    /// The job ends.
    #[default]
    Fatal,
    /// The code is returned.
    Return,
    /// As fatal, for the ranks of the communicator; here the job is what ends.
    Abort,
    /// A function of the program is called; the key of its handle.
    User(u32, Function),
}

/// A handler that a program made.
pub struct Made {
    handler: Handler,
    /// How many handles for it the program has and has not freed: the one that it was made with, and one for each time
    /// that it asked for the handler of an object.
    handles: u32,
}

/// Enters a function as a new handler, with one handle. `None`: there are too many.
fn enter(function: Function) -> Option<u32> {
    lasting::with(|lasting| {
        let key = lasting.handlers.insert(Made { handler: Handler::User(0, function), handles: 1 })?;
        lasting.handlers.get_mut(key)?.handler = Handler::User(key, function);
        Some(key)
    })
}

/// Tells whoever is to know of a failure, and gives what the function returns.
pub fn answer<A: Abi>(call: &Call<A>, failure: Failure) -> c_int {
    if global::stage() != Stage::Running {
        // MPI_Init itself, or one of the functions that may always be called.
        ranks_shm::say::line(format_args!("ranks: {}", line(call.name, None, &failure)));
        std::process::exit(class_of(failure.class));
    }
    let (handler, text, code, object) = global::with(|process| {
        let named = call.blamed().filter(|object| object.handler(process).is_some());
        let object = named.unwrap_or_else(|| nobodys(process));
        let handler = object.handler(process).copied().unwrap_or_default();
        let place = named.and_then(|object| object.name(process));
        let rank = process.engine.rank();
        let text = format!("rank {rank}: {}", line(call.name, place.as_deref(), &failure));
        (handler, text.clone(), process.recent.code(failure.class, text), object)
    });
    match handler {
        Handler::Return => code,
        Handler::Fatal | Handler::Abort => {
            ranks_shm::say::line(format_args!("ranks: {text}"));
            global::abort(class_of(code) & 0xff)
        }
        Handler::User(_, function) => {
            tell::<A>(function, object, code);
            // The program has dealt with it; MPICH returns success then, and programs rely on it.
            0
        }
    }
}

/// Whose the errors are of calls that concern no communicator, window, file or session: `MPI_COMM_SELF`'s. As long
/// as a program has said nothing about that one they are `MPI_COMM_WORLD`'s, as up to MPI 3 and in MPICH.
fn nobodys(process: &mut Process) -> Object {
    let said = |process: &mut Process, index| process.comm(index).is_some_and(|record| record.handler_set);
    if !said(process, builtin::SELF) && said(process, builtin::WORLD) {
        return Object::Comm(builtin::WORLD);
    }
    Object::Comm(builtin::SELF)
}

fn tell<A: Abi>(function: Function, object: Object, code: c_int) {
    // As wide as any handle; one that is an int is in the first bytes.
    let mut handle = object.raw::<A>();
    let mut code = code;
    // SAFETY: the program gave this function as an error handler; it takes the addresses of a handle of the
    // kind of object that it was set for, and of a code.
    unsafe { function((&raw mut handle).cast(), &raw mut code) };
}

/// The handle of a communicator's index.
pub fn comm_handle<A: Abi>(index: u32) -> A::Comm {
    if index <= builtin::SELF {
        A::Comm::encode(Ref::Builtin(index))
    } else {
        A::Comm::encode(Ref::Dynamic(index))
    }
}

/// As in `MPI_Recv on world from rank 0, tag 5: message of 40 bytes ... (MPI_ERR_TRUNCATE)`.
fn line(name: &str, place: Option<&str>, failure: &Failure) -> String {
    use std::fmt::Write;
    let mut line = name.to_string();
    if let Some(place) = place {
        let _ = write!(line, " on {place}");
    }
    let lower = name.to_ascii_lowercase();
    let sends = lower.contains("send") && !lower.contains("sendrecv");
    let preposition = if sends { "to" } else { "from" };
    let mut comma = "";
    match failure.peer {
        None => {}
        Some(ranks_engine::ANY_SOURCE) => {
            let _ = write!(line, " {preposition} any rank");
            comma = ",";
        }
        Some(peer) => {
            let _ = write!(line, " {preposition} rank {peer}");
            comma = ",";
        }
    }
    match failure.tag {
        None => {}
        Some(ranks_engine::ANY_TAG) => {
            let _ = write!(line, "{comma} any tag");
        }
        Some(tag) => {
            let _ = write!(line, "{comma} tag {tag}");
        }
    }
    let class = describe(class_of(failure.class)).map_or("an error of the program", |(name, _)| name);
    let _ = write!(line, ": {} ({class})", failure.text);
    line
}

/// The handler that `mpiexec -initial-errhandler` names.
pub fn named(name: &str) -> Option<Handler> {
    match name {
        "mpi_errors_are_fatal" => Some(Handler::Fatal),
        "mpi_errors_abort" => Some(Handler::Abort),
        "mpi_errors_return" => Some(Handler::Return),
        _ => None,
    }
}

/// The handler of a handle.
pub fn find<A: Abi>(handler: A::Errhandler) -> Result<Handler> {
    match handler.decode() {
        Ref::Builtin(builtin::FATAL) => Ok(Handler::Fatal),
        Ref::Builtin(builtin::RETURN) => Ok(Handler::Return),
        Ref::Builtin(_) => Ok(Handler::Abort),
        Ref::Dynamic(key) => {
            lasting::with(|lasting| lasting.handlers.get(key).map(|made| made.handler)).ok_or_else(no_handler)
        }
        Ref::Null | Ref::Invalid => Err(no_handler()),
    }
}

fn no_handler() -> Failure {
    Failure::new(class::ERRHANDLER, "no such error handler")
}

/// `MPI_Comm_create_errhandler`.
pub fn create<A: Abi>(_: &Call<A>, function: Option<Function>, handler: Out<A::Errhandler>) -> Result<()> {
    handler.set(A::Errhandler::NULL)?;
    let function = function.ok_or_else(|| Failure::new(class::ARG, "the function is a null pointer"))?;
    let key = enter(function).ok_or_else(|| Failure::new(class::NO_MEM, "too many error handlers"))?;
    handler.set(A::Errhandler::encode(Ref::Dynamic(key)))
}

/// `MPI_Errhandler_free`: communicators that use it keep it, and so does every other handle for it.
pub fn free<A: Abi>(_: &Call<A>, handler: Out<A::Errhandler>) -> Result<()> {
    find::<A>(handler.get()?)?;
    if let Ref::Dynamic(key) = handler.get()?.decode() {
        lasting::with(|lasting| {
            let Some(made) = lasting.handlers.get_mut(key) else { return };
            made.handles -= 1;
            if made.handles == 0 {
                lasting.handlers.remove(key);
            }
        });
    }
    handler.set(A::Errhandler::NULL)
}

/// `MPI_Comm_set_errhandler`.
pub fn set<A: Abi>(call: &Call<A>, comm: A::Comm, handler: A::Errhandler) -> Result<()> {
    object::set::<A>(Object::Comm(call.comm(comm)?.index()), handler)
}

/// `MPI_Comm_get_errhandler`.
pub fn get<A: Abi>(call: &Call<A>, comm: A::Comm, handler: Out<A::Errhandler>) -> Result<()> {
    handler.set(A::Errhandler::NULL)?;
    object::get::<A>(Object::Comm(call.comm(comm)?.index()), handler)
}

/// `MPI_Comm_call_errhandler`.
pub fn call_handler<A: Abi>(call: &Call<A>, comm: A::Comm, code: c_int) -> Result<()> {
    object::call::<A>(Object::Comm(call.comm(comm)?.index()), code)
}

/// The three functions of another kind of object.
macro_rules! of_object {
    ($kind:ident, $find:path, $set:ident, $get:ident, $call:ident) => {
        #[doc = concat!("`MPI_", stringify!($kind), "_set_errhandler`.")]
        pub fn $set<A: Abi>(call: &Call<A>, of: A::$kind, handler: A::Errhandler) -> Result<()> {
            object::set::<A>($find(call, of)?, handler)
        }

        #[doc = concat!("`MPI_", stringify!($kind), "_get_errhandler`.")]
        pub fn $get<A: Abi>(call: &Call<A>, of: A::$kind, handler: Out<A::Errhandler>) -> Result<()> {
            handler.set(A::Errhandler::NULL)?;
            object::get::<A>($find(call, of)?, handler)
        }

        #[doc = concat!("`MPI_", stringify!($kind), "_call_errhandler`.")]
        pub fn $call<A: Abi>(call: &Call<A>, of: A::$kind, code: c_int) -> Result<()> {
            object::call::<A>($find(call, of)?, code)
        }
    };
}

of_object!(Win, crate::window::object, set_of_win, get_of_win, call_of_win);
of_object!(File, crate::file::object, set_of_file, get_of_file, call_of_file);
of_object!(Session, crate::session::object, set_of_session, get_of_session, call_of_session);

/// `MPI_Error_class`.
pub fn class<A: Abi>(_: &Call<A>, code: c_int, class: Out<c_int>) -> Result<()> {
    if code & ADDED == 0 {
        return class.set(class_of(code));
    }
    let known = lasting::with(|lasting| lasting.added.class(code));
    class.set(known.ok_or_else(|| no_code(code))?)
}

fn no_code(code: c_int) -> Failure {
    Failure::new(class::ARG, format!("{code} is no error code"))
}

/// `MPI_Error_string`.
pub fn string<A: Abi>(_: &Call<A>, code: c_int, text: Out<c_char>, length: Out<c_int>) -> Result<()> {
    let running = global::stage() == Stage::Running && !ranks_shm::life::is_forked_child();
    let words = if code & ADDED != 0 {
        lasting::with(|lasting| lasting.added.text(code)).ok_or_else(|| no_code(code))?
    } else {
        let (name, meaning) = describe(class_of(code)).ok_or_else(|| no_code(code))?;
        let story = running.then(|| global::with(|p| p.recent.text(code).map(str::to_string))).flatten();
        // A story ends with the class in brackets; programs look for it in front.
        match story {
            Some(story) => format!("{name}: {}", story.trim_end_matches(&format!(" ({name})"))),
            None => format!("{name}: {meaning}"),
        }
    };
    text.text(&words, MAX_ERROR_STRING, length)
}
