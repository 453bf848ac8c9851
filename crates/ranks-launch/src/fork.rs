//! Making processes: the ranks, and the keeper that outlives a killed launcher.
//!
//! Between fork and exec only calls that allocate nothing and take no lock are allowed: the launcher may be
//! a thread of a larger program. Everything a rank needs is therefore prepared before.
#![allow(unsafe_code)]

use crate::keeper;
use crate::sys::{self, Pid, SignalSet};
use ranks_shm::Segment;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::Release;

/// A null-terminated array of C strings, as exec wants it.
pub struct CStrings {
    pointers: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

impl CStrings {
    /// Makes the array.
    pub fn new(strings: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = strings.iter().map(|s| s.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self { pointers, _strings: strings }
    }
}

/// What a rank needs to start.
pub struct Start<'a> {
    /// The job's segment.
    pub segment: &'a Segment,
    /// Its descriptor, the only one that the rank inherits besides the three standard ones.
    pub segment_fd: BorrowedFd<'a>,
    /// Which rank.
    pub rank: usize,
    /// The program's file.
    pub path: &'a CStr,
    /// Its arguments.
    pub arguments: &'a CStrings,
    /// `/bin/sh`, the file, its arguments: for scripts that do not name their interpreter.
    pub as_script: &'a CStrings,
    /// Its environment.
    pub environment: &'a CStrings,
    /// The folder it runs in.
    pub folder: Option<&'a CStr>,
    /// Its standard input, output and error. Each is numbered above 2.
    pub stdio: [BorrowedFd<'a>; 3],
    /// Where it says why it could not start.
    pub errors: BorrowedFd<'a>,
    /// The signals it blocks: those its launcher did at first.
    pub signals: &'a SignalSet,
    /// The descriptor limit its launcher had at first.
    pub descriptors: Option<libc::rlimit>,
    /// A file that grows too long ends it, as it would have ended its launcher.
    pub long_files_end_it: bool,
}

/// What a rank that could not start says: rank, step, error number.
pub const START_ERROR: usize = 12;

/// Where the start failed: changing to the folder.
pub const STEP_FOLDER: u32 = 1;
/// Where the start failed: executing the program.
pub const STEP_EXEC: u32 = 2;

/// Starts a rank.
pub fn start_rank(start: &Start<'_>) -> io::Result<Pid> {
    let launcher = sys::pid();
    // SAFETY: the child calls nothing but `become_rank`, which keeps to what is allowed after fork.
    match unsafe { libc::fork() } {
        0 => become_rank(start, launcher),
        pid if pid > 0 => {
            // The child does the same. Whoever comes first, the group exists when this returns.
            // SAFETY: no memory is passed.
            unsafe { libc::setpgid(pid, pid) };
            Ok(pid)
        }
        _ => Err(io::Error::last_os_error()),
    }
}

fn become_rank(start: &Start<'_>, launcher: Pid) -> ! {
    // SAFETY: system calls without memory, or with memory prepared before the fork.
    unsafe {
        // From here on a killed launcher takes this process along, even while the keeper does not know it.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        if libc::getppid() != launcher {
            libc::_exit(1);
        }
        let me = libc::getpid();
        libc::setpgid(0, 0);
        // Before exec, by the process itself: no moment exists in which this process could have children
        // and the keeper not know whose group they are in.
        start.segment.slot(start.rank).leader.store(me as u32, Release);
        for (number, fd) in start.stdio.iter().enumerate() {
            libc::dup2(fd.as_raw_fd(), number as libc::c_int);
        }
        libc::fcntl(start.segment_fd.as_raw_fd(), libc::F_SETFD, 0);
        if let Some(folder) = start.folder
            && libc::chdir(folder.as_ptr()) != 0
        {
            give_up(start, STEP_FOLDER);
        }
        if let Some(limit) = &start.descriptors {
            libc::setrlimit(libc::RLIMIT_NOFILE, limit);
        }
        // Rust programs ignore SIGPIPE; others expect it to end them.
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        if start.long_files_end_it {
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
        }
        start.signals.set_blocked();
        let environment = start.environment.pointers.as_ptr();
        libc::execve(start.path.as_ptr(), start.arguments.pointers.as_ptr(), environment);
        if io::Error::last_os_error().raw_os_error() == Some(libc::ENOEXEC) {
            libc::execve(c"/bin/sh".as_ptr(), start.as_script.pointers.as_ptr(), environment);
        }
        give_up(start, STEP_EXEC)
    }
}

fn give_up(start: &Start<'_>, step: u32) -> ! {
    let error = io::Error::last_os_error().raw_os_error().unwrap_or(0);
    let mut record = [0u8; START_ERROR];
    for (at, word) in [start.rank as u32, step, error as u32].into_iter().enumerate() {
        record[4 * at..4 * at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    // Short enough to be written whole.
    let _ = sys::write(start.errors, &record);
    // SAFETY: ends the process without running what belongs to the launcher.
    unsafe { libc::_exit(127) }
}

/// Starts the keeper: see [`crate::keeper`].
pub fn start_keeper(segment: &Segment) -> io::Result<Pid> {
    let launcher = sys::pid();
    let watch = sys::pidfd(launcher);
    // SAFETY: the child calls nothing but `become_keeper`, which keeps to what is allowed after fork.
    match unsafe { libc::fork() } {
        0 => become_keeper(segment, launcher, watch.as_ref()),
        pid if pid > 0 => Ok(pid),
        _ => Err(io::Error::last_os_error()),
    }
}

fn become_keeper(segment: &Segment, launcher: Pid, watch: Option<&OwnedFd>) -> ! {
    // SAFETY: system calls without memory, or on locals.
    unsafe {
        // Its own session: no signal of the terminal, and none meant for the launcher's group, reaches it.
        libc::setsid();
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
        libc::prctl(libc::PR_SET_NAME, c"ranks-keeper".as_ptr(), 0, 0, 0);
        // It must not keep the pipes of others open: whoever reads our output waits for their end.
        let kept = watch.map_or(-1 as libc::c_int, |fd| fd.as_raw_fd());
        close_all_but(kept);
        // Nor a folder that someone wants to unmount.
        libc::chdir(c"/".as_ptr());
        keeper::keep(segment, launcher, kept);
        libc::_exit(0)
    }
}

fn close_all_but(kept: libc::c_int) {
    if kept > 0 {
        close_from_to(0, kept as libc::c_uint - 1);
    }
    close_from_to((kept + 1) as libc::c_uint, libc::c_uint::MAX);
}

fn close_from_to(first: libc::c_uint, last: libc::c_uint) {
    // SAFETY: no memory is passed; nothing in this process uses these descriptors afterwards.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Kernels before 5.9.
    let open = sys::descriptor_limit().min(1 << 20) as libc::c_uint;
    for fd in first..last.min(open) {
        // SAFETY: as above.
        unsafe { libc::close(fd as libc::c_int) };
    }
}
