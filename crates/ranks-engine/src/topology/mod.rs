//! Process topologies: which ranks are neighbours. MPI 5.0 chapter 8. Arithmetic alone, no messages.
//!
//! | file | what it holds |
//! |---|---|
//! | `cart` | grids, open or closed in each dimension |
//! | `dims` | a number of ranks as a balanced grid |
//! | `graph` | graphs that every rank knows whole, and graphs of which each knows its own edges |

mod cart;
mod dims;
mod graph;

pub use cart::Cart;
pub use dims::dims_create;
pub use graph::{DistGraph, Graph};

use crate::error::Class;

/// An argument that is wrong, before it is said in which call and at which rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The MPI class.
    pub class: Class,
    /// What is wrong with it.
    pub detail: String,
}

impl Wrong {
    pub(crate) fn new(class: Class, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }
}

/// The outcome of topology arithmetic.
pub type Checked<T> = Result<T, Wrong>;

/// How the ranks of a communicator are arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// A grid.
    Cart(Cart),
    /// A graph that every rank knows whole.
    Graph(Graph),
    /// A graph of which each rank knows its own edges.
    DistGraph(DistGraph),
}

impl Topology {
    /// Whom rank `me` receives from and sends to in a neighbourhood collective, in the standard's order
    /// (MPI 5.0 section 8.6).
    pub fn neighbors(&self, me: i32) -> (Vec<i32>, Vec<i32>) {
        match self {
            Topology::Cart(cart) => {
                let around = cart.neighbors(me);
                (around.clone(), around)
            }
            Topology::Graph(graph) => {
                let around = graph.neighbors(me).unwrap_or(&[]).to_vec();
                (around.clone(), around)
            }
            Topology::DistGraph(graph) => (graph.sources.clone(), graph.destinations.clone()),
        }
    }
}

fn no_rank(rank: i32, size: i32) -> Wrong {
    Wrong::new(Class::Rank, format!("rank {rank} does not exist: the topology has {size} ranks"))
}
