//! The caller's buffers: the one place in the engine where addresses become bytes.
//!
//! A nonblocking operation outlives the call that began it, so the engine cannot borrow; whoever makes
//! a buffer here promises that it stays valid until the operation is complete. Everything above uses
//! the safe methods.

use ranks_shm::remote::Remote;
use std::io;

/// Memory to send from.
#[derive(Clone, Copy, Debug)]
pub struct SendBuf {
    address: *const u8,
    len: usize,
    mark: u16,
}

/// Memory to receive into.
#[derive(Clone, Copy, Debug)]
pub struct RecvBuf {
    address: *mut u8,
    len: usize,
}

// SAFETY: the maker's promise holds for whichever thread runs the engine.
unsafe impl Send for SendBuf {}
// SAFETY: as above.
unsafe impl Send for RecvBuf {}

impl SendBuf {
    /// No bytes.
    pub const EMPTY: SendBuf = SendBuf { address: std::ptr::null(), len: 0, mark: 0 };

    /// `len` bytes at `address`.
    ///
    /// # Safety
    /// They must be readable, and not change, until the operation is complete.
    pub unsafe fn new(address: *const u8, len: usize) -> Self {
        Self { address, len, mark: 0 }
    }

    /// With a mark that tells its type; the receiver finds it in [`crate::Status::mark`]. It has
    /// [`crate::MARK_BITS`] bits, and 0 says nothing.
    #[must_use]
    #[inline(always)]
    pub fn marked(self, mark: u16) -> Self {
        Self { mark, ..self }
    }

    #[inline(always)]
    pub(crate) fn mark(&self) -> u16 {
        self.mark
    }

    /// The bytes of a slice, for an operation that completes before the slice's borrow ends.
    ///
    /// # Safety
    /// As for [`Self::new`].
    pub unsafe fn of(bytes: &[u8]) -> Self {
        Self { address: bytes.as_ptr(), len: bytes.len(), mark: 0 }
    }

    /// Number of bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn address(&self) -> u64 {
        self.address as u64
    }

    /// Where it begins, for code that cannot take a slice.
    pub(crate) fn pointer(&self) -> *const u8 {
        self.address
    }

    /// The piece `at..at + len`.
    pub(crate) fn part(&self, at: usize, len: usize) -> SendBuf {
        assert!(at <= self.len && len <= self.len - at);
        SendBuf { address: self.address.wrapping_add(at), len, mark: self.mark }
    }

    /// Copies the first bytes to `to`.
    pub fn copy_to(&self, to: &mut [u8]) {
        let n = to.len().min(self.len);
        to[..n].copy_from_slice(&self.bytes()[..n]);
    }

    /// The same bytes in other memory, aligned for every type; valid as long as `room` is not touched.
    pub(crate) fn copied_to(&self, room: &mut [u128]) -> SendBuf {
        assert!(self.len <= size_of_val(room));
        let copy = RecvBuf { address: room.as_mut_ptr().cast(), len: self.len };
        copy.write(0, self.bytes());
        copy.as_send()
    }

    /// The bytes.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the maker's promise; the slice lives no longer than the engine's use of the buffer.
        unsafe { std::slice::from_raw_parts(self.address, self.len) }
    }

    /// Copies the piece `at..at + len` to the peer's `to`.
    pub(crate) fn push(&self, remote: Remote, at: usize, len: usize, to: u64) -> io::Result<()> {
        assert!(at + len <= self.len);
        // SAFETY: inside the buffer by the assertion. `to` is an address that the peer announced for
        // this message, at least this long, and the claim on this piece is ours alone.
        unsafe { remote.write(self.address.add(at), to, len) }
    }
}

impl RecvBuf {
    /// No room.
    pub const EMPTY: RecvBuf = RecvBuf { address: std::ptr::null_mut(), len: 0 };

    /// Room for `len` bytes at `address`.
    ///
    /// # Safety
    /// They must be writable, and used by nobody else, until the operation is complete.
    pub unsafe fn new(address: *mut u8, len: usize) -> Self {
        Self { address, len }
    }

    /// The bytes of a slice, for an operation that completes before the slice's borrow ends.
    ///
    /// # Safety
    /// As for [`Self::new`].
    pub unsafe fn of(bytes: &mut [u8]) -> Self {
        Self { address: bytes.as_mut_ptr(), len: bytes.len() }
    }

    /// Number of bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for no room.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn address(&self) -> u64 {
        self.address as u64
    }

    /// Where it begins, for code that cannot take a slice.
    pub fn pointer(&self) -> *mut u8 {
        self.address
    }

    /// The same memory, to send from (a broadcast passes on what it received).
    pub fn as_send(&self) -> SendBuf {
        SendBuf { address: self.address, len: self.len, mark: 0 }
    }

    /// The bytes themselves.
    ///
    /// # Safety
    /// Nothing else refers to them for as long as the slice lives.
    pub(crate) unsafe fn as_slice<'b>(self) -> &'b mut [u8] {
        match self.len {
            0 => &mut [],
            // SAFETY: valid by the maker's promise, alone by the caller's.
            _ => unsafe { std::slice::from_raw_parts_mut(self.address, self.len) },
        }
    }

    /// The piece `at..at + len`.
    pub(crate) fn part(&self, at: usize, len: usize) -> RecvBuf {
        assert!(at <= self.len && len <= self.len - at);
        RecvBuf { address: self.address.wrapping_add(at), len }
    }

    /// True when a byte is in both.
    pub(crate) fn overlaps(&self, other: SendBuf) -> bool {
        let (mine, its) = (self.address as usize, other.address as usize);
        mine < its + other.len && its < mine + self.len
    }

    /// Copies `bytes` to offset `at`; what does not fit is dropped (truncation is reported elsewhere).
    #[inline(always)]
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        let n = bytes.len().min(self.len.saturating_sub(at));
        if n > 0 {
            // SAFETY: inside the buffer; the bytes come from a ring or the heap, and a message from a
            // rank to itself may not overlap (MPI forbids it; `copy` is defined all the same).
            unsafe { std::ptr::copy(bytes.as_ptr(), self.address.add(at), n) };
        }
    }

    /// Does `combine` on `input` and these bytes, which are as many and others.
    pub(crate) fn combine(&self, input: SendBuf, combine: impl FnOnce(&[u8], &mut [u8])) {
        assert!(input.len == self.len && (self.len == 0 || !self.overlaps(input)));
        if self.len > 0 {
            // SAFETY: the makers' promises; by the assertion nothing is in both, and nobody else uses
            // either while `combine` runs.
            combine(input.bytes(), unsafe { std::slice::from_raw_parts_mut(self.address, self.len) });
        }
    }

    /// Copies a line of a message that is known to fit: a length known here is a few vector moves.
    #[inline(always)]
    pub(crate) fn write_line(&self, at: usize, bytes: &[u8]) {
        const WHOLE: usize = ranks_shm::layout::LINE_DATA;
        if bytes.len() == WHOLE && at + WHOLE <= self.len {
            // SAFETY: inside the buffer by the condition; the bytes lie in a ring, not in a user's buffer.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.address.add(at), WHOLE) };
        } else if bytes.len() == 8 && at + 8 <= self.len {
            // SAFETY: as above.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.address.add(at), 8) };
        } else {
            self.write(at, bytes);
        }
    }

    /// Copies the piece `at..at + len` from the peer's `from`.
    /// Whether this process may write all of it. Where it may, some of its bytes are overwritten.
    pub(crate) fn is_writable(&self) -> bool {
        ranks_shm::remote::is_writable(self.address(), self.len)
    }

    pub(crate) fn pull(&self, remote: Remote, at: usize, len: usize, from: u64) -> io::Result<()> {
        assert!(at + len <= self.len);
        // SAFETY: inside the buffer by the assertion. `from` is an address that the peer announced for
        // this message, at least this long, and keeps valid until it is told that the copy is done.
        unsafe { remote.read(self.address.add(at), from, len) }
    }
}
