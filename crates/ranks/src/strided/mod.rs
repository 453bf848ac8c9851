//! Parts of a buffer that do not lie in a row: columns and blocks of matrices. Section 5.1.2.

#![allow(unsafe_code)]

mod exchange;
mod nonblocking;

pub use exchange::Exchange;

use crate::communicator::{Communicator, Source, Status, Tag};
use crate::equivalence::Equivalence;
use crate::memory::{bytes_of, recv_buf, shared_buf, typed_buf};
use crate::{Class, Error, Result};
use ranks_engine::datatype::{Datatype, Elements, Form, Invalid, Scalar};
use ranks_engine::{Call, Mode, RecvBuf};
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

/// Why places cannot be those of a buffer.
enum Misplaced {
    /// Blocks overlap.
    Overlap { block: usize, stride: usize },
    /// They reach beyond the end of so many elements.
    Beyond { places: Stride, len: usize },
}

/// The detail of an error of the interface.
impl From<Misplaced> for String {
    fn from(error: Misplaced) -> String {
        match error {
            Misplaced::Overlap { block, stride } => {
                format!("blocks of {block} elements overlap: they begin every {stride}")
            }
            Misplaced::Beyond { places, len } => {
                format!("{places:?} reaches beyond the end of {len} elements")
            }
        }
    }
}

impl Stride {
    /// Column `at`, from 0, of a matrix that is kept row by row.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// // The last column of 3 rows and 4 columns: elements 3, 7 and 11.
    /// assert_eq!(Stride::column(3, 4, 3), Stride { first: 3, count: 3, block: 1, stride: 4 });
    /// ```
    pub fn column(rows: usize, columns: usize, at: usize) -> Self {
        Self { first: at, count: rows, block: 1, stride: columns }
    }

    /// The part of a matrix of so many columns, kept row by row, that is in these rows and columns.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// // Of a matrix of 4 columns, what is in rows 1 and 2 and in columns 0 and 1: elements 4, 5, 8 and 9.
    /// assert_eq!(Stride::part(4, 1..3, 0..2), Stride { first: 4, count: 2, block: 2, stride: 4 });
    /// ```
    pub fn part(columns: usize, rows: Range<usize>, part: Range<usize>) -> Self {
        let first = rows.start.saturating_mul(columns).saturating_add(part.start);
        Self { first, count: rows.len(), block: part.len(), stride: columns }
    }

    /// The number of elements, which is the number of blocks times their length.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// assert_eq!(Stride::part(6, 1..3, 0..3).len(), 6);
    /// ```
    pub fn len(&self) -> usize {
        self.count.saturating_mul(self.block)
    }

    /// True when there are no elements.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// assert!(Stride::part(6, 1..1, 0..3).is_empty());
    /// assert!(!Stride::column(4, 6, 2).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the elements end; none of them is reached twice.
    fn check(&self, len: usize) -> std::result::Result<(), Misplaced> {
        if self.is_empty() {
            return Ok(());
        }
        if self.count > 1 && self.stride < self.block {
            return Err(Misplaced::Overlap { block: self.block, stride: self.stride });
        }
        let last = (self.count - 1).checked_mul(self.stride).and_then(|last| last.checked_add(self.first));
        match last.and_then(|last| last.checked_add(self.block)) {
            Some(end) if end <= len => Ok(()),
            _ => Err(Misplaced::Beyond { places: *self, len }),
        }
    }

    /// Whether some place belongs to both.
    fn meets(&self, other: &Stride) -> bool {
        let (few, many) = if self.count <= other.count { (self, other) } else { (other, self) };
        if few.is_empty() || many.is_empty() {
            return false;
        }
        if let (Some(a), Some(b)) = (few.columns(many.stride), many.columns(many.stride)) {
            let rows = |s: &Stride| s.first / many.stride..s.first / many.stride + s.count;
            return cross(&a, &b) && cross(&rows(few), &rows(many));
        }
        (0..few.count).any(|block| {
            let begin = few.first + block * few.stride;
            many.reaches(begin..begin + few.block)
        })
    }

    /// The columns that it takes up in a matrix of this many columns; `None` if it is no rectangle there.
    fn columns(&self, width: usize) -> Option<Range<usize>> {
        let begin = self.first.checked_rem(width)?;
        let is_rectangle = begin + self.block <= width && (self.count == 1 || self.stride == width);
        is_rectangle.then(|| begin..begin + self.block)
    }

    /// Whether some place is in this range. The range is not empty.
    fn reaches(&self, range: Range<usize>) -> bool {
        let Some(last) = (range.end - 1).checked_sub(self.first) else { return false };
        // The last block that begins before the range ends.
        let block = if self.count == 1 { 0 } else { (last / self.stride).min(self.count - 1) };
        self.first + block * self.stride + self.block > range.start
    }

    /// The places of its elements, in order.
    fn places(self) -> impl Iterator<Item = usize> {
        (0..self.count).flat_map(move |block| {
            let begin = self.first + block * self.stride;
            begin..begin + self.block
        })
    }

    /// One element of `size` bytes at each place.
    fn datatype(&self, size: usize) -> std::result::Result<Arc<Datatype>, Invalid> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let element = Datatype::contiguous(Form::Large, number(size), &Datatype::scalar(Scalar::BYTE))?;
        Datatype::vector(Form::Large, number(self.count), number(self.block), number(self.stride), &element)
    }
}

/// Whether two ranges have a number in common.
fn cross(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
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
        if !T::DENSE {
            self.inside(Call::Send, places, data.len())?;
            let row: Vec<T> = places.places().map(|at| data[at]).collect();
            return self.send_buf(Mode::Standard, typed_buf::<T>(&bytes_of(&row)), dest, tag);
        }
        let elements =
            self.strided(Call::Send, shared_buf(data), data.len(), size_of::<T>(), places)?.marked(T::MARK);
        self.engine.engine().send_elements(Mode::Standard, &elements, Self::to(dest), tag, self.id)
    }

    /// Receives into certain places of a slice, in order; the message may have fewer elements than there are
    /// places. Section 5.1.2.
    ///
    /// ```
    /// use ranks::Stride;
    ///
    /// ranks::threads(2, |world| {
    ///     if world.rank() == 0 {
    ///         return world.send_from(&[7, 8, 9], 1, 0);
    ///     }
    ///     // A row comes in, and becomes the first column of a matrix of two columns.
    ///     let mut matrix = [0; 6];
    ///     let status = world.receive_strided(&mut matrix, Stride::column(3, 2, 0), 0, 0)?;
    ///     assert_eq!((matrix, status.bytes), ([7, 0, 8, 0, 9, 0], 12));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
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
        let (source, tag) = (source.into(), tag.into());
        if !T::ANY {
            self.inside(Call::Recv, places, data.len())?;
            // What came must be looked at before it is anyone's.
            let mut row: Vec<T> = places.places().map(|at| data[at]).collect();
            let outcome = self.receive_into(&mut row, source, tag);
            places.places().zip(row).for_each(|(at, value)| data[at] = value);
            return outcome;
        }
        let elements = self.strided(Call::Recv, recv_buf(data), data.len(), size_of::<T>(), places)?;
        let status = Status::from(self.engine.engine().recv_elements(elements, source.0, tag.0, self.id)?);
        self.whole_elements::<T>(status)?;
        Ok(status)
    }

    /// The elements at these places of a slice of `len` values of `size` bytes each, which begins where `buf` does.
    fn strided(&self, call: Call, buf: RecvBuf, len: usize, size: usize, places: Stride) -> Result<Elements> {
        self.inside(call, places, len)?;
        let datatype = places.datatype(size).map_err(self.invalid(call))?;
        let first = buf.pointer().wrapping_add(places.first.min(len) * size);
        // SAFETY: all places are in the slice and none is there twice; whoever made `buf` has promised that the
        // slice is there, and nobody else's, until the operation is complete.
        unsafe { Elements::new(first, 1, datatype) }.map_err(self.invalid(call))
    }

    fn inside(&self, call: Call, places: Stride, len: usize) -> Result<()> {
        places.check(len).map_err(|detail| self.error(Class::Arg, call, detail))
    }

    fn invalid(&self, call: Call) -> impl Fn(Invalid) -> Error + '_ {
        move |Invalid { class, detail }| self.error(class, call, detail)
    }
}
