//! Elements in memory: any piece of the message that they are, packed and unpacked.
//!
//! The one place where a type meets addresses. Blocks of a few usual lengths have a loop of their own, in
//! which the length is a constant: a copy is then a load and a store, not a call.

use super::walk::{Mover, repeat};
use super::{Datatype, Invalid};
use crate::error::Class;
use crate::memory::{RecvBuf, SendBuf};
use std::ptr;
use std::sync::Arc;

/// `count` elements of a datatype at an address.
#[derive(Clone, Debug)]
pub struct Elements {
    /// A number, not a pointer: with MPI_BOTTOM the displacements are the addresses.
    address: usize,
    count: usize,
    len: usize,
    datatype: Arc<Datatype>,
    mark: u16,
}

impl Elements {
    /// Elements to send or to receive into.
    ///
    /// # Safety
    /// Until the operation is complete, all their bytes (not the gaps) must be there: to be read and not
    /// changed if they are sent, to be written and used by nobody else if they are received.
    pub unsafe fn new(address: *mut u8, count: usize, datatype: Arc<Datatype>) -> Result<Self, Invalid> {
        let len = i64::try_from(count).ok().and_then(|count| count.checked_mul(datatype.size()));
        let reach = i64::try_from(count).ok().and_then(|count| count.checked_mul(datatype.extent()));
        let (Some(len), Some(_)) = (len.filter(|len| len >> 62 == 0), reach) else {
            let detail = format!("{count} elements of {} bytes are too many", datatype.size());
            return Err(Invalid::new(Class::Count, detail));
        };
        Ok(Self { address: address.expose_provenance(), count, len: len as usize, datatype, mark: 0 })
    }

    /// Bytes of the message.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for a message without data.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The datatype.
    pub fn datatype(&self) -> &Arc<Datatype> {
        &self.datatype
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where the one block of bytes is that they are, if they are one.
    fn block(&self) -> Option<usize> {
        let at = self.datatype.block()?;
        let one = self.count <= 1 || self.datatype.is_contiguous() || self.len == 0;
        one.then(|| self.address.wrapping_add_signed(at as isize))
    }

    /// With a mark that tells the type of what is sent, as [`SendBuf::marked`] has it.
    #[must_use]
    pub fn marked(self, mark: u16) -> Self {
        Self { mark, ..self }
    }

    pub(crate) fn mark(&self) -> u16 {
        self.mark
    }

    /// The same bytes as a plain buffer to send from, if they lie in a row.
    pub fn as_send(&self) -> Option<SendBuf> {
        // SAFETY: the promise given to `new`.
        self.block()
            .map(|at| unsafe { SendBuf::new(ptr::with_exposed_provenance(at), self.len) }.marked(self.mark))
    }

    /// The same bytes as a plain buffer to receive into, if they lie in a row.
    pub fn as_recv(&self) -> Option<RecvBuf> {
        // SAFETY: the promise given to `new`.
        self.block().map(|at| unsafe { RecvBuf::new(ptr::with_exposed_provenance_mut(at), self.len) })
    }

    /// Copies bytes of the message from `at` on to `to`; how many (fewer than there is room only at the end).
    pub fn pack(&self, at: usize, to: &mut [u8]) -> usize {
        let n = to.len().min(self.len.saturating_sub(at));
        // SAFETY: `n` bytes may be written there.
        unsafe { self.pack_to(at, to.as_mut_ptr(), n) };
        n
    }

    /// Packs all of it behind what `to` holds.
    pub fn pack_onto(&self, to: &mut Vec<u8>) {
        to.reserve(self.len);
        let room = to.spare_capacity_mut().as_mut_ptr().cast();
        // SAFETY: as much was reserved, and is written before it counts.
        unsafe {
            self.pack_to(0, room, self.len);
            to.set_len(to.len() + self.len);
        }
    }

    /// # Safety
    /// `n` bytes may be written at `to`, and the message has as many from `at` on.
    unsafe fn pack_to(&self, at: usize, to: *mut u8, n: usize) {
        self.walk(at, n, &mut Packer { base: self.address, to });
    }

    /// Copies `from` into the message's bytes from `at` on; what is beyond its end is dropped.
    pub fn unpack(&self, at: usize, from: &[u8]) -> usize {
        let n = from.len().min(self.len.saturating_sub(at));
        self.walk(at, n, &mut Unpacker { base: self.address, from: from.as_ptr() });
        n
    }

    fn walk<M: Mover>(&self, at: usize, n: usize, mover: &mut M) {
        let datatype = &self.datatype;
        let (from, to) = (at as i64, (at + n) as i64);
        repeat(&datatype.body.shape, datatype.size(), 0, datatype.extent(), from, to, mover);
    }
}

/// From memory to a row of bytes.
struct Packer {
    base: usize,
    to: *mut u8,
}

/// From a row of bytes to memory.
struct Unpacker {
    base: usize,
    from: *const u8,
}

/// Copies `count` blocks of `N` bytes. Only moves whose length is a constant are worth a loop.
///
/// # Safety
/// All blocks are there, `from` to read and `to` to write, and do not overlap.
#[inline(always)]
unsafe fn blocks<const N: usize>(mut from: *const u8, mut to: *mut u8, steps: (isize, isize), count: usize) {
    for _ in 0..count {
        // SAFETY: as above; any bytes are a `[u8; N]`.
        unsafe { to.cast::<[u8; N]>().write_unaligned(from.cast::<[u8; N]>().read_unaligned()) };
        from = from.wrapping_offset(steps.0);
        to = to.wrapping_offset(steps.1);
    }
}

/// Copies `count` blocks of `len` bytes.
///
/// # Safety
/// As for [`blocks`].
#[inline(always)]
unsafe fn copy_blocks(from: *const u8, to: *mut u8, steps: (isize, isize), count: usize, len: usize) {
    // SAFETY: as for the function itself.
    unsafe {
        match len {
            1 => blocks::<1>(from, to, steps, count),
            2 => blocks::<2>(from, to, steps, count),
            4 => blocks::<4>(from, to, steps, count),
            8 => blocks::<8>(from, to, steps, count),
            12 => blocks::<12>(from, to, steps, count),
            16 => blocks::<16>(from, to, steps, count),
            24 => blocks::<24>(from, to, steps, count),
            32 => blocks::<32>(from, to, steps, count),
            _ => {
                for n in 0..count as isize {
                    let from = from.wrapping_offset(n.wrapping_mul(steps.0));
                    ptr::copy_nonoverlapping(from, to.wrapping_offset(n.wrapping_mul(steps.1)), len);
                }
            }
        }
    }
}

impl Packer {
    fn place(&self, at: i64) -> *const u8 {
        ptr::with_exposed_provenance(self.base.wrapping_add_signed(at as isize))
    }
}

impl Mover for Packer {
    #[inline]
    fn block(&mut self, at: i64, len: usize) {
        self.strided(at, 0, 1, len);
    }

    #[inline]
    fn strided(&mut self, at: i64, stride: i64, count: usize, len: usize) {
        let steps = (stride as isize, len as isize);
        // SAFETY: the maker of the elements promises that their bytes are there, and the walk goes no further
        // than the piece that there is room for. A row of bytes is the engine's or was given for the purpose.
        unsafe {
            copy_blocks(self.place(at), self.to, steps, count, len);
            self.to = self.to.add(count * len);
        }
    }

    #[inline]
    fn scattered(&mut self, base: i64, places: &[i64], len: usize) {
        for at in places {
            self.strided(base.wrapping_add(*at), 0, 1, len);
        }
    }
}

impl Mover for Unpacker {
    #[inline]
    fn block(&mut self, at: i64, len: usize) {
        self.strided(at, 0, 1, len);
    }

    #[inline]
    fn strided(&mut self, at: i64, stride: i64, count: usize, len: usize) {
        let to = ptr::with_exposed_provenance_mut(self.base.wrapping_add_signed(at as isize));
        let steps = (len as isize, stride as isize);
        // SAFETY: as in `Packer`, with the directions exchanged.
        unsafe {
            copy_blocks(self.from, to, steps, count, len);
            self.from = self.from.add(count * len);
        }
    }

    #[inline]
    fn scattered(&mut self, base: i64, places: &[i64], len: usize) {
        for at in places {
            self.strided(base.wrapping_add(*at), 0, 1, len);
        }
    }
}
