//! Copying from and to another rank's memory: cross-memory attach between processes, a plain copy
//! between threads of one process.
//!
//! Whether the kernel allows it is never assumed (containers, PID namespaces, Yama): each rank publishes
//! the address of a random value, and whoever wants to copy first reads that value. A refusal means the
//! rings for good.

use crate::primitive::Ordering::{Acquire, Release};
use crate::segment::Segment;
use std::io;

/// How the memory of one peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// It is this process's own.
    Direct,
    /// process_vm_readv and process_vm_writev.
    Process(u32),
}

impl Segment {
    /// Lets the other ranks prove that they may read this rank's memory. `value` must stay where it is
    /// for as long as the rank is attached.
    pub fn publish_probe(&self, rank: usize, value: &u64) {
        if !self.is_private() {
            // Yama's default allows only ancestors; the job's ranks are siblings.
            // SAFETY: no memory is passed. A kernel without Yama refuses, which is as good.
            unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY, 0, 0, 0) };
        }
        let slot = self.slot(rank);
        slot.probe_value.store(*value, Release);
        slot.probe_addr.store(&raw const *value as u64, Release);
    }

    /// How `peer`'s memory is reached, or `None` when it cannot be.
    pub fn probe(&self, peer: usize) -> Option<Remote> {
        if std::env::var_os("RANKS_NO_CMA").is_some() {
            return None;
        }
        if self.is_private() {
            return Some(Remote::Direct);
        }
        let slot = self.slot(peer);
        let (address, pid) = (slot.probe_addr.load(Acquire), slot.claim.load(Acquire));
        let remote = Remote::Process(pid);
        let mut seen = 0u64;
        // SAFETY: a local of 8 bytes. In the peer, whatever lies there is only read.
        unsafe { remote.read(&raw mut seen as *mut u8, address, 8) }.ok()?;
        (address != 0 && seen == slot.probe_value.load(Acquire)).then_some(remote)
    }
}

/// Whether this process may write all of this memory of its own. Where it may, some of its bytes are overwritten.
pub fn is_writable(address: u64, len: usize) -> bool {
    // No system's pages are shorter.
    let page = 4096;
    let byte = 0u8;
    let own = Remote::Process(std::process::id());
    let first = address as usize;
    let pages = (first & !(page - 1)..first.saturating_add(len)).step_by(page);
    // SAFETY: the kernel checks both sides of a write by system call, and `byte` is a local.
    pages.map(|at| at.max(first)).all(|at| unsafe { own.write(&raw const byte, at as u64, 1) }.is_ok())
}

impl Remote {
    /// Copies `len` bytes from the peer's `from` to `to`.
    ///
    /// # Safety
    /// `to` must be valid for writing `len` bytes. For [`Remote::Direct`] `from` must be valid for
    /// reading them; for a process the kernel checks, and an address that is not is an error.
    pub unsafe fn read(self, to: *mut u8, from: u64, len: usize) -> io::Result<()> {
        match self {
            // SAFETY: the caller's promise. The two sides of one message do not overlap (MPI forbids it).
            Remote::Direct => unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to, len) },
            // SAFETY: the caller's promise for the local side; the kernel checks the remote side.
            Remote::Process(pid) => unsafe { copy(libc::process_vm_readv, pid, to, from, len)? },
        }
        Ok(())
    }

    /// Copies `len` bytes from `from` to the peer's `to`.
    ///
    /// # Safety
    /// `from` must be valid for reading `len` bytes. For [`Remote::Direct`] `to` must be valid for
    /// writing them.
    pub unsafe fn write(self, from: *const u8, to: u64, len: usize) -> io::Result<()> {
        match self {
            // SAFETY: as in `read`.
            Remote::Direct => unsafe { std::ptr::copy_nonoverlapping(from, to as *mut u8, len) },
            // SAFETY: as in `read`; the local side is only read.
            Remote::Process(pid) => unsafe { copy(libc::process_vm_writev, pid, from.cast_mut(), to, len)? },
        }
        Ok(())
    }
}

type Call = unsafe extern "C" fn(
    libc::pid_t,
    *const libc::iovec,
    libc::c_ulong,
    *const libc::iovec,
    libc::c_ulong,
    libc::c_ulong,
) -> isize;

/// # Safety
/// As for the system call: `local` valid for `len` bytes in the direction of the call.
unsafe fn copy(call: Call, pid: u32, local: *mut u8, remote: u64, len: usize) -> io::Result<()> {
    let mut done = 0;
    while done < len {
        // The kernel copies at most 2 GiB less a page a call, and may stop at a page boundary.
        // SAFETY: `done` is below `len`, so the pointer stays inside the caller's buffer.
        let here = libc::iovec { iov_base: unsafe { local.add(done) }.cast(), iov_len: len - done };
        let there =
            libc::iovec { iov_base: (remote as usize + done) as *mut libc::c_void, iov_len: len - done };
        // SAFETY: both vectors live for the call and describe what the caller promised.
        let n = unsafe { call(pid as libc::pid_t, &here, 1, &there, 1, 0) };
        match n {
            n if n > 0 => done += n as usize,
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn own_process_by_system_call() {
        let remote = Remote::Process(std::process::id());
        let from: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        let mut to = vec![0u8; from.len()];
        // SAFETY: both vectors are that long.
        unsafe { remote.read(to.as_mut_ptr(), from.as_ptr() as u64, from.len()).unwrap() };
        assert_eq!(from, to);
        let mut back = vec![0u8; from.len()];
        // SAFETY: both vectors are that long.
        unsafe { remote.write(to.as_ptr(), back.as_mut_ptr() as u64, to.len()).unwrap() };
        assert_eq!(from, back);
        // SAFETY: the local side is valid; the remote side is refused by the kernel.
        assert!(unsafe { remote.read(to.as_mut_ptr(), 16, 8) }.is_err());
    }
}
