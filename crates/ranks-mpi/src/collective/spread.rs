//! Counts and displacements as parts of a buffer.

use crate::abi::Abi;
use crate::argument::{Count, In};
use crate::datatype::{find, span};
use crate::failure::{Failure, Result, class};
use ranks_engine::collective::Part;
use ranks_engine::{RecvBuf, SendBuf};
use std::ffi::{c_int, c_void};

/// A buffer with a part for each rank, anywhere around its address: displacements may be negative.
pub struct Spread {
    /// From the program's address to the first byte of any part.
    lowest: isize,
    /// From there to the last one.
    span: usize,
    /// The parts, counted from the first byte.
    pub parts: Vec<Part>,
}

impl Spread {
    /// Parts of one datatype; displacements count its extent.
    pub fn of_one<A: Abi, C: Count, D: Count>(
        counts: In<C>,
        displacements: In<D>,
        datatype: A::Datatype,
        ranks: usize,
    ) -> Result<Self> {
        let unit = find::<A>(datatype)?.extent as i64;
        let counts = counts.slice(ranks as c_int)?;
        let displacements = displacements.slice(ranks as c_int)?;
        Self::new(
            counts.iter().zip(displacements).map(|(&count, &at)| Ok((at, unit, span::<A>(count, datatype)?))),
        )
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
            let at = at.get();
            let byte = at.checked_mul(unit).filter(|byte| byte.unsigned_abs() >> 61 == 0);
            let byte = byte.ok_or_else(|| {
                Failure::new(class::ARG, format!("a displacement of {at} elements is out of reach"))
            })?;
            places.push((byte, len));
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
        })
    }

    /// The buffer to send from.
    pub fn to_send<A: Abi>(&self, address: *const c_void) -> Result<SendBuf> {
        let address = address.cast::<u8>().wrapping_offset(self.lowest);
        self.check::<A>(address)?;
        // SAFETY: the C program promises that every part stays as it is until the operation is complete;
        // nothing between them is touched.
        Ok(unsafe { SendBuf::new(address, self.span) })
    }

    /// The buffer to receive into.
    pub fn to_receive<A: Abi>(&self, address: *mut c_void) -> Result<RecvBuf> {
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
