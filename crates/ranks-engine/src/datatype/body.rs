//! What is computed of a type while it is made: its bytes, bounds and basic types together.

use super::extent::Bounds;
use super::scalar::Scalar;
use super::shape::Shape;
use super::signature::Signature;
use super::{Datatype, Invalid};
use std::sync::Arc;

/// See above.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub shape: Shape,
    pub bounds: Bounds,
    pub signature: Arc<Signature>,
    pub align: i64,
}

type Result<T> = std::result::Result<T, Invalid>;

impl Body {
    pub fn basic(parts: &[(Scalar, i64)], extent: i64) -> Self {
        let shape = Shape::list(
            parts.iter().map(|&(scalar, at)| (at, Shape::Block { at: 0, len: scalar.size.into() })),
        );
        let lower = parts.iter().map(|(_, at)| *at).min();
        let upper = parts.iter().map(|(scalar, at)| at + i64::from(scalar.size)).max();
        let bounds = Bounds { outer: Some((0, extent)), inner: lower.zip(upper), marked: false };
        let signatures = parts.iter().map(|(scalar, _)| Signature::scalar(*scalar)).collect();
        // A few scalars cannot overflow.
        let signature = Signature::sequence(signatures).expect("a short sequence");
        let align = parts.iter().map(|(scalar, _)| scalar.align.into()).max().unwrap_or(1);
        Self { shape, bounds, signature, align }
    }

    pub fn of(datatype: &Datatype) -> Self {
        datatype.body.clone()
    }

    pub fn size(&self) -> i64 {
        self.signature.size
    }

    pub fn extent(&self) -> i64 {
        self.bounds.extent()
    }

    /// `count` of them, `stride` bytes apart.
    pub fn repeated(&self, count: i64, stride: i64) -> Result<Self> {
        // The signature first: it checks that the size fits.
        let signature = self.signature.repeated(count)?;
        let bounds = self.bounds.repeated(count, stride)?;
        Ok(Self { shape: self.shape.repeated(count, stride), bounds, signature, align: self.align })
    }

    /// `count` of them, each after the other.
    pub fn in_a_row(&self, count: i64) -> Result<Self> {
        self.repeated(count, self.extent())
    }

    /// Moved by `at` bytes.
    pub fn moved(self, at: i64) -> Result<Self> {
        Ok(Self { shape: self.shape.moved(at), bounds: self.bounds.moved(at)?, ..self })
    }

    /// Any number of them, each moved by its number of bytes.
    pub fn list(parts: Vec<(i64, Body)>) -> Result<Self> {
        let mut bounds = Bounds::default();
        let mut align = 1;
        for (at, part) in &parts {
            if part.bounds.outer.is_some() {
                bounds = bounds.joined(part.bounds.moved(*at)?);
                align = align.max(part.align);
            }
        }
        let signature = Signature::sequence(parts.iter().map(|(_, part)| part.signature.clone()).collect())?;
        let shape = Shape::list(parts.into_iter().map(|(at, part)| (at, part.shape)));
        Ok(Self { shape, bounds, signature, align })
    }

    /// Bytes from one place to another of a number of elements.
    pub fn bytes(&self, elements: i64) -> Result<i64> {
        elements.checked_mul(self.extent()).ok_or_else(Invalid::overflow)
    }
}
