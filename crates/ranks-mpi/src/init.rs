//! Beginning, ending, and what one can ask of the library: MPI 5.0 chapters 9 and 11.

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{Count, In, Out};
use crate::attribute::{self, Owner};
use crate::entry::Call;
use crate::errhandler;
use crate::failure::{Failure, Result, class};
use crate::global::{self, Stage};
use crate::process::Process;
use ranks_engine::{CommId, ShmEngine};
use ranks_shm::job;
use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// The version of the standard that programs are told. The tools that choose by version find what they look
/// for; what is missing says so when it is called.
const VERSION: (c_int, c_int) = (5, 0);

/// `MPI_MAX_LIBRARY_VERSION_STRING`, the same in every ABI.
const MAX_LIBRARY_VERSION: usize = 8192;

/// The highest thread level.
pub const MULTIPLE: c_int = 3;

/// `MPI_Init`.
pub fn init<A: Abi>(call: &Call<A>, _: Out<c_int>, _: Out<*mut *mut c_char>) -> Result<()> {
    begin(call, 0)
}

/// `MPI_Init_thread`.
pub fn init_thread<A: Abi>(
    call: &Call<A>,
    _: Out<c_int>,
    _: Out<*mut *mut c_char>,
    required: c_int,
    provided: Out<c_int>,
) -> Result<()> {
    let level = A::level_in(required)
        .ok_or_else(|| Failure::new(class::ARG, format!("{required} is no thread level")))?;
    begin(call, level)?;
    provided.set(A::level_out(level))
}

fn begin<A: Abi>(_: &Call<A>, level: c_int) -> Result<()> {
    match global::world() {
        Stage::Before => {}
        Stage::Running => return Err(Failure::new(class::OTHER, "MPI is initialised already")),
        Stage::After => {
            return Err(Failure::new(class::OTHER, "MPI is finalised, and cannot be initialised again"));
        }
    }
    if global::stage() == Stage::Running {
        // A session has begun it, at the highest level.
        global::with(|process| {
            process.level = level;
            process.main = std::thread::current().id();
        });
    } else {
        start::<A>(level)?;
    }
    global::set_world(Stage::Running);
    Ok(())
}

/// Makes this process a rank, for `MPI_Init` or for a session.
pub fn start<A: Abi>(level: c_int) -> Result<()> {
    if global::stage() == Stage::After {
        return Err(Failure::new(class::OTHER, "MPI is finalised, and cannot be initialised again"));
    }
    let mut engine = ShmEngine::from_environment()?;
    engine.make_divisible(true);
    if level == MULTIPLE {
        engine.leave_sleeping();
    }
    attribute::begin::<A>(engine.size());
    let parent = engine.parent();
    let mut process = Process::new(engine, level);
    if let Some(parent) = parent {
        process.adopt(parent, builtin::SELF);
    }
    if let Some(handler) =
        std::env::var(job::INITIAL_ERRHANDLER).ok().and_then(|name| errhandler::named(&name))
    {
        process.comms.iter_mut().flatten().for_each(|record| record.handler = handler);
    }
    global::install(process, level == MULTIPLE)
        .map_err(|_| Failure::new(class::OTHER, "another thread is initialising MPI"))
}

/// `MPI_Finalize`: the attributes of self go first, then those of world, while MPI still runs.
pub fn finalize<A: Abi>(call: &Call<A>) -> Result<()> {
    if global::world() != Stage::Running {
        return Err(Failure::new(class::OTHER, "MPI_Init has not been called, or MPI_Finalize has"));
    }
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::Relaxed) {
        let text = "MPI_Finalize runs already: a function that deletes an attribute must not call it";
        return Err(Failure::new(class::OTHER, text));
    }
    attribute::delete_all(call, Owner::Comm(CommId::SELF))?;
    attribute::delete_all(call, Owner::Comm(CommId::WORLD))?;
    call.about(builtin::WORLD);
    global::set_world(Stage::After);
    match global::with(|process| process.sessions.is_empty()) {
        true => end(),
        false => Ok(()),
    }
}

/// The rank ends: neither the world nor a session uses it any more.
pub fn end() -> Result<()> {
    let unreceived = global::with(|process| {
        process.engine.finalize()?;
        Ok::<_, Failure>(process.engine.unreceived())
    })?;
    if let Some(line) = unreceived {
        ranks_shm::say::line(line);
    }
    global::close();
    Ok(())
}

/// `MPI_Initialized`.
pub fn initialized<A: Abi>(_: &Call<A>, flag: Out<c_int>) -> Result<()> {
    flag.set((global::world() != Stage::Before).into())
}

/// `MPI_Finalized`.
pub fn finalized<A: Abi>(_: &Call<A>, flag: Out<c_int>) -> Result<()> {
    flag.set((global::world() == Stage::After).into())
}

/// `MPI_Abort`: the job ends, whatever the communicator.
pub fn abort<A: Abi>(call: &Call<A>, comm: A::Comm, code: c_int) -> Result<()> {
    // A communicator that is none is no reason to go on.
    let _ = call.comm(comm);
    global::abort(code)
}

/// `MPI_Query_thread`.
pub fn query_thread<A: Abi>(_: &Call<A>, provided: Out<c_int>) -> Result<()> {
    provided.set(A::level_out(global::with(|process| process.level)))
}

/// `MPI_Is_thread_main`.
pub fn is_thread_main<A: Abi>(_: &Call<A>, flag: Out<c_int>) -> Result<()> {
    let main = global::with(|process| process.main);
    flag.set((main == std::thread::current().id()).into())
}

/// `MPI_Get_version`.
pub fn version<A: Abi>(_: &Call<A>, version: Out<c_int>, subversion: Out<c_int>) -> Result<()> {
    version.set(VERSION.0)?;
    subversion.set(VERSION.1)
}

/// `MPI_Abi_get_version`: -1, -1 says that this is not the ABI of MPI 5.
pub fn abi_version<A: Abi>(_: &Call<A>, major: Out<c_int>, minor: Out<c_int>) -> Result<()> {
    major.set(-1)?;
    minor.set(-1)
}

/// `MPI_Abi_get_info`.
pub fn abi_info<A: Abi>(_: &Call<A>, info: Out<A::Info>) -> Result<()> {
    let sizes = ["mpi_aint_size", "mpi_count_size", "mpi_offset_size"];
    let pairs = sizes.map(|key| (key.to_string(), size_of::<i64>().to_string()));
    info.set(A::Info::encode(Ref::Dynamic(crate::info::make(pairs.into())?)))
}

/// `MPI_Get_library_version`.
pub fn library_version<A: Abi>(_: &Call<A>, text: Out<c_char>, length: Out<c_int>) -> Result<()> {
    let words = format!("ranks {} ({})", env!("CARGO_PKG_VERSION"), A::NAME);
    text.text(&words, MAX_LIBRARY_VERSION, length)
}

/// The machine's name.
pub fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    if host.is_empty() { "localhost".into() } else { host.into() }
}

/// `MPI_Get_processor_name`.
pub fn processor_name<A: Abi>(_: &Call<A>, name: Out<c_char>, length: Out<c_int>) -> Result<()> {
    name.text(&host(), A::MAX_PROCESSOR_NAME, length)
}

/// `MPI_Wtime`: seconds of the machine's monotonic clock, the same at all ranks.
pub fn wtime() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// `MPI_Wtick`.
pub fn wtick() -> f64 {
    1e-9
}

/// `MPI_Pcontrol`: there is no profiler to control.
pub fn pcontrol<A: Abi>(_: &Call<A>, _: c_int) -> Result<()> {
    Ok(())
}

/// What lies in front of memory from `MPI_Alloc_mem`: its size, so that it can be freed.
const HEADER: usize = 64;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// `MPI_Alloc_mem`.
pub fn alloc_mem<A: Abi>(_: &Call<A>, size: i64, _: A::Info, address: Out<c_void>) -> Result<()> {
    let fails = || Failure::new(class::NO_MEM, format!("no memory for {size} bytes"));
    let size = usize::try_from(size).map_err(|_| fails())?;
    let layout = layout(size).ok_or_else(fails)?;
    // SAFETY: the layout is not empty; the header lies inside.
    let block = unsafe {
        let block = alloc(layout);
        if block.is_null() {
            return Err(fails());
        }
        block.cast::<usize>().write(size);
        block.add(HEADER)
    };
    address.pointer().set(block.expose_provenance())
}

/// `MPI_Free_mem`.
pub fn free_mem<A: Abi>(_: &Call<A>, base: Out<c_void>) -> Result<()> {
    if base.is_null() {
        return Ok(());
    }
    // SAFETY: the program promises that this came from MPI_Alloc_mem, which put the size in front.
    unsafe {
        let block = base.address().cast::<u8>().sub(HEADER);
        let size = block.cast::<usize>().read();
        dealloc(block, layout(size).expect("as when it was allocated"));
    }
    Ok(())
}

/// `MPI_Get_address`.
pub fn address<A: Abi>(_: &Call<A>, location: In<c_void>, address: Out<impl Count>) -> Result<()> {
    address.put(location.address().addr() as i64)
}

/// `MPI_Aint_add`.
pub fn aint_add(base: i64, displacement: i64) -> i64 {
    base.wrapping_add(displacement)
}

/// `MPI_Aint_diff`.
pub fn aint_diff(a: i64, b: i64) -> i64 {
    a.wrapping_sub(b)
}
