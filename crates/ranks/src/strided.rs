//! Parts of a buffer that do not lie in a row: columns and blocks of matrices. Section 5.1.2.

#![allow(unsafe_code)]

use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::bytes_of;
use crate::{Class, Error, Result};
use ranks_engine::datatype::{Datatype, Elements, Form, Invalid, Scalar};
use ranks_engine::{Call, Mode};
use std::ops::Range;
use std::sync::Arc;

/// Where the elements are: `count` blocks of `block` elements, `stride` elements from one to the next.
///
/// ```
/// use ranks::Stride;
///
/// // A matrix of 4 rows and 6 columns: its third column, and a block of 2 rows and 3 columns.
/// assert_eq!(Stride::column(4, 6, 2), Stride { first: 2, count: 4, block: 1, stride: 6 });
/// assert_eq!(Stride::part(6, 1..3, 0..3), Stride { first: 6, count: 2, block: 3, stride: 6 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    /// Where the first element is.
    pub first: usize,
    /// How many blocks.
    pub count: usize,
    /// Elements of a block, which lie in a row.
    pub block: usize,
    /// Elements from the beginning of a block to that of the next.
    pub stride: usize,
}

impl Stride {
    /// Column `at` of a matrix that is kept row by row.
    pub fn column(rows: usize, columns: usize, at: usize) -> Self {
        Self { first: at, count: rows, block: 1, stride: columns }
    }

    /// The part of a matrix of so many columns, kept row by row, that is in these rows and columns.
    pub fn part(columns: usize, rows: Range<usize>, part: Range<usize>) -> Self {
        let first = rows.start.saturating_mul(columns).saturating_add(part.start);
        Self { first, count: rows.len(), block: part.len(), stride: columns }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.count.saturating_mul(self.block)
    }

    /// True for no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the elements end; none of them is reached twice.
    fn check(&self, len: usize) -> std::result::Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        if self.count > 1 && self.stride < self.block {
            return Err(format!(
                "blocks of {} elements overlap: they begin every {}",
                self.block, self.stride
            ));
        }
        let last = (self.count - 1).checked_mul(self.stride).and_then(|last| last.checked_add(self.first));
        match last.and_then(|last| last.checked_add(self.block)) {
            Some(end) if end <= len => Ok(()),
            _ => Err(format!("{self:?} reaches beyond the end of {len} elements")),
        }
    }

    /// The places of its elements, in order.
    fn places(self) -> impl Iterator<Item = usize> {
        (0..self.count).flat_map(move |block| {
            let begin = self.first + block * self.stride;
            begin..begin + self.block
        })
    }

    fn datatype(&self, size: usize) -> std::result::Result<Arc<Datatype>, Invalid> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let element = Datatype::contiguous(Form::Large, number(size), &Datatype::scalar(Scalar::BYTE))?;
        Datatype::vector(Form::Large, number(self.count), number(self.block), number(self.stride), &element)
    }
}

impl Communicator {
    /// Sends the elements at certain places of a slice; the message is as if they lay in a row. Section
    /// 5.1.2.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     let (rows, columns) = (3, 4);
    ///     if world.rank() == 0 {
    ///         let matrix: Vec<u32> = (0..12).collect();
    ///         world.send_strided(&matrix, Stride::column(rows, columns, 1), 1, 0)
    ///     } else {
    ///         let mut matrix = vec![0u32; 12];
    ///         world.receive_strided(&mut matrix, Stride::column(rows, columns, 3), 0, 0)?;
    ///         assert_eq!(matrix, [0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 9]);
    ///         Ok(())
    ///     }
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the slice or overlap.
    pub fn send_strided<T: Equivalence>(
        &self,
        data: &[T],
        places: Stride,
        dest: usize,
        tag: i32,
    ) -> Result<()> {
        self.inside(Call::Send, places, data.len())?;
        if !T::DENSE {
            let row: Vec<T> = places.places().map(|at| data[at]).collect();
            return self.send_bytes(Mode::Standard, &bytes_of(&row), dest, tag);
        }
        let datatype = places.datatype(size_of::<T>()).map_err(self.invalid(Call::Send))?;
        let first = data[places.first.min(data.len())..].as_ptr().cast_mut().cast();
        // SAFETY: all places are in the slice, whose bytes are initialised, and the send is over when it
        // returns. It only reads.
        let elements = unsafe { Elements::new(first, 1, datatype) }.map_err(self.invalid(Call::Send))?;
        self.engine.engine().send_elements(Mode::Standard, &elements, Self::to(dest), tag, self.id)
    }

    /// Receives into certain places of a slice. Section 5.1.2.
    ///
    /// # Errors
    /// As for [`Communicator::receive_into`]; class `Arg` when places are outside of the slice or overlap.
    pub fn receive_strided<T: Equivalence>(
        &self,
        data: &mut [T],
        places: Stride,
        source: impl Into<Source>,
        tag: impl Into<Tag>,
    ) -> Result<Status> {
        self.inside(Call::Recv, places, data.len())?;
        let (source, tag) = (source.into(), tag.into());
        if !T::ANY {
            // What came must be looked at before it is anyone's.
            let mut row: Vec<T> = places.places().map(|at| data[at]).collect();
            let outcome = self.receive_into(&mut row, source, tag);
            places.places().zip(row).for_each(|(at, value)| data[at] = value);
            return outcome;
        }
        let datatype = places.datatype(size_of::<T>()).map_err(self.invalid(Call::Recv))?;
        let first = places.first.min(data.len());
        let first = data[first..].as_mut_ptr().cast();
        // SAFETY: all places are in the slice and none is there twice; the receive is over when it returns,
        // and any bytes are a value.
        let elements = unsafe { Elements::new(first, 1, datatype) }.map_err(self.invalid(Call::Recv))?;
        let status = Status::from(self.engine.engine().recv_elements(elements, source.0, tag.0, self.id)?);
        self.whole_elements::<T>(status)?;
        Ok(status)
    }

    fn inside(&self, call: Call, places: Stride, len: usize) -> Result<()> {
        places.check(len).map_err(|detail| self.error(Class::Arg, call, detail))
    }

    fn invalid(&self, call: Call) -> impl Fn(Invalid) -> Error + '_ {
        move |Invalid { class, detail }| self.error(class, call, detail)
    }
}
