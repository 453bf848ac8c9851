//! Nonblocking operations on columns and blocks: on buffers that the request keeps, and on borrowed ones.

use super::Stride;
use crate::communicator::{Communicator, Source, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{bytes_of, clean, recv_buf};
use crate::request::kind::{ReceivedBuffer, SentBuffer};
use crate::request::{BufferReceive, BufferSend, Request};
use crate::scope::{Scope, ScopedReceive, ScopedSend};
use crate::{Call, Result};
use ranks_engine::Mode;

impl Communicator {
    /// Begins to send the elements at certain places of a buffer, which [`Request::wait`] gives back. Sections
    /// 3.7.2 and 5.1.2.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let matrix = vec![world.rank(); 12];
    ///     // Each sends its first column of three rows and four columns, and receives into its last one.
    ///     let sending = world.isend_strided(matrix.clone(), Stride::column(3, 4, 0), other, 0)?;
    ///     let receiving = world.ireceive_strided(matrix, Stride::column(3, 4, 3), other, 0)?;
    ///     let (matrix, status) = receiving.wait()?;
    ///     assert_eq!((matrix[3], matrix[7], status.bytes), (other, other, 3 * size_of::<usize>()));
    ///     sending.wait()?;
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the buffer or overlap.
    pub fn isend_strided<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        places: Stride,
        dest: usize,
        tag: i32,
    ) -> Result<BufferSend<'_, T>> {
        clean(&mut data);
        let elements = self
            .strided(Call::Send, recv_buf(&mut data), data.len(), size_of::<T>(), places)?
            .marked(T::MARK);
        let mut engine = self.engine.engine();
        let id = engine.isend_elements(Mode::Standard, elements, Self::to(dest), tag, self.id)?;
        drop(engine);
        Ok(Request::new(self, id, SentBuffer(data)))
    }

    /// Begins to receive into certain places of a buffer, which [`Request::wait`] gives back. Sections 3.7.2
    /// and 5.1.2.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let receiving = world.ireceive_strided(vec![0; 6], Stride::column(3, 2, 1), other, 0)?;
    ///     world.send_from(&[7, 8, 9], other, 0)?;
    ///     let (matrix, status) = receiving.wait()?;
    ///     assert_eq!((matrix, status.bytes), (vec![0, 7, 0, 8, 0, 9], 12));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the buffer or overlap. Waiting fails as
    /// [`Communicator::receive_into`] does.
    pub fn ireceive_strided<T: Equivalence>(
        &self,
        mut data: Vec<T>,
        places: Stride,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<BufferReceive<'_, T>> {
        let elements = self.strided(Call::Recv, recv_buf(&mut data), data.len(), size_of::<T>(), places)?;
        let (source, tag) = (source.into().0, tag.into().0);
        let id = self.engine.engine().irecv_elements(elements, source, tag, self.id)?;
        Ok(Request::new(self, id, ReceivedBuffer(data)))
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Begins to send the elements at certain places of a slice, which stays borrowed until the scope ends.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mine: Vec<u32> = (0..12).collect();
    ///     let mut theirs = vec![0; 12];
    ///     world.scope(|s| {
    ///         s.isend_strided(&mine, Stride::column(3, 4, 1), other, 0)?;
    ///         s.ireceive_strided(&mut theirs, Stride::column(3, 4, 2), other, 0)?;
    ///         Ok(())
    ///     })?;
    ///     assert_eq!((theirs[2], theirs[6], theirs[10]), (1, 5, 9));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the slice or overlap.
    pub fn isend_strided<T: Equivalence>(
        &'scope self,
        data: &'env [T],
        places: Stride,
        dest: usize,
        tag: i32,
    ) -> Result<ScopedSend<'scope>> {
        if T::DENSE {
            let (buf, len) = (crate::memory::shared_buf(data), data.len());
            let elements = self.comm.strided(Call::Send, buf, len, size_of::<T>(), places)?.marked(T::MARK);
            let mut engine = self.comm.engine.engine();
            let dest = Communicator::to(dest);
            let id = engine.isend_elements(Mode::Standard, elements, dest, tag, self.comm.id)?;
            drop(engine);
            return Ok(self.sending(id, None));
        }
        self.comm.inside(Call::Send, places, data.len())?;
        let row: Vec<T> = places.places().map(|at| data[at]).collect();
        let bytes = bytes_of(&row).into_owned();
        let mut engine = self.comm.engine.engine();
        let buf = crate::memory::typed_buf::<T>(&bytes);
        let id = engine.isend(Mode::Standard, buf, Communicator::to(dest), tag, self.comm.id)?;
        drop(engine);
        Ok(self.sending(id, Some(bytes)))
    }

    /// Begins to receive into certain places of a slice, which stays borrowed until the scope ends, or until
    /// the request is waited for, which gives it back. Sections 3.7.2 and 5.1.2.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut matrix = [0; 6];
    ///     world.scope(|s| {
    ///         s.ireceive_strided(&mut matrix, Stride::column(3, 2, 1), other, 0)?;
    ///         world.send_from(&[7, 8, 9], other, 0)
    ///     })?;
    ///     assert_eq!(matrix, [0, 7, 0, 8, 0, 9]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the slice or overlap. Waiting fails as
    /// [`Communicator::receive_into`] does.
    pub fn ireceive_strided<T: Equivalence>(
        &'scope self,
        data: &'env mut [T],
        places: Stride,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<ScopedReceive<'scope, 'env, T>> {
        let (buf, len) = (recv_buf(data), data.len());
        let pointer = buf.pointer().cast::<T>();
        let elements = self.comm.strided(Call::Recv, buf, len, size_of::<T>(), places)?;
        let (source, tag) = (source.into().0, tag.into().0);
        let id = self.comm.engine.engine().irecv_elements(elements, source, tag, self.comm.id)?;
        Ok(self.receiving(id, pointer, len))
    }
}
