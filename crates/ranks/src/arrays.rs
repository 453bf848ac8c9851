//! Arrays of the crate `ndarray`, whole or parts of them: with the feature `ndarray`.
//!
//! Elements travel in the array's own order, the last index fastest. Those of an array in standard layout
//! go from where they are; of others, as a column or a transposed matrix, a copy is made.

use crate::Result;
use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use ndarray::{ArrayRef, Dimension};

impl Communicator {
    /// Sends the elements of an array or of a view. Section 3.2.
    ///
    /// ```
    /// use ndarray::{Array2, s};
    ///
    /// ranks::threads(2, |world| {
    ///     let mut matrix = Array2::from_shape_fn((3, 4), |(row, column)| row * 10 + column);
    ///     if world.rank() == 0 {
    ///         world.send_array(&matrix.slice(s![.., 1]), 1, 0)
    ///     } else {
    ///         world.receive_array(&mut matrix.slice_mut(s![.., 3]), 0, 0)?;
    ///         assert_eq!(matrix.row(2).to_vec(), [20, 21, 22, 21]);
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::send_from`].
    pub fn send_array<T: Equivalence, D: Dimension>(
        &self,
        array: &ArrayRef<T, D>,
        dest: usize,
        tag: i32,
    ) -> Result<()> {
        match array.as_slice() {
            Some(row) => self.send_from(row, dest, tag),
            None => self.send_from(&array.iter().copied().collect::<Vec<T>>(), dest, tag),
        }
    }

    /// Receives into an array or into a mutable view. Section 3.2.
    ///
    /// ```
    /// use ndarray::Array2;
    ///
    /// ranks::threads(2, |world| {
    ///     let other = 1 - world.rank();
    ///     let mut matrix = Array2::<usize>::zeros((2, 2));
    ///     world.send_array(&Array2::from_elem((2, 2), world.rank()), other, 0)?;
    ///     world.receive_array(&mut matrix, other, 0)?;
    ///     assert_eq!(matrix, Array2::from_elem((2, 2), other));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Communicator::receive_into`].
    pub fn receive_array<T: Equivalence, D: Dimension>(
        &self,
        array: &mut ArrayRef<T, D>,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        if let Some(row) = array.as_slice_mut() {
            return self.receive_into(row, source, tag);
        }
        let mut row: Vec<T> = array.iter().copied().collect();
        let status = self.receive_into(&mut row, source, tag)?;
        array.iter_mut().zip(row).for_each(|(place, value)| *place = value);
        Ok(status)
    }
}
