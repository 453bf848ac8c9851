//! Error handlers, error classes, codes and strings: MPI 5.0 sections 9.3 to 9.5.

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::failure::{ADDED, Failure, Result, class, class_of, describe};
use crate::global::{self, Stage};
use std::ffi::{c_char, c_int};

/// `MPI_MAX_ERROR_STRING`, the same in every ABI.
const MAX_ERROR_STRING: usize = 512;

/// A handler function of a program: communicator, code, and whatever an implementation adds.
pub type Function = unsafe extern "C" fn(*mut c_int, *mut c_int, ...);

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

/// Tells whoever is to know of a failure, and gives what the function returns.
pub fn answer<A: Abi>(call: &Call<A>, failure: Failure) -> c_int {
    if global::stage() != Stage::Running {
        // MPI_Init itself, or one of the functions that may always be called.
        eprintln!("ranks: {}", line(call.name, None, &failure));
        std::process::exit(class_of(failure.class));
    }
    let (handler, text, code) = global::with(|process| {
        let named = call.blamed().filter(|&index| process.comm(index).is_some());
        let index = named.unwrap_or(builtin::SELF);
        let handler = process.comm(index).map(|record| record.handler).unwrap_or_default();
        let place = named.map(|index| process.comm_name(index));
        let rank = process.engine.rank();
        let text = format!("rank {rank}: {}", line(call.name, place.as_deref(), &failure));
        (handler, text.clone(), process.recent.code(failure.class, text))
    });
    match handler {
        Handler::Return => code,
        Handler::Fatal | Handler::Abort => {
            eprintln!("ranks: {text}");
            global::abort(class_of(code) & 0xff)
        }
        Handler::User(_, function) => {
            tell::<A>(function, call.blamed().unwrap_or(builtin::SELF), code);
            // The program has dealt with it; MPICH returns success then, and programs rely on it.
            0
        }
    }
}

fn tell<A: Abi>(function: Function, comm: u32, code: c_int) {
    let mut comm = comm_handle::<A>(comm);
    let mut code = code;
    // SAFETY: the program gave this function as an error handler; it takes the addresses of a
    // communicator's handle and of a code.
    unsafe { function((&raw mut comm).cast(), &raw mut code) };
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

/// The handler of a handle.
pub fn find<A: Abi>(handler: A::Errhandler) -> Result<Handler> {
    match handler.decode() {
        Ref::Builtin(builtin::FATAL) => Ok(Handler::Fatal),
        Ref::Builtin(builtin::RETURN) => Ok(Handler::Return),
        Ref::Builtin(_) => Ok(Handler::Abort),
        Ref::Dynamic(key) => {
            global::with(|process| process.handlers.get(key).copied()).ok_or_else(no_handler)
        }
        Ref::Null | Ref::Invalid => Err(no_handler()),
    }
}

fn no_handler() -> Failure {
    Failure::new(class::ERRHANDLER, "no such error handler")
}

/// `MPI_Comm_create_errhandler`.
pub fn create<A: Abi>(_: &Call<A>, function: Option<Function>, handler: Out<A::Errhandler>) -> Result<()> {
    let function = function.ok_or_else(|| Failure::new(class::ARG, "the function is a null pointer"))?;
    let key = global::with(|process| {
        let key = process.handlers.insert(Handler::User(0, function))?;
        *process.handlers.get_mut(key)? = Handler::User(key, function);
        Some(key)
    });
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many error handlers"))?;
    handler.set(A::Errhandler::encode(Ref::Dynamic(key)))
}

/// `MPI_Errhandler_free`: communicators that use it keep it.
pub fn free<A: Abi>(_: &Call<A>, handler: Out<A::Errhandler>) -> Result<()> {
    find::<A>(handler.get()?)?;
    if let Ref::Dynamic(key) = handler.get()?.decode() {
        global::with(|process| process.handlers.remove(key));
    }
    handler.set(A::Errhandler::NULL)
}

/// `MPI_Comm_set_errhandler`.
pub fn set<A: Abi>(call: &Call<A>, comm: A::Comm, handler: A::Errhandler) -> Result<()> {
    let comm = call.comm(comm)?;
    let handler = find::<A>(handler)?;
    global::with(|process| match process.comm(comm.index()) {
        Some(record) => {
            record.handler = handler;
            Ok(())
        }
        None => Err(crate::comm::gone()),
    })
}

/// `MPI_Comm_get_errhandler`.
pub fn get<A: Abi>(call: &Call<A>, comm: A::Comm, handler: Out<A::Errhandler>) -> Result<()> {
    let comm = call.comm(comm)?;
    let found = global::with(|process| {
        let found = process.comm(comm.index()).map(|record| record.handler)?;
        // The handle that the program gets is its own to free: one freed before gets a new key.
        if let Handler::User(key, function) = found
            && process.handlers.get(key).is_none()
        {
            let key = process.handlers.insert(Handler::User(0, function))?;
            *process.handlers.get_mut(key)? = Handler::User(key, function);
            return Some(Handler::User(key, function));
        }
        Some(found)
    });
    handler.set(A::Errhandler::encode(match found.ok_or_else(crate::comm::gone)? {
        Handler::Fatal => Ref::Builtin(builtin::FATAL),
        Handler::Return => Ref::Builtin(builtin::RETURN),
        Handler::Abort => Ref::Builtin(builtin::ABORT),
        Handler::User(key, _) => Ref::Dynamic(key),
    }))
}

/// `MPI_Comm_call_errhandler`.
pub fn call_handler<A: Abi>(call: &Call<A>, comm: A::Comm, code: c_int) -> Result<()> {
    let comm = call.comm(comm)?;
    let record = global::with(|process| process.comm(comm.index()).map(|record| record.handler));
    match record.ok_or_else(crate::comm::gone)? {
        Handler::Return => Ok(()),
        Handler::User(_, function) => {
            tell::<A>(function, comm.index(), code);
            Ok(())
        }
        Handler::Fatal | Handler::Abort => {
            Err(Failure::new(class_of(code), "the program called the error handler"))
        }
    }
}

/// `MPI_Error_class`.
pub fn class<A: Abi>(_: &Call<A>, code: c_int, class: Out<c_int>) -> Result<()> {
    if code & ADDED == 0 {
        return class.set(class_of(code));
    }
    let known = global::with(|process| process.added.get(&code).map(|added| added.class));
    class.set(known.ok_or_else(|| no_code(code))?)
}

fn no_code(code: c_int) -> Failure {
    Failure::new(class::ARG, format!("{code} is no error code"))
}

/// `MPI_Error_string`.
pub fn string<A: Abi>(_: &Call<A>, code: c_int, text: Out<c_char>, length: Out<c_int>) -> Result<()> {
    let running = global::stage() == Stage::Running && !ranks_shm::life::is_forked_child();
    let words = if code & ADDED != 0 {
        let known = running.then(|| global::with(|p| p.added.get(&code).map(|added| added.text.clone())));
        known.flatten().ok_or_else(|| no_code(code))?
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

/// A class or code that the program added.
pub struct Added {
    class: c_int,
    text: String,
}

/// The first class that a program adds; as in MPICH.
const FIRST_ADDED: c_int = ADDED + 129;

fn add(class: Option<c_int>) -> c_int {
    global::with(|process| {
        let code = process.added.last_key_value().map_or(FIRST_ADDED, |(code, _)| code + 1);
        process.added.insert(code, Added { class: class.unwrap_or(code), text: String::new() });
        crate::attribute::set_last_used_code(code);
        code
    })
}

/// `MPI_Add_error_class`.
pub fn add_class<A: Abi>(_: &Call<A>, class: Out<c_int>) -> Result<()> {
    class.set(add(None))
}

/// `MPI_Add_error_code`.
pub fn add_code<A: Abi>(_: &Call<A>, class: c_int, code: Out<c_int>) -> Result<()> {
    code.set(add(Some(class)))
}

/// `MPI_Add_error_string`.
pub fn add_string<A: Abi>(_: &Call<A>, code: c_int, text: In<c_char>) -> Result<()> {
    let text = text.text()?;
    global::with(|process| match process.added.get_mut(&code) {
        Some(added) => {
            added.text = text;
            Ok(())
        }
        None => Err(Failure::new(class::ARG, format!("{code} was not added by this program"))),
    })
}
