//! Groups: ordered sets of ranks. MPI 5.0 section 7.3. The engine has the operations.

use crate::abi::{Abi, Handle, Ref, builtin};
use crate::argument::{In, Out, length};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::{Comparison, Group, PROC_NULL, UNDEFINED};
use std::ffi::c_int;

/// The group of a handle.
pub fn find<A: Abi>(group: A::Group) -> Result<Group> {
    match group.decode() {
        Ref::Builtin(_) => Ok(Group::empty(global::with(|process| process.engine.rank()))),
        Ref::Dynamic(key) => global::with(|process| process.groups.get(key).cloned())
            .ok_or_else(|| Failure::new(class::GROUP, "no such group: it was freed, or never made")),
        Ref::Null => Err(Failure::new(class::GROUP, "the group is MPI_GROUP_NULL")),
        Ref::Invalid => Err(Failure::new(class::GROUP, format!("{:#x} is no group", group.to_int()))),
    }
}

/// A handle for a group.
pub fn make<A: Abi>(group: Group) -> Result<A::Group> {
    if group.is_empty() {
        return Ok(A::Group::encode(Ref::Builtin(builtin::EMPTY_GROUP)));
    }
    let key = global::with(|process| process.groups.insert(group));
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many groups"))?;
    Ok(A::Group::encode(Ref::Dynamic(key)))
}

/// How things compare, as the ABI says it.
pub fn compared<A: Abi>(comparison: Comparison) -> c_int {
    let [ident, congruent, similar, unequal] = A::COMPARED;
    match comparison {
        Comparison::Ident => ident,
        Comparison::Congruent => congruent,
        Comparison::Similar => similar,
        Comparison::Unequal => unequal,
    }
}

/// `MPI_Group_size`.
pub fn size<A: Abi>(_: &Call<A>, group: A::Group, size: Out<c_int>) -> Result<()> {
    size.set(find::<A>(group)?.size())
}

/// `MPI_Group_rank`.
pub fn rank<A: Abi>(_: &Call<A>, group: A::Group, rank: Out<c_int>) -> Result<()> {
    rank.set(find::<A>(group)?.rank().unwrap_or(UNDEFINED))
}

/// `MPI_Group_free`.
pub fn free<A: Abi>(_: &Call<A>, group: Out<A::Group>) -> Result<()> {
    find::<A>(group.get()?)?;
    if let Ref::Dynamic(key) = group.get()?.decode() {
        global::with(|process| process.groups.remove(key));
    }
    group.set(A::Group::NULL)
}

/// `MPI_Group_compare`.
pub fn compare<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, result: Out<c_int>) -> Result<()> {
    result.set(compared::<A>(find::<A>(a)?.compare(&find::<A>(b)?)))
}

/// `MPI_Group_translate_ranks`.
pub fn translate<A: Abi>(
    _: &Call<A>,
    from: A::Group,
    count: c_int,
    ranks: In<c_int>,
    to: A::Group,
    out: Out<c_int>,
) -> Result<()> {
    let (from, to) = (find::<A>(from)?, find::<A>(to)?);
    let ranks: Vec<c_int> = ranks.slice(count)?.iter().map(|&rank| A::rank_in(rank)).collect();
    for (at, translated) in from.translate_ranks(&ranks, &to)?.into_iter().enumerate() {
        let translated = if translated == PROC_NULL { A::rank_out(PROC_NULL) } else { translated };
        out.element(at)?.set(translated)?;
    }
    Ok(())
}

/// `MPI_Group_union`.
pub fn union<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(a)?.union(&find::<A>(b)?))?)
}

/// `MPI_Group_intersection`.
pub fn intersection<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(a)?.intersection(&find::<A>(b)?))?)
}

/// `MPI_Group_difference`.
pub fn difference<A: Abi>(_: &Call<A>, a: A::Group, b: A::Group, new: Out<A::Group>) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(a)?.difference(&find::<A>(b)?))?)
}

/// `MPI_Group_incl`.
pub fn incl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranks: In<c_int>,
    new: Out<A::Group>,
) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(group)?.incl(ranks.slice(count)?)?)?)
}

/// `MPI_Group_excl`.
pub fn excl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranks: In<c_int>,
    new: Out<A::Group>,
) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(group)?.excl(ranks.slice(count)?)?)?)
}

/// `MPI_Group_range_incl`.
pub fn range_incl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranges: Out<[c_int; 3]>,
    new: Out<A::Group>,
) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(group)?.range_incl(&triplets(count, ranges)?)?)?)
}

/// `MPI_Group_range_excl`.
pub fn range_excl<A: Abi>(
    _: &Call<A>,
    group: A::Group,
    count: c_int,
    ranges: Out<[c_int; 3]>,
    new: Out<A::Group>,
) -> Result<()> {
    new.set(A::Group::NULL)?;
    new.set(make::<A>(find::<A>(group)?.range_excl(&triplets(count, ranges)?)?)?)
}

fn triplets(count: c_int, ranges: Out<[c_int; 3]>) -> Result<Vec<[c_int; 3]>> {
    (0..length(count)?).map(|at| ranges.element(at)?.get()).collect()
}
