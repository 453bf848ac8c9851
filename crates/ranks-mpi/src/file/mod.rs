//! Files: MPI 5.0 chapter 14. What there is of them: their life, size, view and hints. Reading and writing are not there
//! yet, and say so.
//!
//! | file | what it holds |
//! |---|---|
//! | this | what a file is; what there is to know and to set |
//! | `open` | opening, closing, deleting |
//! | `view` | views and positions |

pub mod open;
pub mod view;

use crate::abi::{Abi, Handle, Ref};
use crate::argument::Out;
use crate::entry::Call;
use crate::errhandler::{Handler, Object};
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use crate::info::Pairs;
use ranks_engine::CommId;
use std::ffi::c_int;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A file.
pub struct File {
    /// A communicator of its own.
    comm: CommId,
    /// What happens on errors.
    pub handler: Handler,
    /// Its name.
    pub path: PathBuf,
    file: Arc<std::fs::File>,
    mode: c_int,
    info: Pairs,
    view: view::View,
    /// In units of the view's elements.
    position: i64,
    shared_position: i64,
    atomic: bool,
}

/// The file is not there any more.
pub fn gone() -> Failure {
    Failure::new(class::FILE, "no such file handle: the file was closed, or never opened")
}

/// The key of a file, which errors belong to from here on.
fn key<A: Abi>(call: &Call<A>, file: A::File) -> Result<u32> {
    call.blame(Object::File(None));
    match file.decode() {
        Ref::Dynamic(key) if global::with(|process| process.files.get(key).is_some()) => {
            call.blame(Object::File(Some(key)));
            Ok(key)
        }
        Ref::Null => Err(Failure::new(class::FILE, "the file is MPI_FILE_NULL")),
        _ => Err(gone()),
    }
}

/// What errors belong to; `MPI_FILE_NULL` has a handler too.
pub fn object<A: Abi>(call: &Call<A>, file: A::File) -> Result<Object> {
    match file == A::File::NULL {
        true => Ok(Object::File(None)),
        false => Ok(Object::File(Some(key(call, file)?))),
    }
}

/// Does `work` on a file, with the lock.
fn on<A: Abi, R>(call: &Call<A>, file: A::File, work: impl FnOnce(&mut File) -> R) -> Result<R> {
    let key = key(call, file)?;
    global::with(|process| process.files.get_mut(key).map(work)).ok_or_else(gone)
}

/// An error of the system, about a file.
fn system(what: &str, error: &io::Error) -> Failure {
    use io::ErrorKind::*;
    let class = match error.kind() {
        NotFound => class::NO_SUCH_FILE,
        PermissionDenied => class::ACCESS,
        AlreadyExists => class::FILE_EXISTS,
        ReadOnlyFilesystem => class::READ_ONLY,
        StorageFull => class::NO_SPACE,
        QuotaExceeded => class::QUOTA,
        InvalidInput | IsADirectory | NotADirectory | InvalidFilename => class::BAD_FILE,
        ResourceBusy | ExecutableFileBusy => class::FILE_IN_USE,
        OutOfMemory => class::NO_MEM,
        _ => class::IO,
    };
    Failure::new(class, format!("{what}: {error}"))
}

/// Asks the system, without the lock.
fn ask<A: Abi, R>(
    call: &Call<A>,
    file: A::File,
    work: impl FnOnce(&std::fs::File) -> io::Result<R>,
) -> Result<R> {
    let (handle, path) = on(call, file, |file| (file.file.clone(), file.path.clone()))?;
    work(&handle).map_err(|error| system(&path.display().to_string(), &error))
}

/// `MPI_File_get_size`.
pub fn size<A: Abi>(call: &Call<A>, file: A::File, size: Out<i64>) -> Result<()> {
    size.set(ask(call, file, |file| Ok(file.metadata()?.len()))? as i64)
}

fn length(bytes: i64) -> Result<u64> {
    u64::try_from(bytes).map_err(|_| Failure::new(class::ARG, format!("a file of {bytes} bytes")))
}

/// Changes the size; all ranks are to agree, and the first does it.
fn resize<A: Abi>(call: &Call<A>, file: A::File, bytes: i64, shrink: bool) -> Result<()> {
    let comm = on(call, file, |file| file.comm)?;
    let length = length(bytes)?;
    let first = global::with(|process| process.engine.comm_rank(comm))? == 0;
    let done = match first {
        true => ask(call, file, |file| match shrink || file.metadata()?.len() < length {
            true => file.set_len(length),
            false => Ok(()),
        }),
        false => Ok(()),
    };
    open::agree(comm, done)
}

/// `MPI_File_set_size`.
pub fn set_size<A: Abi>(call: &Call<A>, file: A::File, bytes: i64) -> Result<()> {
    resize(call, file, bytes, true)
}

/// `MPI_File_preallocate`: a file that is long enough stays.
pub fn preallocate<A: Abi>(call: &Call<A>, file: A::File, bytes: i64) -> Result<()> {
    resize(call, file, bytes, false)
}

/// `MPI_File_sync`.
pub fn sync<A: Abi>(call: &Call<A>, file: A::File) -> Result<()> {
    let comm = on(call, file, |file| file.comm)?;
    // What cannot be written to has nothing to be made durable (a device, a file opened for reading).
    let done = ask(call, file, |file| match file.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    });
    open::agree(comm, done)
}

/// `MPI_File_get_group`.
pub fn get_group<A: Abi>(call: &Call<A>, file: A::File, group: Out<A::Group>) -> Result<()> {
    let comm = on(call, file, |file| file.comm)?;
    group.set(group::make::<A>(global::with(|process| process.engine.comm_group(comm))?)?)
}

/// `MPI_File_get_amode`.
pub fn mode<A: Abi>(call: &Call<A>, file: A::File, mode: Out<c_int>) -> Result<()> {
    mode.set(on(call, file, |file| file.mode)?)
}

/// `MPI_File_set_info`: hints are kept, and change nothing.
pub fn set_info<A: Abi>(call: &Call<A>, file: A::File, info: A::Info) -> Result<()> {
    key(call, file)?;
    let hints = crate::info::hints::<A>(info)?;
    on(call, file, |file| {
        hints.into_iter().for_each(|(key, value)| crate::info::put(&mut file.info, key, value));
    })
}

/// `MPI_File_get_info`.
pub fn get_info<A: Abi>(call: &Call<A>, file: A::File, info: Out<A::Info>) -> Result<()> {
    let key = crate::info::make(on(call, file, |file| file.info.clone())?)?;
    info.set(A::Info::encode(Ref::Dynamic(key)))
}

/// `MPI_File_set_atomicity`.
pub fn set_atomicity<A: Abi>(call: &Call<A>, file: A::File, flag: c_int) -> Result<()> {
    on(call, file, |file| file.atomic = flag != 0)
}

/// `MPI_File_get_atomicity`.
pub fn atomicity<A: Abi>(call: &Call<A>, file: A::File, flag: Out<c_int>) -> Result<()> {
    flag.set(on(call, file, |file| file.atomic)?.into())
}
