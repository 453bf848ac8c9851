//! The system calls this crate needs, each in a safe function.

use crate::bounds::PAGE;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Waits until `word` is no longer `expected`, a wake-up, or the time limit. True when the limit ended it.
pub fn futex_wait(word: &AtomicU32, expected: u32, limit: Duration) -> bool {
    let spec = libc::timespec {
        tv_sec: limit.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(limit.subsec_nanos() as i32),
    };
    let at = word.as_ptr();
    // SAFETY: the word is alive for the call, the time spec is a local. The futex is shared (no
    // PRIVATE flag), because the word may lie in a mapping that several processes share.
    let rc = unsafe { libc::syscall(libc::SYS_futex, at, libc::FUTEX_WAIT, expected, &spec, 0, 0) };
    rc == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::ETIMEDOUT)
}

/// Wakes everyone who waits on `word`.
pub fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word is alive for the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, 0, 0, 0) };
}

const MEMBARRIER_CMD_GLOBAL_EXPEDITED: libc::c_int = 1 << 1;
const MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED: libc::c_int = 1 << 2;

/// Registers this process for [`membarrier`]; false when the kernel refuses.
pub fn membarrier_register() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0 }
}

/// A full barrier on every CPU that runs a registered process; false when the kernel refuses.
pub fn membarrier() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0 }
}

/// Gives up the CPU to whoever else wants it.
pub fn yield_now() {
    // SAFETY: no arguments.
    unsafe { libc::sched_yield() };
}

/// False when no process has this number.
pub fn is_alive(pid: u32) -> bool {
    // SAFETY: signal 0 is sent to nobody; it only asks whether the process exists.
    let asked = unsafe { libc::kill(pid as libc::pid_t, 0) };
    asked == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// True while a process runs: one that has ended and that nobody has waited for yet does not.
pub fn runs(pid: u32) -> bool {
    let Ok(line) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return is_alive(pid) && pid != 0;
    };
    // Field 3; the name in field 2 may hold anything, and ends with the last bracket.
    !matches!(line.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next()), Some('Z' | 'X'))
}

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
pub fn monotonic_nanos() -> u64 {
    let mut spec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to a local.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut spec) };
    spec.tv_sec as u64 * 1_000_000_000 + spec.tv_nsec as u64
}

/// Has pages of a mapping there before they are written. What the system refuses, it does later.
pub fn populate(from: NonNull<u8>, len: usize) {
    let start = from.as_ptr() as usize / PAGE * PAGE;
    let len = from.as_ptr() as usize + len - start;
    // SAFETY: whether the range is mapped the kernel checks; what is in it stays.
    unsafe { libc::madvise(start as *mut libc::c_void, len, libc::MADV_POPULATE_WRITE) };
}

/// A memfd, or an unlinked file where there are none (old kernels, seccomp). Inherited by children.
pub fn anonymous_file(bytes: usize) -> io::Result<OwnedFd> {
    let forced = std::env::var_os("RANKS_NO_MEMFD").is_some();
    // SAFETY: the name is a C string constant.
    let fd = if forced { -1 } else { unsafe { libc::memfd_create(c"ranks".as_ptr(), 0) } };
    let fd = if fd >= 0 {
        // SAFETY: the descriptor was just made and nobody else has it.
        unsafe { OwnedFd::from_raw_fd(fd) }
    } else {
        unlinked_file()?
    };
    // SAFETY: plain call on an owned descriptor.
    if unsafe { libc::ftruncate(fd.as_raw_fd(), bytes as libc::off_t) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(fd)
}

/// Memory with a name, which others find under `/proc`. It goes with its last descriptor, and programs that this one starts
/// do not get it.
pub fn named_memory(name: &std::ffi::CStr) -> io::Result<OwnedFd> {
    // SAFETY: the name is a C string.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends bytes over a socket of the program, and receives as many.
pub fn exchange(socket: i32, out: &[u8], back: &mut [u8]) -> io::Result<()> {
    let done = |rc: isize| match rc {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        rc if rc > 0 => Ok(rc as usize),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            error => Err(error),
        },
    };
    let mut at = 0;
    while at < out.len() {
        let rest = &out[at..];
        // SAFETY: the slice is valid for its length; whether the descriptor is a socket the kernel checks.
        at += done(unsafe { libc::send(socket, rest.as_ptr().cast(), rest.len(), libc::MSG_NOSIGNAL) })?;
    }
    let mut at = 0;
    while at < back.len() {
        let rest = &mut back[at..];
        // SAFETY: as above.
        at += done(unsafe { libc::recv(socket, rest.as_mut_ptr().cast(), rest.len(), libc::MSG_WAITALL) })?;
    }
    Ok(())
}

fn unlinked_file() -> io::Result<OwnedFd> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for folder in [c"/dev/shm", c"/tmp", c"/var/tmp"] {
        // O_TMPFILE never has a name, so a kill at any moment leaves nothing behind.
        // SAFETY: the path is a C string constant.
        let fd = unsafe { libc::open(folder.as_ptr(), libc::O_TMPFILE | libc::O_RDWR, 0o600) };
        if fd >= 0 {
            // SAFETY: the descriptor was just made and nobody else has it.
            return Ok(unsafe { OwnedFd::from_raw_fd(fd) });
        }
        last = io::Error::last_os_error();
    }
    Err(last)
}

/// Reserves memory for the first `bytes` of a file, so that touching them later cannot raise SIGBUS.
pub fn reserve(fd: &OwnedFd, bytes: usize) -> io::Result<()> {
    // SAFETY: plain call on an owned descriptor.
    match unsafe { libc::fallocate(fd.as_raw_fd(), 0, 0, bytes as libc::off_t) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives the memory of a part of a file back, a whole number of pages. What the system refuses stays.
pub fn punch(file: &impl AsRawFd, at: u64, bytes: u64) {
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: plain call on a descriptor that the caller holds.
    unsafe { libc::fallocate(file.as_raw_fd(), mode, at as libc::off_t, bytes as libc::off_t) };
}

/// How long a file may become by this process: beyond, the system sends a signal that ends it.
pub fn file_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes to a local.
    match unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } {
        0 => limit.rlim_cur,
        _ => 0,
    }
}

/// This process's id.
pub fn pid() -> u32 {
    std::process::id()
}

/// The CPU that this thread runs on; 0 where that is not told.
#[inline(always)]
pub fn current_cpu() -> u32 {
    // SAFETY: no arguments.
    unsafe { libc::sched_getcpu() }.max(0) as u32
}

/// CPUs this thread may run on, as bits.
pub fn affinity() -> [u64; crate::bounds::MAX_CPUS / 64] {
    let mut mask = [0u64; crate::bounds::MAX_CPUS / 64];
    // SAFETY: the kernel writes at most the given number of bytes into the array.
    let n = unsafe { libc::syscall(libc::SYS_sched_getaffinity, 0, size_of_val(&mask), mask.as_mut_ptr()) };
    if n <= 0 {
        mask[0] = 1;
    }
    mask
}

/// Bytes for a random number that need not withstand an attacker.
pub fn random_u64() -> u64 {
    let mut out = [0u8; 8];
    // SAFETY: writes at most 8 bytes into a local.
    let n = unsafe { libc::getrandom(out.as_mut_ptr().cast(), 8, libc::GRND_NONBLOCK) };
    if n == 8 { u64::from_le_bytes(out) } else { monotonic_nanos() ^ (u64::from(pid()) << 40) }
}
