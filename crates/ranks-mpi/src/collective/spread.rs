//! Counts and displacements as parts of a buffer.

use crate::abi::Abi;
use crate::argument::{Count, In};
use crate::datatype::{Stage, byte, elements_of, is_predefined, nothing, shared, span};
use crate::failure::{Failure, Result, class};
use ranks_engine::collective::Part;
use ranks_engine::datatype::{Datatype, Elements};
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// A buffer with a part for each rank, anywhere around its address: displacements may be negative.
pub struct Spread {
    /// From the program's address to the first byte of any part.
    lowest: isize,
    /// From there to the last one.
    span: usize,
    /// The parts, counted from the first byte.
    pub parts: Vec<Part>,
    /// Where elements do not lie in a row, the parts are those of a packed copy of these: displacement in bytes,
    /// count, datatype.
    pieces: Vec<(i64, i64, Arc<Datatype>)>,
}

/// The displacement in bytes.
fn far(at: i64, unit: i64) -> Result<i64> {
    let byte = at.checked_mul(unit).filter(|byte| byte.unsigned_abs() >> 61 == 0);
    byte.ok_or_else(|| Failure::new(class::ARG, format!("a displacement of {at} elements is out of reach")))
}

impl Spread {
    /// Parts of one datatype; displacements count its extent.
    pub fn of_one<A: Abi, C: Count, D: Count>(
        counts: In<C>,
        displacements: In<D>,
        datatype: A::Datatype,
        ranks: usize,
    ) -> Result<Self> {
        let known = shared::<A>(datatype)?;
        let counts = counts.slice(ranks as c_int)?;
        let displacements = displacements.slice(ranks as c_int)?;
        let places = counts.iter().zip(displacements);
        if !is_predefined::<A>(datatype) && !known.is_plain() {
            let unit = known.extent();
            return Self::packed(
                places.map(|(count, at)| Ok((far(at.get(), unit)?, count.get(), known.clone()))),
            );
        }
        Self::new(places.map(|(&count, &at)| Ok((at, known.extent(), span::<A>(count, datatype)?))))
    }

    /// Parts of a copy.
    fn packed(pieces: impl Iterator<Item = Result<(i64, i64, Arc<Datatype>)>>) -> Result<Self> {
        let pieces = pieces.collect::<Result<Vec<_>>>()?;
        let lengths = pieces.iter().map(|(_, count, known)| {
            let bytes =
                usize::try_from(*count).ok().and_then(|count| count.checked_mul(known.size() as usize));
            bytes.ok_or_else(|| Failure::new(class::COUNT, format!("{count} is no count of elements")))
        });
        let parts = Part::in_order(lengths.collect::<Result<Vec<_>>>()?);
        Ok(Self { lowest: 0, span: 0, parts, pieces })
    }

    /// The elements of the parts that are copied, at an address.
    fn elements<A: Abi>(&self, address: *mut c_void) -> Result<Vec<Elements>> {
        let pieces = self.pieces.iter().map(|(at, count, known)| {
            elements_of::<A>(address.wrapping_byte_offset(*at as isize), *count, known.clone())
        });
        pieces.collect()
    }

    /// Parts of a datatype each; displacements are in bytes.
    pub fn of_each<A: Abi, C: Count, D: Count>(
        counts: In<C>,
        displacements: In<D>,
        datatypes: In<A::Datatype>,
        ranks: usize,
    ) -> Result<Self> {
        let counts = counts.slice(ranks as c_int)?;
        let places = displacements.slice(ranks as c_int)?.iter().zip(datatypes.slice(ranks as c_int)?);
        let known = counts.iter().zip(datatypes.slice(ranks as c_int)?).map(|(&count, &datatype)| {
            let datatype = if nothing::<A>(count, datatype) { byte::<A>() } else { datatype };
            let known = shared::<A>(datatype)?;
            let row = is_predefined::<A>(datatype) || known.is_plain();
            Ok((known, row))
        });
        let known = known.collect::<Result<Vec<_>>>()?;
        if known.iter().any(|(_, row)| !row) {
            let pieces = counts.iter().zip(places).zip(known);
            return Self::packed(
                pieces.map(|((count, (at, _)), (known, _))| Ok((far(at.get(), 1)?, count.get(), known))),
            );
        }
        Self::new(
            counts
                .iter()
                .zip(places)
                .map(|(&count, (&at, &datatype))| Ok((at, 1, span::<A>(count, datatype)?))),
        )
    }

    /// From displacement, its unit, and length of each.
    fn new<D: Count>(parts: impl Iterator<Item = Result<(D, i64, usize)>>) -> Result<Self> {
        let mut places = Vec::new();
        for part in parts {
            let (at, unit, len) = part?;
            places.push((far(at.get(), unit)?, len));
        }
        let filled = || places.iter().filter(|(_, len)| *len > 0);
        let lowest = filled().map(|(at, _)| *at).min().unwrap_or(0);
        let highest = filled().map(|(at, len)| at + *len as i64).max().unwrap_or(0);
        let part = |&(at, len): &(i64, usize)| match len {
            // Wherever nothing is, it is inside.
            0 => Part::default(),
            _ => Part { at: (at - lowest) as usize, len },
        };
        Ok(Self {
            lowest: lowest as isize,
            span: (highest - lowest) as usize,
            parts: places.iter().map(part).collect(),
            pieces: Vec::new(),
        })
    }

    /// The buffer to send from.
    pub fn to_send<A: Abi>(&self, stage: &Stage, address: *const c_void) -> Result<SendBuf> {
        if !self.pieces.is_empty() {
            return Ok(stage.add(self.elements::<A>(address.cast_mut())?, false).send());
        }
        let address = address.cast::<u8>().wrapping_offset(self.lowest);
        self.check::<A>(address)?;
        // SAFETY: the C program promises that every part stays as it is until the operation is complete;
        // nothing between them is touched.
        Ok(unsafe { SendBuf::new(address, self.span) })
    }

    /// The buffer to receive into.
    pub fn to_receive<A: Abi>(&self, stage: &Stage, address: *mut c_void) -> Result<RecvBuf> {
        if !self.pieces.is_empty() {
            return Ok(stage.add(self.elements::<A>(address)?, true).recv());
        }
        let address = address.cast::<u8>().wrapping_offset(self.lowest);
        self.check::<A>(address)?;
        // SAFETY: the C program promises that every part is its own until the operation is complete;
        // nothing between them is touched.
        Ok(unsafe { RecvBuf::new(address, self.span) })
    }

    fn check<A: Abi>(&self, address: *const u8) -> Result<()> {
        let given = address.wrapping_offset(-self.lowest);
        if self.span > 0 && (address.is_null() || A::is_in_place(given.cast())) {
            let text = format!("the buffer is null or MPI_IN_PLACE, but {} bytes were asked for", self.span);
            return Err(Failure::new(class::BUFFER, text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_anywhere_around_the_address() {
        let parts = [(3i64, 4, 8), (-2, 4, 4), (1000, 4, 0)];
        let spread = Spread::new(parts.into_iter().map(Ok)).unwrap();
        assert_eq!((spread.lowest, spread.span), (-8, 28));
        let expected = [Part { at: 20, len: 8 }, Part { at: 0, len: 4 }, Part { at: 0, len: 0 }];
        assert_eq!(spread.parts, expected);
        let far = Spread::new([Ok((i64::MAX, 4, 1))].into_iter());
        assert_eq!(far.err().unwrap().class, class::ARG);
    }
}
