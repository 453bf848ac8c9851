//! Graphs of which each rank knows its own edges: MPI 5.0 sections 8.5.4 and 8.5.5.

use super::{no, put, topology_of};
use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::comm::make::{handle_of, make};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use ranks_engine::comm::Edges;
use ranks_engine::topology::{DistGraph, Topology};
use ranks_engine::{Call as Waits, ShmEngine};
use std::ffi::c_int;

fn with_graph<A: Abi, R>(
    call: &Call<A>,
    comm: A::Comm,
    work: impl FnOnce(&DistGraph) -> Result<R>,
) -> Result<R> {
    match topology_of(call.comm(comm)?)?.as_deref() {
        Some(Topology::DistGraph(graph)) => work(graph),
        _ => Err(no("distributed graph")),
    }
}

/// The weights of `count` edges; `None` for `MPI_UNWEIGHTED`.
fn weights<'a, A: Abi>(weights: In<c_int>, count: c_int) -> Result<Option<&'a [c_int]>> {
    if A::is_unweighted(weights.address()) {
        return Ok(None);
    }
    // MPI_WEIGHTS_EMPTY says that the graph has weights and this rank no edges.
    match A::is_weights_empty(weights.address()) {
        true if count > 0 => {
            Err(Failure::new(class::ARG, format!("MPI_WEIGHTS_EMPTY as the weights of {count} edges")))
        }
        true => Ok(Some(&[])),
        false => weights.slice(count).map(Some),
    }
}

/// `MPI_Dist_graph_create`: ranks are not reordered.
#[allow(clippy::too_many_arguments)]
pub fn create<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    count: c_int,
    sources: In<c_int>,
    degrees: In<c_int>,
    destinations: In<c_int>,
    given: In<c_int>,
    _info: A::Info,
    _reorder: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let (sources, degrees) = (sources.slice(count)?, degrees.slice(count)?);
    let edges = degrees.iter().try_fold(0 as c_int, |sum, &degree| sum.checked_add(degree.max(0)));
    let edges = edges.ok_or_else(|| Failure::new(class::ARG, "more edges than an int can count"))?;
    let edges = Edges {
        sources,
        degrees,
        destinations: destinations.slice(edges)?,
        weights: weights::<A>(given, edges)?,
    };
    let begin = |engine: &mut ShmEngine| engine.begin_dist_graph(comm, &edges);
    new.set(handle_of::<A>(make(Waits::DistGraphCreate, comm, begin)?))
}

/// `MPI_Dist_graph_create_adjacent`: ranks are not reordered.
#[allow(clippy::too_many_arguments)]
pub fn create_adjacent<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    indegree: c_int,
    sources: In<c_int>,
    source_weights: In<c_int>,
    outdegree: c_int,
    destinations: In<c_int>,
    destination_weights: In<c_int>,
    _info: A::Info,
    _reorder: c_int,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let given = [weights::<A>(source_weights, indegree)?, weights::<A>(destination_weights, outdegree)?];
    let weighted = given.iter().any(Option::is_some);
    let [source_weights, destination_weights] = given.map(|given| given.unwrap_or(&[]).to_vec());
    let graph = DistGraph {
        sources: sources.slice(indegree)?.to_vec(),
        source_weights,
        destinations: destinations.slice(outdegree)?.to_vec(),
        destination_weights,
        weighted,
    };
    let begin = |engine: &mut ShmEngine| engine.begin_dist_graph_adjacent(comm, graph);
    new.set(handle_of::<A>(make(Waits::DistGraphCreateAdjacent, comm, begin)?))
}

/// `MPI_Dist_graph_neighbors_count`.
pub fn count<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    indegree: Out<c_int>,
    outdegree: Out<c_int>,
    weighted: Out<c_int>,
) -> Result<()> {
    with_graph(call, comm, |graph| {
        indegree.set(graph.sources.len() as c_int)?;
        outdegree.set(graph.destinations.len() as c_int)?;
        weighted.set(graph.weighted.into())
    })
}

/// `MPI_Dist_graph_neighbors`.
#[allow(clippy::too_many_arguments)]
pub fn neighbors<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    source_room: c_int,
    sources: Out<c_int>,
    source_weights: Out<c_int>,
    destination_room: c_int,
    destinations: Out<c_int>,
    destination_weights: Out<c_int>,
) -> Result<()> {
    // Weights are wanted unless the place for them is one of the marks.
    let put_weights = |all: &[c_int], room, out: Out<c_int>| {
        let mark = A::is_unweighted(out.address()) || A::is_weights_empty(out.address());
        if mark { Ok(()) } else { put(all, room, out) }
    };
    with_graph(call, comm, |graph| {
        put(&graph.sources, source_room, sources)?;
        put_weights(&graph.source_weights, source_room, source_weights)?;
        put(&graph.destinations, destination_room, destinations)?;
        put_weights(&graph.destination_weights, destination_room, destination_weights)
    })
}
