//! The constructors: MPI 5.0 section 5.1.2 and 5.1.7. Arrays and distributed arrays are in `array`.

use super::body::Body;
use super::{Combiner, Datatype, Form, Invalid, Made, Recipe};
use crate::bounds::TYPE_DEPTH;
use crate::error::Class;
use std::sync::Arc;

fn count(value: i64, what: &str) -> Result<i64, Invalid> {
    match value {
        0.. => Ok(value),
        _ => Err(Invalid::new(Class::Count, format!("{value} is no {what}"))),
    }
}

fn same_length(counts: &[i64], others: usize) -> Result<(), Invalid> {
    match counts.len() == others {
        true => Ok(()),
        false => Err(Invalid::new(Class::Arg, format!("{} lengths and {others} places", counts.len()))),
    }
}

impl Datatype {
    /// Puts it together, with the padding that the alignment of its parts asks for.
    pub(super) fn assemble(body: Body, recipe: Recipe) -> Made {
        let depth = recipe.types.iter().map(|old| old.depth + 1).max().unwrap_or(0);
        if depth > TYPE_DEPTH {
            let detail = format!("types of types, more than {TYPE_DEPTH} deep");
            return Err(Invalid::new(Class::Type, detail));
        }
        let bounds = body.bounds.padded(body.align)?;
        Ok(Arc::new(Self { body: Body { bounds, ..body }, recipe, depth }))
    }

    /// `MPI_Type_dup`.
    pub fn dup(old: &Arc<Self>) -> Made {
        Self::assemble(Body::of(old), Recipe::new(Combiner::Dup, Form::Int, [old.clone()]))
    }

    /// `MPI_Type_contiguous`: elements in a row.
    pub fn contiguous(form: Form, n: i64, old: &Arc<Self>) -> Made {
        let body = Body::of(old).in_a_row(count(n, "number of elements")?)?;
        Self::assemble(body, Recipe::new(Combiner::Contiguous, form, [old.clone()]).counts(&[n]))
    }

    /// `MPI_Type_vector`: blocks of `length` elements, `stride` elements apart. A column of a matrix is one.
    pub fn vector(form: Form, n: i64, length: i64, stride: i64, old: &Arc<Self>) -> Made {
        let body = Body::of(old);
        let bytes = body.bytes(stride)?;
        let body = strided(&body, n, length, bytes)?;
        let recipe = Recipe::new(Combiner::Vector, form, [old.clone()]).counts(&[n, length, stride]);
        Self::assemble(body, recipe)
    }

    /// `MPI_Type_create_hvector`: the stride is in bytes.
    pub fn hvector(form: Form, n: i64, length: i64, stride: i64, old: &Arc<Self>) -> Made {
        let body = strided(&Body::of(old), n, length, stride)?;
        let recipe = Recipe::new(Combiner::Hvector, form, [old.clone()]);
        Self::assemble(body, recipe.counts(&[n, length]).addresses(&[stride]))
    }

    /// `MPI_Type_indexed`: blocks of any length anywhere, in elements.
    pub fn indexed(form: Form, lengths: &[i64], places: &[i64], old: &Arc<Self>) -> Made {
        let body = Body::of(old);
        let bytes = places.iter().map(|&at| body.bytes(at)).collect::<Result<Vec<_>, _>>()?;
        let body = blocks(&body, lengths, &bytes)?;
        let recipe = Recipe::new(Combiner::Indexed, form, [old.clone()]);
        Self::assemble(body, recipe.counts(&[lengths.len() as i64]).counts(lengths).counts(places))
    }

    /// `MPI_Type_create_hindexed`: displacements are in bytes.
    pub fn hindexed(form: Form, lengths: &[i64], places: &[i64], old: &Arc<Self>) -> Made {
        let body = blocks(&Body::of(old), lengths, places)?;
        let recipe = Recipe::new(Combiner::Hindexed, form, [old.clone()]);
        Self::assemble(body, recipe.counts(&[lengths.len() as i64]).counts(lengths).addresses(places))
    }

    /// `MPI_Type_create_indexed_block`: blocks of one length anywhere, in elements.
    pub fn indexed_block(form: Form, length: i64, places: &[i64], old: &Arc<Self>) -> Made {
        let body = Body::of(old);
        let bytes = places.iter().map(|&at| body.bytes(at)).collect::<Result<Vec<_>, _>>()?;
        let body = blocks(&body, &vec![length; places.len()], &bytes)?;
        let recipe = Recipe::new(Combiner::IndexedBlock, form, [old.clone()]);
        Self::assemble(body, recipe.counts(&[places.len() as i64, length]).counts(places))
    }

    /// `MPI_Type_create_hindexed_block`: displacements are in bytes.
    pub fn hindexed_block(form: Form, length: i64, places: &[i64], old: &Arc<Self>) -> Made {
        let body = blocks(&Body::of(old), &vec![length; places.len()], places)?;
        let recipe = Recipe::new(Combiner::HindexedBlock, form, [old.clone()]);
        Self::assemble(body, recipe.counts(&[places.len() as i64, length]).addresses(places))
    }

    /// `MPI_Type_create_struct`: blocks of different types; displacements are in bytes.
    pub fn structure(form: Form, lengths: &[i64], places: &[i64], types: &[Arc<Self>]) -> Made {
        same_length(lengths, places.len())?;
        same_length(lengths, types.len())?;
        let parts = lengths.iter().zip(places).zip(types);
        let parts = parts.map(|((&length, &at), old)| {
            Ok((at, Body::of(old).in_a_row(count(length, "number of elements in a block")?)?))
        });
        let body = Body::list(parts.collect::<Result<_, Invalid>>()?)?;
        let recipe = Recipe::new(Combiner::Struct, form, types.iter().cloned());
        Self::assemble(body, recipe.counts(&[lengths.len() as i64]).counts(lengths).addresses(places))
    }

    /// `MPI_Type_create_resized`: the same data with other bounds.
    pub fn resized(form: Form, lower: i64, extent: i64, old: &Arc<Self>) -> Made {
        let mut body = Body::of(old);
        body.bounds = body.bounds.set(lower, extent)?;
        let recipe = Recipe::new(Combiner::Resized, form, [old.clone()]);
        Self::assemble(body, recipe.addresses(&[lower, extent]))
    }

    /// What `MPI_Type_create_f90_real` and its like give: `old` under another name.
    pub fn parametrized(combiner: Combiner, parameters: &[i64], old: &Arc<Self>) -> Made {
        Self::assemble(Body::of(old), Recipe::new(combiner, Form::Int, []).ints(parameters))
    }
}

fn strided(old: &Body, n: i64, length: i64, stride: i64) -> Result<Body, Invalid> {
    let block = old.in_a_row(count(length, "length of a block")?)?;
    block.repeated(count(n, "number of blocks")?, stride)
}

fn blocks(old: &Body, lengths: &[i64], places: &[i64]) -> Result<Body, Invalid> {
    same_length(lengths, places.len())?;
    // Most lists have few lengths: a block like the one before is not made again.
    let mut last: Option<(i64, Body)> = None;
    let mut parts = Vec::with_capacity(lengths.len());
    for (&length, &at) in lengths.iter().zip(places) {
        let block = match &last {
            Some((known, block)) if *known == length => block.clone(),
            _ => old.in_a_row(count(length, "length of a block")?)?,
        };
        last = Some((length, block.clone()));
        parts.push((at, block));
    }
    Body::list(parts)
}
