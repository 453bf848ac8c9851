//! Graphs that every rank knows whole: MPI 5.0 sections 8.5.3, 8.5.5 and 8.5.8.

use super::{mapped, no, put, topology_of};
use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::comm::make::{handle_of, make};
use crate::entry::Call;
use crate::failure::Result;
use ranks_engine::topology::{Graph, Topology};
use ranks_engine::{Call as Waits, ShmEngine};
use std::ffi::c_int;

fn with_graph<A: Abi, R>(call: &Call<A>, comm: A::Comm, work: impl FnOnce(&Graph) -> Result<R>) -> Result<R> {
    match topology_of(call.comm(comm)?)?.as_deref() {
        Some(Topology::Graph(graph)) => work(graph),
        _ => Err(no("graph")),
    }
}

/// How many edges an index speaks of.
fn edge_count(index: &[c_int]) -> c_int {
    index.last().copied().unwrap_or(0)
}

/// `MPI_Graph_create`: ranks are not reordered.
pub fn create<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    nodes: c_int,
    index: In<c_int>,
    edges: In<c_int>,
    _reorder: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let index = index.slice(nodes)?;
    let edges = edges.slice(edge_count(index))?;
    let begin = |engine: &mut ShmEngine| engine.begin_graph(comm, index, edges);
    new.set(handle_of::<A>(make(Waits::GraphCreate, comm, begin)?))
}

/// `MPI_Graphdims_get`.
pub fn dims<A: Abi>(call: &Call<A>, comm: A::Comm, nodes: Out<c_int>, edges: Out<c_int>) -> Result<()> {
    with_graph(call, comm, |graph| {
        nodes.set(graph.size())?;
        edges.set(graph.edges().len() as c_int)
    })
}

/// `MPI_Graph_get`.
pub fn get<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    index_room: c_int,
    edge_room: c_int,
    index: Out<c_int>,
    edges: Out<c_int>,
) -> Result<()> {
    with_graph(call, comm, |graph| {
        put(graph.index(), index_room, index)?;
        put(graph.edges(), edge_room, edges)
    })
}

/// `MPI_Graph_neighbors_count`.
pub fn count<A: Abi>(call: &Call<A>, comm: A::Comm, rank: c_int, count: Out<c_int>) -> Result<()> {
    with_graph(call, comm, |graph| count.set(graph.neighbors(A::rank_in(rank))?.len() as c_int))
}

/// `MPI_Graph_neighbors`.
pub fn neighbors<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    rank: c_int,
    room: c_int,
    neighbors: Out<c_int>,
) -> Result<()> {
    with_graph(call, comm, |graph| put(graph.neighbors(A::rank_in(rank))?, room, neighbors))
}

/// `MPI_Graph_map`.
pub fn map<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    nodes: c_int,
    index: In<c_int>,
    edges: In<c_int>,
    new: Out<c_int>,
) -> Result<()> {
    let index = index.slice(nodes)?;
    let graph = Graph::new(index, edges.slice(edge_count(index))?)?;
    mapped(call, comm, graph.size(), new)
}
