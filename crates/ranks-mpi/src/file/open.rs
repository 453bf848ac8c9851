//! Opening, closing, deleting files: MPI 5.0 section 14.2.

use super::{File, key, on, system, view::View};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, Out};
use crate::block;
use crate::comm;
use crate::entry::Call;
use crate::errhandler::Object;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::{Call as Waits, CommId, RecvBuf, SendBuf};
use std::ffi::{c_char, c_int};
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

/// Makes an error of the first rank everyone's.
pub(super) fn agree(comm: CommId, outcome: Result<()>) -> Result<()> {
    let (rank, size) = global::with(|process| {
        let engine = &mut process.engine;
        Ok::<_, Failure>((engine.comm_rank(comm)?, engine.comm_size(comm)?))
    })?;
    let mut word = outcome.as_ref().map_or_else(|failure| failure.class, |()| 0).to_ne_bytes();
    if rank == 0 {
        for other in 1..size {
            // SAFETY: the word lives until the send is complete.
            let send = unsafe { SendBuf::of(&word) };
            block::send(ranks_engine::Mode::Standard, send, other, 0, comm)?;
        }
        return outcome;
    }
    // SAFETY: the word lives until the receive is complete.
    let recv = unsafe { RecvBuf::of(&mut word) };
    block::recv(recv, 0, 0, comm)?;
    match c_int::from_ne_bytes(word) {
        0 => outcome,
        class => outcome.and(Err(Failure::new(class, "it failed at rank 0 of the file's communicator"))),
    }
}

/// Whether a mode makes sense, and how the system opens such a file. Only `first` makes one.
fn options<A: Abi>(mode: c_int, first: bool) -> Result<OpenOptions> {
    let has = |bit: c_int| mode & bit != 0;
    let [read, both, write, create, exclusive, _, _, _, sequential] = A::MODES;
    let wrong = |text: &str| Err(Failure::new(class::AMODE, text));
    if [read, both, write].iter().filter(|&&bit| has(bit)).count() != 1 {
        return wrong("the mode is one of MPI_MODE_RDONLY, MPI_MODE_RDWR and MPI_MODE_WRONLY, and more");
    }
    if has(read) && (has(create) || has(exclusive)) {
        return wrong("MPI_MODE_CREATE and MPI_MODE_EXCL do not go with MPI_MODE_RDONLY");
    }
    if has(both) && has(sequential) {
        return wrong("MPI_MODE_SEQUENTIAL does not go with MPI_MODE_RDWR");
    }
    if mode & !A::MODES.iter().fold(0, |all, bit| all | bit) != 0 {
        return Err(Failure::new(class::AMODE, format!("{mode:#x} is no mode of a file")));
    }
    let mut options = OpenOptions::new();
    options.read(!has(write)).write(!has(read));
    if first && has(create) {
        if has(exclusive) {
            options.create_new(true)
        } else {
            options.create(true)
        };
    }
    Ok(options)
}

/// `MPI_File_open`. Rank 0 makes the file if that was asked for, the others find it then.
pub fn open<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    name: In<c_char>,
    mode: c_int,
    info: A::Info,
    file: Out<A::File>,
) -> Result<()> {
    let parent = call.comm(comm)?;
    // From here on errors are those of a file that is to be.
    call.blame(Object::File(None));
    let name = name.text()?;
    // A prefix says which file system it is; there is one way to all of them.
    let path = name.split_once(':').filter(|(kind, _)| kind.len() > 1 && !kind.contains('/'));
    let path = path.filter(|_| !Path::new(&name).exists()).map_or(name.as_str(), |(_, path)| path);
    let info = crate::info::hints::<A>(info)?;
    options::<A>(mode, false)?;
    let own = comm::make::make(Waits::CommDup, parent, |engine| engine.begin_dup(parent))?;
    let own = own.ok_or_else(comm::gone)?;
    let first = global::with(|process| process.engine.comm_rank(own))? == 0;
    let try_open = || {
        let opened = options::<A>(mode, first)?.open(path);
        opened.map_err(|error| system(path, &error))
    };
    let opened = match first {
        true => {
            let opened = try_open();
            let told = opened.as_ref().map(|_| ()).map_err(Failure::clone);
            agree(own, told).and(opened)
        }
        false => agree(own, Ok(())).and_then(|()| try_open()),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            comm::free::free_one(call, own)?;
            return Err(failure);
        }
    };
    let appends = mode & A::MODES[7] != 0;
    let end = opened.metadata().map_or(0, |known| known.len() as i64);
    let handler = global::with(|process| process.no_file);
    let made = File {
        comm: own,
        handler,
        path: std::path::absolute(path).unwrap_or_else(|_| path.into()),
        file: Arc::new(opened),
        mode,
        info,
        view: View::bytes(),
        position: if appends { end } else { 0 },
        shared_position: if appends { end } else { 0 },
        atomic: false,
    };
    let key = global::with(|process| process.files.insert(made));
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many files"))?;
    file.set(A::File::encode(Ref::Dynamic(key)))
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| system(&path.display().to_string(), &error))
}

/// `MPI_File_close`.
pub fn close<A: Abi>(call: &Call<A>, file: Out<A::File>) -> Result<()> {
    let handle = file.get()?;
    let key = key(call, handle)?;
    let (comm, mode, path) = on(call, handle, |file| (file.comm, file.mode, file.path.clone()))?;
    crate::window::make::meet(comm)?;
    let first = global::with(|process| process.engine.comm_rank(comm))? == 0;
    let deletes = mode & A::MODES[5] != 0;
    let outcome = if first && deletes { remove(&path) } else { Ok(()) };
    let outcome = agree(comm, outcome);
    comm::free::free_one(call, comm)?;
    call.blame(Object::File(None));
    global::with(|process| process.files.remove(key));
    file.set(A::File::NULL)?;
    outcome
}

/// `MPI_File_delete`.
pub fn delete<A: Abi>(call: &Call<A>, name: In<c_char>, _: A::Info) -> Result<()> {
    call.blame(Object::File(None));
    remove(Path::new(&name.text()?))
}
