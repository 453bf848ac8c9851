//! The system calls of a launcher, each in a safe function. With [`crate::fork`] the only unsafe code here.
//!
//! None of these allocates, so those that take no allocated arguments may also be used between fork and
//! exec, and by the keeper.
#![allow(unsafe_code)]

mod limits;
mod machine;

pub use limits::{
    address_space_limit, descriptor_limit, file_size_limit, raise_descriptor_limit, survive_long_files,
    ticks_per_second,
};
pub use machine::{host_name, live_groups, local_time, own_addresses};

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A process id as the kernel has it.
pub type Pid = libc::pid_t;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: only called with a descriptor that the kernel has just returned to us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// A pipe whose ends are closed on exec: reading end, writing end.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two descriptors into a local array.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) })?;
    Ok((own(fds[0]), own(fds[1])))
}

/// Makes reads and writes of this open file return at once.
pub fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    // SAFETY: plain call on an owned descriptor.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })?;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) })?;
    Ok(())
}

/// A copy of a descriptor, numbered above standard input, output and error, closed on exec.
pub fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: plain call on a borrowed descriptor.
    Ok(own(check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) })?))
}

/// Opens `/proc/self/fd/N` anew for writing without blocking. Unlike setting a flag on the descriptor
/// itself, this does not change how others who share the open file see it.
pub fn reopen_nonblocking(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let file = File::options().write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    Ok(file.into())
}

/// What kind of file a descriptor refers to, as far as forwarding must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pipe or named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A terminal.
    Terminal,
    /// Anything else: a regular file, `/dev/null`.
    Other,
}

/// The kind of an open file and its identity (device and inode).
pub fn describe(fd: BorrowedFd<'_>) -> (Kind, Option<(u64, u64)>) {
    // SAFETY: an all-zero stat is valid; the kernel fills it.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes into a local.
    if unsafe { libc::fstat(fd.as_raw_fd(), &mut stat) } != 0 {
        return (Kind::Other, None);
    }
    let kind = match stat.st_mode & libc::S_IFMT {
        libc::S_IFIFO => Kind::Pipe,
        libc::S_IFSOCK => Kind::Socket,
        // SAFETY: plain call on a borrowed descriptor.
        libc::S_IFCHR if unsafe { libc::isatty(fd.as_raw_fd()) } == 1 => Kind::Terminal,
        _ => Kind::Other,
    };
    (kind, Some((stat.st_dev, stat.st_ino)))
}

/// True when this process may read from the terminal without being stopped for it.
pub fn in_foreground(terminal: BorrowedFd<'_>) -> bool {
    // SAFETY: plain calls without memory.
    unsafe { libc::tcgetpgrp(terminal.as_raw_fd()) == libc::getpgrp() }
}

/// Reads what is there. `Ok(0)` is the end of the file.
pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most the buffer's length into it.
    let n = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

/// How many columns a terminal has, if it says so.
pub fn terminal_columns(fd: RawFd) -> Option<u16> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes one `winsize` into a local variable.
    let outcome = unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) };
    (outcome == 0 && size.ws_col > 0).then_some(size.ws_col)
}

/// Writes some of `bytes`.
pub fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel reads at most the slice's length from it.
    let n = unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

/// Writes some of `bytes` to a socket, without blocking and without a signal.
pub fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the kernel reads at most the slice's length from it.
    let n = unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n as usize) }
}

/// Bytes waiting in a pipe.
pub fn bytes_waiting(fd: &OwnedFd) -> usize {
    let mut n: libc::c_int = 0;
    // SAFETY: the kernel writes one int into a local.
    if unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &mut n) } == 0 { n.max(0) as usize } else { 0 }
}

/// One descriptor to wait for.
pub type PollFd = libc::pollfd;

/// Something to wait for until it can be read.
pub fn readable(fd: RawFd) -> PollFd {
    PollFd { fd, events: libc::POLLIN, revents: 0 }
}

/// Something to wait for until it can be written.
pub fn writable(fd: RawFd) -> PollFd {
    PollFd { fd, events: libc::POLLOUT, revents: 0 }
}

/// Waits until a descriptor is ready or the time has passed. An interruption is as good as time passing.
pub fn poll(fds: &mut [PollFd], limit: Option<Duration>) {
    // Rounded up: a timer must be due when the wait for it ends, or the loop would spin.
    let millis = limit.map_or(-1, |d| d.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i32);
    // SAFETY: the array is valid for its length.
    let rc = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis) };
    if rc < 0 {
        for fd in fds {
            fd.revents = 0;
        }
    }
}

/// A descriptor that becomes readable when the process ends. `None` where kernels have none (before 5.3).
pub fn pidfd(pid: Pid) -> Option<OwnedFd> {
    // SAFETY: no memory is passed. The descriptor is closed on exec by definition.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    (fd >= 0).then(|| own(fd as RawFd))
}

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// With an exit code.
    Exit(i32),
    /// By a signal.
    Signal(i32),
}

/// How our child `pid` ended, if it has. It stays a zombie, so that its number is not used anew.
pub fn look_at_end(pid: Pid) -> Option<Death> {
    // SAFETY: an all-zero siginfo is valid; the kernel fills it.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the kernel writes into a local.
    let rc = unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, flags) };
    if rc != 0 {
        // Not our child any more (SIGCHLD ignored by whoever started us): gone, with an unknown code.
        let gone = io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD);
        return gone.then_some(Death::Exit(0));
    }
    // SAFETY: waitid has filled these fields, or left them zero when nothing has ended.
    let (who, status) = unsafe { (info.si_pid(), info.si_status()) };
    match (who, info.si_code) {
        (0, _) => None,
        (_, libc::CLD_EXITED) => Some(Death::Exit(status)),
        _ => Some(Death::Signal(status)),
    }
}

/// Takes the zombie away. Waits for the end if it has not come.
pub fn reap(pid: Pid) {
    let mut status = 0;
    // SAFETY: the kernel writes into a local.
    while unsafe { libc::waitpid(pid, &mut status, 0) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

/// Sends a signal to a process.
pub fn kill(pid: Pid, signal: i32) {
    if pid > 1 {
        // SAFETY: no memory is passed; 0 and negative numbers, which mean many processes, are excluded.
        unsafe { libc::kill(pid, signal) };
    }
}

/// Sends a signal to a process group. False when there is nobody in it.
pub fn kill_group(leader: Pid, signal: i32) -> bool {
    // 0 would be our own group, 1 everything there is.
    // SAFETY: no memory is passed.
    leader > 1 && unsafe { libc::kill(-leader, signal) } == 0
}

/// Stops this process, as Ctrl-Z asks for.
pub fn stop_self() {
    // SAFETY: no memory is passed.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// This process's id.
pub fn pid() -> Pid {
    std::process::id() as Pid
}

/// The id of the process that started this one.
pub fn parent() -> Pid {
    // SAFETY: no arguments.
    unsafe { libc::getppid() }
}

/// A set of signals.
#[derive(Clone, Copy)]
pub struct SignalSet(pub(crate) libc::sigset_t);

impl SignalSet {
    /// The given signals.
    pub fn of(signals: &[i32]) -> Self {
        // SAFETY: sigemptyset makes any memory a valid set.
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: writes to a local.
        unsafe { libc::sigemptyset(&mut set) };
        for &signal in signals {
            // SAFETY: writes to a local.
            unsafe { libc::sigaddset(&mut set, signal) };
        }
        Self(set)
    }

    /// The signals that this thread blocks now.
    pub fn blocked_now() -> Self {
        let mut set = Self::of(&[]);
        // SAFETY: writes to a local; a null new set changes nothing.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut set.0) };
        set
    }

    /// Blocks these signals, besides those that are, in this thread.
    pub fn block(&self) {
        // SAFETY: reads a local.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &self.0, std::ptr::null_mut()) };
    }

    /// Makes exactly these signals the blocked ones in this thread.
    pub fn set_blocked(&self) {
        // SAFETY: reads a local.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }

    /// A descriptor from which these signals can be read while they are blocked.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        // SAFETY: reads a local.
        let fd = unsafe { libc::signalfd(-1, &self.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        Ok(own(check(fd)?))
    }
}

/// The next signal that has come in, if any.
pub fn next_signal(signals: &OwnedFd) -> Option<i32> {
    let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
    match read(signals.as_fd(), &mut info) {
        Ok(n) if n == info.len() => Some(u32::from_ne_bytes([info[0], info[1], info[2], info[3]]) as i32),
        _ => None,
    }
}

/// True when whoever started this process wants it to ignore a signal (`nohup`, `&` in a script).
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero sigaction is valid; the kernel fills it.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null new action changes nothing; the old one is written into a local.
    unsafe { libc::sigaction(signal, std::ptr::null(), &mut old) == 0 && old.sa_sigaction == libc::SIG_IGN }
}

/// Lets the ends of children be waited for, even if whoever started this process ignored them.
pub fn default_child_signal() {
    // SAFETY: installs no handler, only the default.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// True when this process may execute the file.
pub fn may_execute(path: &std::ffi::CStr) -> bool {
    // SAFETY: a C string.
    unsafe { libc::access(path.as_ptr(), libc::X_OK) == 0 }
}
