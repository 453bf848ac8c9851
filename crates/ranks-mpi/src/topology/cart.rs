//! Grids: MPI 5.0 sections 8.5.1, 8.5.2 and 8.5.5 to 8.5.7.

use super::{mapped, no, put, topology_of};
use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::comm::make::{handle_of, make};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::topology::{Cart, Topology, dims_create};
use ranks_engine::{Call as Waits, CommId, ShmEngine, UNDEFINED};
use std::ffi::c_int;

/// Does something with the grid of a communicator, and this rank in it.
fn with_grid<A: Abi, R>(
    call: &Call<A>,
    comm: A::Comm,
    work: impl FnOnce(&Cart, c_int) -> Result<R>,
) -> Result<R> {
    let comm: CommId = call.comm(comm)?;
    match topology_of(comm)?.as_deref() {
        Some(Topology::Cart(cart)) => work(cart, global::with(|process| process.engine.comm_rank(comm))?),
        _ => Err(no("Cartesian")),
    }
}

fn flags(flags: &[c_int]) -> Vec<bool> {
    flags.iter().map(|&flag| flag != 0).collect()
}

fn dimensions(count: c_int) -> Result<c_int> {
    if count < 0 {
        return Err(Failure::new(class::DIMS, format!("a grid of {count} dimensions")));
    }
    Ok(count)
}

/// True for a grid that has no ranks: MPICH takes it, and nobody is in it.
fn is_of_nobody(dims: &[c_int]) -> bool {
    dims.contains(&0) && dims.iter().all(|&size| size >= 0)
}

/// `MPI_Cart_create`: ranks are not reordered.
pub fn create<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    count: c_int,
    dims: In<c_int>,
    periods: In<c_int>,
    _reorder: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let count = dimensions(count)?;
    let (dims, periods) = (dims.slice(count)?, flags(periods.slice(count)?));
    if is_of_nobody(dims) {
        return Ok(());
    }
    let begin = |engine: &mut ShmEngine| engine.begin_cart(comm, dims, &periods);
    new.set(handle_of::<A>(make(Waits::CartCreate, comm, begin)?))
}

/// `MPI_Cart_sub`.
pub fn sub<A: Abi>(call: &Call<A>, comm: A::Comm, keep: In<c_int>, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let count = with_grid(call, comm, |cart, _| Ok(cart.dims().len() as c_int))?;
    let comm = call.comm(comm)?;
    let keep = flags(keep.slice(count)?);
    let begin = |engine: &mut ShmEngine| engine.begin_cart_sub(comm, &keep);
    new.set(handle_of::<A>(make(Waits::CartSub, comm, begin)?))
}

/// `MPI_Dims_create`.
pub fn dims<A: Abi>(_: &Call<A>, nodes: c_int, count: c_int, dims: Out<c_int>) -> Result<()> {
    let count = dimensions(count)?;
    let mut all = (0..count as usize).map(|at| dims.element(at)?.get()).collect::<Result<Vec<_>>>()?;
    dims_create(nodes, &mut all)?;
    put(&all, count, dims)
}

/// `MPI_Cartdim_get`.
pub fn dim<A: Abi>(call: &Call<A>, comm: A::Comm, count: Out<c_int>) -> Result<()> {
    with_grid(call, comm, |cart, _| count.set(cart.dims().len() as c_int))
}

/// `MPI_Cart_get`.
pub fn get<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    room: c_int,
    dims: Out<c_int>,
    periods: Out<c_int>,
    coords: Out<c_int>,
) -> Result<()> {
    with_grid(call, comm, |cart, me| {
        put(cart.dims(), room, dims)?;
        put(&cart.periods().iter().map(|&closed| closed.into()).collect::<Vec<_>>(), room, periods)?;
        put(&cart.coords(me)?, room, coords)
    })
}

/// `MPI_Cart_rank`.
pub fn rank<A: Abi>(call: &Call<A>, comm: A::Comm, coords: In<c_int>, rank: Out<c_int>) -> Result<()> {
    with_grid(call, comm, |cart, _| rank.set(cart.rank(coords.slice(cart.dims().len() as c_int)?)?))
}

/// `MPI_Cart_coords`.
pub fn coords<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    rank: c_int,
    room: c_int,
    coords: Out<c_int>,
) -> Result<()> {
    with_grid(call, comm, |cart, _| put(&cart.coords(A::rank_in(rank))?, room, coords))
}

/// `MPI_Cart_shift`.
pub fn shift<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    direction: c_int,
    steps: c_int,
    source: Out<c_int>,
    destination: Out<c_int>,
) -> Result<()> {
    with_grid(call, comm, |cart, me| {
        let (from, to) = cart.shift(me, direction, steps)?;
        source.set(A::rank_out(from))?;
        destination.set(A::rank_out(to))
    })
}

/// `MPI_Cart_map`.
pub fn map<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    count: c_int,
    dims: In<c_int>,
    periods: In<c_int>,
    new: Out<c_int>,
) -> Result<()> {
    let count = dimensions(count)?;
    let dims = dims.slice(count)?;
    if is_of_nobody(dims) {
        call.comm(comm)?;
        return new.set(UNDEFINED);
    }
    let cart = Cart::new(dims, &flags(periods.slice(count)?))?;
    mapped(call, comm, cart.size(), new)
}
