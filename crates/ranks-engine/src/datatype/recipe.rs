//! What a type was made from: MPI 5.0 section 5.1.13.

use super::Datatype;
use std::sync::Arc;

/// The constructor of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Combiner {
    /// A predefined type.
    Named,
    Dup,
    Contiguous,
    Vector,
    Hvector,
    Indexed,
    Hindexed,
    IndexedBlock,
    HindexedBlock,
    Struct,
    Subarray,
    Darray,
    F90Real,
    F90Complex,
    F90Integer,
    Resized,
    ValueIndex,
}

/// Which binding the constructor was called in: it decides where its arguments are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Counts are ints.
    Int,
    /// Counts and displacements are `MPI_Count`.
    Large,
}

/// Arguments of the constructor, in the order of the standard.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Which constructor.
    pub combiner: Combiner,
    /// For a predefined type, the number that its maker gave it.
    pub number: u32,
    /// Ints.
    pub integers: Vec<i64>,
    /// Addresses.
    pub addresses: Vec<i64>,
    /// Large counts.
    pub counts: Vec<i64>,
    /// The types it is made of.
    pub types: Vec<Arc<Datatype>>,
    form: Form,
}

impl Recipe {
    pub(super) fn named(number: u32) -> Self {
        Self { number, ..Self::new(Combiner::Named, Form::Int, []) }
    }

    pub(super) fn new(
        combiner: Combiner,
        form: Form,
        types: impl IntoIterator<Item = Arc<Datatype>>,
    ) -> Self {
        Self {
            combiner,
            number: u32::MAX,
            integers: Vec::new(),
            addresses: Vec::new(),
            counts: Vec::new(),
            types: types.into_iter().collect(),
            form,
        }
    }

    /// With arguments that are an int in either form.
    pub(super) fn ints(mut self, values: &[i64]) -> Self {
        self.integers.extend(values);
        self
    }

    /// With arguments that are an int in one form and a large count in the other.
    pub(super) fn counts(mut self, values: &[i64]) -> Self {
        match self.form {
            Form::Int => self.integers.extend(values),
            Form::Large => self.counts.extend(values),
        }
        self
    }

    /// With arguments that are addresses in one form and large counts in the other.
    pub(super) fn addresses(mut self, values: &[i64]) -> Self {
        match self.form {
            Form::Int => self.addresses.extend(values),
            Form::Large => self.counts.extend(values),
        }
        self
    }
}
