//! Buffers: slices of numbers, sent as they lie in memory.

#![allow(unsafe_code)]

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use ranks_engine::{Call, Class, Mode, RecvBuf};

/// What may be sent as it lies in memory: any bit pattern is a value, and there is no padding. The
/// standard's "basic datatypes", section 3.2.2.
pub trait Equivalence: bytemuck::Pod + Send {}

macro_rules! basic {
    ($($t:ty)*) => { $(impl Equivalence for $t {})* };
}

basic!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

impl Communicator {
    /// Sends a slice; returns when it may be changed again. No serialisation, no allocation. Section 3.2.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         world.send_from(&[1.0, 2.0, 3.0], 1, 0)
    ///     } else {
    ///         let mut row = [0.0; 4];
    ///         let status = world.receive_into(&mut row, 0, 0)?;
    ///         assert_eq!((row, status.bytes), ([1.0, 2.0, 3.0, 0.0], 24));
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn send_from<T: Equivalence>(&self, data: &[T], dest: usize, tag: i32) -> Result<()> {
        self.send_bytes(Mode::Standard, bytemuck::cast_slice(data), dest, tag)
    }

    /// Receives into a slice, which may be longer than the message; a longer message is an error of class
    /// `Truncate`. Section 3.2.4.
    pub fn receive_into<T: Equivalence>(
        &self,
        data: &mut [T],
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        // SAFETY: a blocking receive is over when it returns.
        let buf = unsafe { RecvBuf::of(bytemuck::cast_slice_mut(data)) };
        let status = self.engine.engine().recv(buf, source.into().0, tag.into().0, self.id)?;
        let status = Status::from(status);
        self.whole_elements::<T>(status)?;
        Ok(status)
    }

    pub(crate) fn whole_elements<T>(&self, status: Status) -> Result<()> {
        if status.bytes.is_multiple_of(size_of::<T>()) {
            return Ok(());
        }
        let detail = format!(
            "a message of {} bytes is no whole number of {} of {} bytes",
            status.bytes,
            std::any::type_name::<T>(),
            size_of::<T>()
        );
        Err(self.error(Class::Type, Call::Recv, detail).peer(status.source as i32).tag(status.tag))
    }

    /// Gives the root's slice to all ranks; all must be of one length. Section 6.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let mut row = if world.rank() == 0 { [1, 2, 3] } else { [0; 3] };
    ///     world.broadcast_into(&mut row, 0)?;
    ///     assert_eq!(row, [1, 2, 3]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn broadcast_into<T: Equivalence>(&self, data: &mut [T], root: usize) -> Result<()> {
        // SAFETY: a broadcast is over when it returns.
        let buf = unsafe { RecvBuf::of(bytemuck::cast_slice_mut(data)) };
        self.engine.engine().bcast(buf, Self::to(root), self.id)
    }
}
