//! What errors belong to: each object has a handler of its own.

use super::{Handler, comm_handle, enter, find, tell};
use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::Out;
use crate::failure::{Failure, Result, class, class_of};
use crate::global;
use crate::lasting;
use crate::process::Process;
use std::ffi::c_int;

/// An object that has an error handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A communicator, by its index.
    Comm(u32),
    /// A window, by its key.
    Win(u32),
    /// A file, by its key. `None` is `MPI_FILE_NULL`, whose handler is that of calls without a file, and of files to be opened.
    File(Option<u32>),
    /// A session, by its key.
    Session(u32),
}

impl Object {
    /// Its handler; `None` when the object is not there any more.
    pub(super) fn handler(self, process: &mut Process) -> Option<&mut Handler> {
        match self {
            Object::Comm(index) => Some(&mut process.comm(index)?.handler),
            Object::Win(key) => Some(&mut process.windows.get_mut(key)?.handler),
            Object::File(None) => Some(&mut process.no_file),
            Object::File(Some(key)) => Some(&mut process.files.get_mut(key)?.handler),
            Object::Session(key) => Some(&mut process.sessions.get_mut(key)?.handler),
        }
    }

    /// What people call it.
    pub(super) fn name(self, process: &mut Process) -> Option<String> {
        match self {
            Object::Comm(index) => Some(process.comm_name(index)),
            Object::Win(key) => Some(match &process.windows.get(key)?.name {
                Some(name) => name.clone(),
                None => "a window".into(),
            }),
            Object::File(None) => None,
            Object::File(Some(key)) => Some(process.files.get(key)?.path.display().to_string()),
            Object::Session(_) => Some("a session".into()),
        }
    }

    /// Its handle, in as many bytes as any handle has.
    pub(super) fn raw<A: Abi>(self) -> usize {
        let int = match self {
            Object::Comm(index) => comm_handle::<A>(index).to_int(),
            Object::Win(key) => A::Win::encode(Ref::Dynamic(key)).to_int(),
            Object::File(key) => key.map_or(A::File::NULL, |key| A::File::encode(Ref::Dynamic(key))).to_int(),
            Object::Session(key) => A::Session::encode(Ref::Dynamic(key)).to_int(),
        };
        int as u32 as usize
    }

    fn gone(self) -> Failure {
        match self {
            Object::Comm(_) => crate::comm::gone(),
            Object::Win(_) => crate::window::gone(),
            Object::File(_) => crate::file::gone(),
            Object::Session(_) => crate::session::gone(),
        }
    }
}

/// Sets the handler of an object.
pub(super) fn set<A: Abi>(object: Object, handler: A::Errhandler) -> Result<()> {
    let handler = find::<A>(handler)?;
    global::with(|process| {
        *object.handler(process).ok_or_else(|| object.gone())? = handler;
        if let Object::Comm(index) = object
            && let Some(record) = process.comm(index)
        {
            record.handler_set = true;
        }
        Ok(())
    })
}

/// A handle for the handler of an object.
pub(super) fn get<A: Abi>(object: Object, handler: Out<A::Errhandler>) -> Result<()> {
    let found = global::with(|process| {
        let found = *object.handler(process)?;
        let Handler::User(key, function) = found else { return Some(found) };
        // The handle that the program gets is its own to free. A handler whose handles were all freed gets a new key.
        let known =
            lasting::with(|lasting| lasting.handlers.get_mut(key).map(|made| made.handles += 1).is_some());
        if known { Some(found) } else { Some(Handler::User(enter(function)?, function)) }
    });
    handler.set(A::Errhandler::encode(match found.ok_or_else(|| object.gone())? {
        Handler::Fatal => Ref::Builtin(builtin::FATAL),
        Handler::Return => Ref::Builtin(builtin::RETURN),
        Handler::Abort => Ref::Builtin(builtin::ABORT),
        Handler::User(key, _) => Ref::Dynamic(key),
    }))
}

/// Calls the handler of an object.
pub(super) fn call<A: Abi>(object: Object, code: c_int) -> Result<()> {
    let handler = global::with(|process| object.handler(process).copied());
    match handler.ok_or_else(|| object.gone())? {
        Handler::Return => Ok(()),
        Handler::User(_, function) => {
            tell::<A>(function, object, code);
            Ok(())
        }
        Handler::Fatal | Handler::Abort => Err(Failure::new(
            if code == 0 { class::OTHER } else { class_of(code) },
            "the program called the error handler",
        )),
    }
}
