//! Datatypes: which bytes of memory a message is made of, and in which order. MPI 5.0 chapter 5.
//!
//! | file | what it holds |
//! |---|---|
//! | this | a datatype as a value: size, bounds, what it was made from |
//! | `scalar` | the basic types |
//! | `body` | what is computed of a type while it is made: shape, bounds, signature |
//! | `make`, `array` | the constructors |
//! | `extent` | lower and upper bounds, markers, alignment |
//! | `shape` | the bytes of an element as a small program of blocks and loops |
//! | `walk` | going through a piece of that program |
//! | `elements` | elements in memory: packing and unpacking any piece of them |
//! | `signature` | the sequence of basic types: counting elements, `external32` |
//! | `recipe` | the arguments of the constructor, for those who ask |
//!
//! A type is shared (`Arc`) and never changes, so freeing a handle disturbs nothing that uses it. It is
//! flattened as it is made; what was regular stays a loop, so a type of millions of pieces may be a few words.

mod array;
mod body;
#[allow(unsafe_code)]
mod elements;
mod extent;
mod make;
mod recipe;
mod scalar;
mod shape;
mod signature;
mod walk;

pub use array::{Distribution, Order};
pub use elements::Elements;
pub use recipe::{Combiner, Form, Recipe};
pub use scalar::{Kind, Scalar};

use crate::error::Class;
use body::Body;
use std::sync::Arc;

/// Why a datatype cannot be made or used so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// MPI's class of the error.
    pub class: Class,
    /// What is wrong.
    pub detail: String,
}

impl Invalid {
    #[cold]
    pub(crate) fn new(class: Class, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }

    #[cold]
    pub(crate) fn overflow() -> Self {
        Self::new(Class::Type, "the datatype is larger than 2^63 - 1 bytes or reaches that far")
    }
}

/// The result of making a datatype.
pub type Made = std::result::Result<Arc<Datatype>, Invalid>;

/// A datatype.
#[derive(Debug)]
pub struct Datatype {
    body: Body,
    recipe: Recipe,
    /// Types inside types inside types.
    depth: u32,
}

impl Datatype {
    /// A basic type, or several that count as one predefined type (a value and its index): each with its
    /// place. `number` is for whoever makes it, and names it in [`Recipe`].
    pub fn basic(number: u32, parts: &[(Scalar, i64)], extent: i64) -> Arc<Self> {
        let body = Body::basic(parts, extent);
        Arc::new(Self { body, recipe: Recipe::named(number), depth: 0 })
    }

    /// One scalar.
    pub fn scalar(scalar: Scalar) -> Arc<Self> {
        Self::basic(u32::MAX, &[(scalar, 0)], i64::from(scalar.size))
    }

    /// Bytes of data in an element.
    pub fn size(&self) -> i64 {
        self.body.size()
    }

    /// Where an element begins, from its address.
    pub fn lower_bound(&self) -> i64 {
        self.body.bounds.lower()
    }

    /// From one element to the next.
    pub fn extent(&self) -> i64 {
        self.body.bounds.extent()
    }

    /// Where the first byte of data is, from an element's address.
    pub fn true_lower_bound(&self) -> i64 {
        self.body.bounds.inner.map_or(0, |(lower, _)| lower)
    }

    /// From the first byte of data to the last one.
    pub fn true_extent(&self) -> i64 {
        self.body.bounds.inner.map_or(0, |(lower, upper)| upper - lower)
    }

    /// From which byte to which `count` elements reach, from the address of the first.
    pub fn reach(&self, count: usize) -> (i64, i64) {
        let last = (count.max(1) as i64 - 1).saturating_mul(self.extent());
        let low = self.true_lower_bound();
        (low.saturating_add(last.min(0)), low.saturating_add(last.max(0)).saturating_add(self.true_extent()))
    }

    /// The alignment that its basic types ask for.
    pub fn alignment(&self) -> i64 {
        self.body.align
    }

    /// Basic elements in an element.
    pub fn elements(&self) -> i64 {
        self.body.signature.elements
    }

    /// How many basic elements `bytes` bytes of a message of this type are; `None` if they end within one.
    pub fn elements_in(&self, bytes: u64) -> Option<i64> {
        self.body.signature.elements_in(bytes)
    }

    /// The bytes of a message that is `elements` basic elements of this type long.
    pub fn bytes_of(&self, elements: u64) -> Option<u64> {
        self.body.signature.bytes_of(elements)
    }

    /// Bytes of an element in the representation `external32`.
    pub fn external_size(&self) -> i64 {
        self.body.signature.external
    }

    /// From packed bytes to `external32`: MPI 5.0 section 5.3.
    pub fn to_external(&self, count: usize, native: &[u8], external: &mut [u8]) {
        self.body.signature.to_external(count, native, external);
    }

    /// From `external32` to packed bytes.
    pub fn from_external(&self, count: usize, external: &[u8], native: &mut [u8]) {
        self.body.signature.to_native(count, external, native);
    }

    /// What it was made from.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// True when elements in a row are bytes in a row.
    pub fn is_contiguous(&self) -> bool {
        self.body.shape.dense().is_some_and(|(_, len)| len == self.extent() || len == 0)
    }

    /// The offset of the one block of bytes that an element is, if it is one.
    pub fn block(&self) -> Option<i64> {
        self.body.shape.dense().map(|(at, _)| at)
    }

    /// True for an element without gaps that begins at its address, and is followed by the next one at once.
    pub fn is_plain(&self) -> bool {
        self.is_contiguous() && (self.block() == Some(0) || self.size() == 0)
    }
}
