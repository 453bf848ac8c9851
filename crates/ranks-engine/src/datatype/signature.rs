//! The sequence of basic types of an element: for counting them, and for `external32`.

use super::scalar::Scalar;
use super::{Invalid, Kind};
use std::sync::Arc;

/// A sequence, with what it comes to.
#[derive(Debug)]
pub(super) struct Signature {
    pub size: i64,
    pub elements: i64,
    pub external: i64,
    what: What,
}

#[derive(Debug)]
enum What {
    Scalar(Scalar),
    Repeat(i64, Arc<Signature>),
    Sequence(Vec<Arc<Signature>>),
}

impl Signature {
    pub fn scalar(scalar: Scalar) -> Arc<Self> {
        let (size, external) = (i64::from(scalar.size), i64::from(scalar.external));
        Arc::new(Self { size, elements: 1, external, what: What::Scalar(scalar) })
    }

    /// `count` times.
    pub fn repeated(self: &Arc<Self>, count: i64) -> Result<Arc<Self>, Invalid> {
        if count == 1 {
            return Ok(self.clone());
        }
        let times = |value: i64| value.checked_mul(count).ok_or_else(Invalid::overflow);
        let (size, external) = (times(self.size)?, times(self.external)?);
        let elements = times(self.elements)?;
        // A repetition of a repetition is one, as long as the numbers fit; they do, the size does.
        let (count, body) = match &self.what {
            What::Repeat(inner, body) => (count.checked_mul(*inner).ok_or_else(Invalid::overflow)?, body),
            _ => (count, self),
        };
        Ok(Arc::new(Self { size, elements, external, what: What::Repeat(count, body.clone()) }))
    }

    /// One after the other.
    pub fn sequence(parts: Vec<Arc<Self>>) -> Result<Arc<Self>, Invalid> {
        let mut parts: Vec<_> = parts.into_iter().filter(|part| part.elements > 0).collect();
        if parts.len() == 1 {
            return Ok(parts.swap_remove(0));
        }
        let (mut size, mut elements, mut external) = (0i64, 0i64, 0i64);
        for part in &parts {
            let sum = |total: i64, more| total.checked_add(more).ok_or_else(Invalid::overflow);
            size = sum(size, part.size)?;
            elements = sum(elements, part.elements)?;
            external = sum(external, part.external)?;
        }
        Ok(Arc::new(Self { size, elements, external, what: What::Sequence(parts) }))
    }

    /// Basic elements in the first `bytes` bytes of any number of these in a row.
    pub fn elements_in(&self, bytes: u64) -> Option<i64> {
        if self.size == 0 {
            return (bytes == 0).then_some(0);
        }
        let whole = i64::try_from(bytes / self.size as u64).ok()?.checked_mul(self.elements)?;
        let rest = (bytes % self.size as u64) as i64;
        if rest == 0 {
            return Some(whole);
        }
        let inside = match &self.what {
            What::Scalar(_) => return None,
            What::Repeat(_, body) => body.elements_in(rest as u64)?,
            What::Sequence(parts) => {
                let (mut rest, mut count) = (rest, 0);
                for part in parts {
                    if rest < part.size {
                        count += part.elements_in(rest as u64)?;
                        break;
                    }
                    rest -= part.size;
                    count += part.elements;
                }
                count
            }
        };
        whole.checked_add(inside)
    }

    /// Bytes of the first `elements` basic elements of any number of these in a row.
    pub fn bytes_of(&self, elements: u64) -> Option<u64> {
        if self.elements == 0 {
            return (elements == 0).then_some(0);
        }
        let whole = (elements / self.elements as u64).checked_mul(self.size as u64)?;
        let rest = elements % self.elements as u64;
        let inside = match &self.what {
            _ if rest == 0 => 0,
            What::Scalar(_) => 0,
            What::Repeat(_, body) => body.bytes_of(rest)?,
            What::Sequence(parts) => {
                let (mut rest, mut bytes) = (rest, 0);
                for part in parts {
                    if rest < part.elements as u64 {
                        bytes += part.bytes_of(rest)?;
                        break;
                    }
                    rest -= part.elements as u64;
                    bytes += part.size as u64;
                }
                bytes
            }
        };
        whole.checked_add(inside)
    }

    /// Converts `count` of these: both slices are as long as that.
    pub fn to_external(&self, count: usize, native: &[u8], external: &mut [u8]) {
        let (mut native, mut external) = (native, external);
        self.each(count, &mut |scalar, count| {
            let (from, to) = (scalar.size as usize, scalar.external as usize);
            let (here, rest) = native.split_at(count * from);
            let (there, room) = std::mem::take(&mut external).split_at_mut(count * to);
            if scalar.kind == Kind::Bytes || from == 1 && to == 1 {
                there.copy_from_slice(here);
            } else {
                for (from, to) in here.chunks_exact(from).zip(there.chunks_exact_mut(to)) {
                    scalar.to_external(from, to);
                }
            }
            (native, external) = (rest, room);
        });
    }

    /// The way back.
    pub fn to_native(&self, count: usize, external: &[u8], native: &mut [u8]) {
        let (mut native, mut external) = (native, external);
        self.each(count, &mut |scalar, count| {
            let (from, to) = (scalar.external as usize, scalar.size as usize);
            let (here, rest) = external.split_at(count * from);
            let (there, room) = std::mem::take(&mut native).split_at_mut(count * to);
            if scalar.kind == Kind::Bytes || from == 1 && to == 1 {
                there.copy_from_slice(here);
            } else {
                for (from, to) in here.chunks_exact(from).zip(there.chunks_exact_mut(to)) {
                    scalar.to_native(from, to);
                }
            }
            (external, native) = (rest, room);
        });
    }

    /// The runs of scalars of `count` of these.
    fn each(&self, count: usize, found: &mut dyn FnMut(Scalar, usize)) {
        match &self.what {
            What::Scalar(scalar) => found(*scalar, count),
            What::Repeat(inner, body) => body.each(count * *inner as usize, found),
            What::Sequence(parts) => {
                for _ in 0..count {
                    parts.iter().for_each(|part| part.each(1, found));
                }
            }
        }
    }
}
