//! Neighbourhood collectives: MPI 5.0 section 8.6.

// The standard decides how many there are.
#![allow(clippy::too_many_arguments)]

use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::collective::for_each_rank;
use crate::collective::forms::CallForm;
use crate::collective::spread::Spread;
use crate::datatype::{elements_from, elements_to};
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use ranks_engine::CommId;
use ranks_engine::collective::{ExchangeParts, NeighborAllgather, NeighborAlltoall, Neighbors};
use ranks_engine::topology::Topology;
use std::ffi::c_void;

/// Whom a rank hears from and sends to.
struct Around {
    sources: Vec<i32>,
    destinations: Vec<i32>,
    cartesian: bool,
}

impl Around {
    fn of(comm: CommId) -> Result<Self> {
        Ok(global::with(|process| {
            let (sources, destinations) = process.engine.comm_neighbors(comm)?;
            let cartesian = matches!(process.engine.comm_topology(comm)?.as_deref(), Some(Topology::Cart(_)));
            Ok::<_, ranks_engine::Error>(Self { sources, destinations, cartesian })
        })?)
    }

    fn neighbors(&self) -> Neighbors<'_> {
        let Self { sources, destinations, cartesian } = self;
        Neighbors { sources, destinations, cartesian: *cartesian }
    }
}

/// `MPI_Neighbor_allgather`.
pub fn allgather<A: Abi, C: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let around = Around::of(comm)?;
    let send = elements_from::<A>(&manner.stage, send.address(), send_count, send_type)?;
    let whole = for_each_rank::<A>(recv_count, around.sources.len(), recv_type)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), whole, recv_type)?;
    manner.run(comm, NeighborAllgather { send, recv, parts: None, neighbors: around.neighbors() })
}

/// `MPI_Neighbor_allgatherv`.
pub fn allgatherv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    counts: In<C>,
    displacements: In<D>,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let around = Around::of(comm)?;
    let send = elements_from::<A>(&manner.stage, send.address(), send_count, send_type)?;
    let spread = Spread::of_one::<A, C, D>(counts, displacements, recv_type, around.sources.len())?;
    let recv = spread.to_receive::<A>(&manner.stage, recv.address())?;
    let parts = Some(&spread.parts[..]);
    manner.run(comm, NeighborAllgather { send, recv, parts, neighbors: around.neighbors() })
}

/// `MPI_Neighbor_alltoall`.
pub fn alltoall<A: Abi, C: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_count: C,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_count: C,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let around = Around::of(comm)?;
    let whole = for_each_rank::<A>(send_count, around.destinations.len(), send_type)?;
    let send = elements_from::<A>(&manner.stage, send.address(), whole, send_type)?;
    let whole = for_each_rank::<A>(recv_count, around.sources.len(), recv_type)?;
    let recv = elements_to::<A>(&manner.stage, recv.address(), whole, recv_type)?;
    let parts = ExchangeParts::Equal;
    manner.run(comm, NeighborAlltoall { send, recv, parts, neighbors: around.neighbors() })
}

/// `MPI_Neighbor_alltoallv`.
pub fn alltoallv<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_counts: In<C>,
    send_displacements: In<D>,
    send_type: A::Datatype,
    recv: Out<c_void>,
    recv_counts: In<C>,
    recv_displacements: In<D>,
    recv_type: A::Datatype,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let around = Around::of(comm)?;
    let to =
        Spread::of_one::<A, C, D>(send_counts, send_displacements, send_type, around.destinations.len())?;
    let from = Spread::of_one::<A, C, D>(recv_counts, recv_displacements, recv_type, around.sources.len())?;
    let (send, recv) = (
        to.to_send::<A>(&manner.stage, send.address())?,
        from.to_receive::<A>(&manner.stage, recv.address())?,
    );
    let parts = ExchangeParts::Each(&to.parts, &from.parts);
    manner.run(comm, NeighborAlltoall { send, recv, parts, neighbors: around.neighbors() })
}

/// `MPI_Neighbor_alltoallw`: a datatype for each part; displacements in bytes.
pub fn alltoallw<A: Abi, C: Count, D: Count>(
    call: &Call<A>,
    manner: CallForm<A>,
    send: In<c_void>,
    send_counts: In<C>,
    send_displacements: In<D>,
    send_types: In<A::Datatype>,
    recv: Out<c_void>,
    recv_counts: In<C>,
    recv_displacements: In<D>,
    recv_types: In<A::Datatype>,
    comm: A::Comm,
) -> Result<()> {
    let comm = call.comm(comm)?;
    let around = Around::of(comm)?;
    let to =
        Spread::of_each::<A, C, D>(send_counts, send_displacements, send_types, around.destinations.len())?;
    let from = Spread::of_each::<A, C, D>(recv_counts, recv_displacements, recv_types, around.sources.len())?;
    let (send, recv) = (
        to.to_send::<A>(&manner.stage, send.address())?,
        from.to_receive::<A>(&manner.stage, recv.address())?,
    );
    let parts = ExchangeParts::Typed(&to.parts, &from.parts);
    manner.run(comm, NeighborAlltoall { send, recv, parts, neighbors: around.neighbors() })
}
