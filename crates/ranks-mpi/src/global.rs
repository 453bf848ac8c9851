//! The one global there must be: the rank that this process is, behind a lock.
//!
//! Below `MPI_THREAD_MULTIPLE` the lock is a flag that is only looked at: the program promises that one
//! thread at a time calls. At `MPI_THREAD_MULTIPLE` taking it is one atomic swap when nobody else is
//! inside. A thread that looks for messages has the lock, since only the holder may touch the engine;
//! whoever wants the lock interrupts it ([`crate::waiters`] has the other half). Nobody sleeps with the lock.
//!
//! No user code runs with the lock held: what calls back (attributes, error handlers) first leaves
//! [`with`].

use crate::process::Process;
use ranks_engine::WakeHandle;
use ranks_engine::transport::Transport;
use ranks_shm::Segment;
use ranks_shm::life::is_forked_child;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a thread sleeps before it looks all the same: only against a lost wake-up.
const BACKSTOP: Duration = Duration::from_millis(ranks_shm::bounds::BACKSTOP_LAST_MILLIS);

/// Where the process is between `MPI_Init` and `MPI_Finalize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Not initialised yet.
    Before = 0,
    /// Initialised.
    Running = 1,
    /// Finalised.
    After = 2,
}

struct Global {
    stage: AtomicU8,
    /// Whether the program has called `MPI_Init` and `MPI_Finalize`. Sessions keep the rank running before and after
    /// these calls, so `stage` may differ.
    world: AtomicU8,
    /// The program asked for `MPI_THREAD_MULTIPLE`.
    multiple: AtomicBool,
    locked: AtomicBool,
    /// Threads that want the lock and found it taken.
    contenders: AtomicU32,
    /// Ranks share CPUs.
    crowded: AtomicBool,
    /// The thread that last looked for something in vain.
    last_in_vain: AtomicUsize,
    wake: OnceLock<WakeHandle>,
    /// For ending the job without the lock.
    segment: OnceLock<(Arc<Segment>, usize)>,
    process: UnsafeCell<Option<Process>>,
}

// SAFETY: `process` is touched only by whoever holds `locked`; see `Guard`.
unsafe impl Sync for Global {}

static GLOBAL: Global = Global {
    stage: AtomicU8::new(Stage::Before as u8),
    world: AtomicU8::new(Stage::Before as u8),
    multiple: AtomicBool::new(false),
    locked: AtomicBool::new(false),
    contenders: AtomicU32::new(0),
    crowded: AtomicBool::new(false),
    last_in_vain: AtomicUsize::new(0),
    wake: OnceLock::new(),
    segment: OnceLock::new(),
    process: UnsafeCell::new(None),
};

fn stage_of(value: u8) -> Stage {
    match value {
        0 => Stage::Before,
        1 => Stage::Running,
        _ => Stage::After,
    }
}

/// Where the process is.
#[inline(always)]
pub fn stage() -> Stage {
    stage_of(GLOBAL.stage.load(Ordering::Acquire))
}

/// Where it is between `MPI_Init` and `MPI_Finalize`, whatever sessions there are.
pub fn world() -> Stage {
    stage_of(GLOBAL.world.load(Ordering::Acquire))
}

/// `MPI_Init` or `MPI_Finalize` has been called.
pub fn set_world(stage: Stage) {
    GLOBAL.world.store(stage as u8, Ordering::Release);
}

/// True at `MPI_THREAD_MULTIPLE`.
#[inline(always)]
pub fn multiple() -> bool {
    GLOBAL.multiple.load(Ordering::Relaxed)
}

/// The holder of the lock.
struct Guard;

impl Guard {
    #[inline(always)]
    fn take() -> Self {
        if !multiple() {
            if GLOBAL.locked.load(Ordering::Relaxed) {
                refuse();
            }
            GLOBAL.locked.store(true, Ordering::Relaxed);
        } else if GLOBAL.locked.swap(true, Ordering::Acquire) {
            contend();
        }
        Guard
    }
}

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        GLOBAL.locked.store(false, Ordering::Release);
    }
}

/// The rank that this process is, or was before it finalised; none before it initialised.
pub fn known_rank() -> Option<usize> {
    GLOBAL.segment.get().map(|(_, rank)| *rank)
}

/// Two calls run at once, though the program has promised that none would: what they touch may be damaged already, so
/// the job ends, whatever the error handlers are.
#[cold]
fn refuse() -> ! {
    let rank = GLOBAL.segment.get().map_or(0, |(_, rank)| *rank);
    ranks_shm::say::line(format_args!(
        "ranks: rank {rank}: two MPI calls run at the same time, in two threads or in a signal handler and what it \
         interrupted; threads that call at the same time need MPI_Init_thread with MPI_THREAD_MULTIPLE"
    ));
    abort(crate::failure::class::OTHER)
}

/// Takes a lock that somebody has: interrupts a holder that waits for messages, again and again, since
/// it may have gone back to waiting before this thread came to look.
#[cold]
fn contend() {
    GLOBAL.contenders.fetch_add(1, Ordering::AcqRel);
    let mut looks = 0u32;
    while GLOBAL.locked.load(Ordering::Relaxed) || GLOBAL.locked.swap(true, Ordering::Acquire) {
        if looks.is_multiple_of(32)
            && let Some(wake) = GLOBAL.wake.get()
        {
            wake.interrupt();
        }
        looks += 1;
        match looks {
            0..1000 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(100)),
        }
    }
    GLOBAL.contenders.fetch_sub(1, Ordering::AcqRel);
}

/// Lets the threads pass that want the lock. Called without it, after an interruption.
pub fn give_way() {
    // Bounded, so that threads that call without end cannot keep this one out for good.
    for _ in 0..200 {
        if GLOBAL.contenders.load(Ordering::Acquire) == 0 {
            return;
        }
        std::thread::yield_now();
    }
}

thread_local! {
    /// Its address is the name of a thread.
    static NAME: u8 = const { 0 };
}

/// After a call that does not wait and has found nothing. Programs make such calls in loops: where the one
/// that they look for may need this CPU to come, another rank or another thread, it gets the CPU.
#[cold]
pub fn looked_in_vain() {
    let share = GLOBAL.crowded.load(Ordering::Relaxed)
        || multiple() && {
            let name = NAME.with(|name| std::ptr::from_ref(name).addr());
            GLOBAL.last_in_vain.swap(name, Ordering::Relaxed) != name || with(|process| process.waiters.any())
        };
    if share {
        std::thread::yield_now();
    }
}

/// Does `work` on the process, alone. Only between `MPI_Init` and `MPI_Finalize`.
#[inline(always)]
pub fn with<R>(work: impl FnOnce(&mut Process) -> R) -> R {
    let _guard = Guard::take();
    // SAFETY: the guard says that no other thread is here; `work` cannot get here again, because the
    // guard is taken and nothing that runs in it calls back.
    let process = unsafe { &mut *GLOBAL.process.get() };
    let process = process.as_mut().expect("between MPI_Init and MPI_Finalize there is a process");
    let outcome = work(process);
    if process.waiters.any() {
        process.waiters.after_call(&mut process.engine);
    }
    outcome
}

/// Sleeps in the place of the rank, without the lock, as [`ranks_engine::Engine::is_to_sleep`] says.
pub fn sleep() {
    if let Some(wake) = GLOBAL.wake.get() {
        wake.sleep_in_place(BACKSTOP);
    }
}

/// Puts the process in: `MPI_Init`. Gives it back if there was one already.
pub fn install(process: Process, multiple: bool) -> Result<(), Box<Process>> {
    let guard = Guard::take();
    // SAFETY: as in `with`.
    let place = unsafe { &mut *GLOBAL.process.get() };
    if place.is_some() {
        return Err(Box::new(process));
    }
    GLOBAL.crowded.store(!process.engine.transport().fits(), Ordering::Relaxed);
    GLOBAL.wake.get_or_init(|| process.engine.wake_handle());
    GLOBAL.segment.get_or_init(|| (process.engine.transport().segment().clone(), process.engine.rank()));
    *place = Some(process);
    // Without the lock's own rules changing under a holder: nobody else can be inside yet.
    drop(guard);
    GLOBAL.multiple.store(multiple, Ordering::Release);
    GLOBAL.stage.store(Stage::Running as u8, Ordering::Release);
    Ok(())
}

/// Ends the job with `code`. Needs no lock: a thread that cannot be interrupted may have it.
pub fn abort(code: i32) -> ! {
    if let Some((segment, rank)) = GLOBAL.segment.get()
        && !is_forked_child()
    {
        segment.request_abort(*rank, code);
    }
    // What is left to do at the end of a process is not to be done.
    GLOBAL.stage.store(Stage::After as u8, Ordering::Release);
    std::process::exit(if code == 0 { 1 } else { code })
}

/// Finalises a rank that only sessions used, when the process ends: sooner one cannot know that no other session, and no
/// `MPI_Init`, comes.
pub fn finalize_at_exit() {
    extern "C" fn end() {
        let idle = stage() == Stage::Running && world() == Stage::Before && !is_forked_child();
        // A thread that is inside MPI at the end of the process leaves nothing to be ended well.
        if !idle || GLOBAL.locked.swap(true, Ordering::Acquire) {
            return;
        }
        let _guard = Guard;
        // SAFETY: as in `with`.
        if let Some(process) = unsafe { &mut *GLOBAL.process.get() }
            && process.sessions.is_empty()
        {
            let _ = process.engine.finalize();
            close();
        }
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: a function without arguments, which stays as long as this library does.
    ONCE.call_once(|| unsafe {
        libc::atexit(end);
    });
}

/// No more calls from now on: the end of `MPI_Finalize`. The process stays where it is, for statics and
/// memory that C may still point to.
pub fn close() {
    GLOBAL.stage.store(Stage::After as u8, Ordering::Release);
}
