//! Process topologies: MPI 5.0 chapter 8. The engine has the arithmetic.
//!
//! | file | what it holds |
//! |---|---|
//! | `cart` | grids |
//! | `graph` | graphs that every rank knows whole |
//! | `dist` | graphs of which each rank knows its own edges |
//! | `neighbors` | collectives of neighbours |

pub mod cart;
pub mod dist;
pub mod graph;
pub mod neighbors;

use crate::abi::Abi;
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::topology::{Topology, Wrong};
use ranks_engine::{CommId, UNDEFINED};
use std::ffi::c_int;
use std::sync::Arc;

impl From<Wrong> for Failure {
    #[cold]
    fn from(wrong: Wrong) -> Self {
        Failure::new(wrong.class.code(), wrong.detail)
    }
}

fn topology_of(comm: CommId) -> Result<Option<Arc<Topology>>> {
    Ok(global::with(|process| process.engine.comm_topology(comm))?)
}

fn no(kind: &str) -> Failure {
    Failure::new(class::TOPOLOGY, format!("the communicator has no {kind} topology"))
}

/// `MPI_Topo_test`.
pub fn test<A: Abi>(call: &Call<A>, comm: A::Comm, status: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    let [graph, cart, dist] = A::TOPOLOGIES;
    status.set(match topology_of(comm)?.as_deref() {
        None => UNDEFINED,
        Some(Topology::Cart(_)) => cart,
        Some(Topology::Graph(_)) => graph,
        Some(Topology::DistGraph(_)) => dist,
    })
}

/// Writes as many numbers as there is room for.
fn put(numbers: &[c_int], room: c_int, out: Out<c_int>) -> Result<()> {
    let room = crate::argument::length(room)?;
    for (at, &number) in numbers.iter().take(room).enumerate() {
        out.element(at)?.set(number)?;
    }
    Ok(())
}

/// The place of a rank in a topology of `size` ranks: its own, as nothing is reordered.
fn mapped<A: Abi>(call: &Call<A>, comm: A::Comm, size: c_int, new: Out<c_int>) -> Result<()> {
    let comm = call.comm(comm)?;
    let (rank, ranks) = global::with(|process| {
        Ok::<_, Failure>((process.engine.comm_rank(comm)?, process.engine.comm_size(comm)?))
    })?;
    if size > ranks {
        return Err(Failure::new(class::TOPOLOGY, format!("a topology of {size} ranks in one of {ranks}")));
    }
    new.set(if rank < size { rank } else { UNDEFINED })
}
