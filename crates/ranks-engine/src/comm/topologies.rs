//! Communicators whose ranks have neighbours: MPI 5.0 section 8.5. Ranks are never reordered: on one machine
//! all are equally near.

use super::Making;
use super::news::{Reader, Words, words};
use crate::error::{Class, Error, Result};
use crate::group::{Comm, CommId};
use crate::p2p::Engine;
use crate::topology::{Cart, DistGraph, Graph, Topology, Wrong};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

impl Wrong {
    fn on(self, comm: &Comm, call: Call, rank: usize) -> Error {
        Error::new(self.class, call, rank, self.detail).context(comm.context)
    }
}

/// A rank's part of a graph that all put together.
pub struct Edges<'e> {
    /// The ranks whose edges these are.
    pub sources: &'e [i32],
    /// How many edges each has.
    pub degrees: &'e [i32],
    /// Where they lead, source by source.
    pub destinations: &'e [i32],
    /// Their weights, if they have any.
    pub weights: Option<&'e [i32]>,
}

impl Edges<'_> {
    fn check(&self, ranks: i32) -> std::result::Result<(), Wrong> {
        let all = self.sources.iter().chain(self.destinations);
        if let Some(rank) = all.clone().find(|rank| !(0..ranks).contains(*rank)) {
            let detail = format!("rank {rank} does not exist: the communicator has {ranks} ranks");
            return Err(Wrong::new(Class::Rank, detail));
        }
        let edges = self.degrees.iter().try_fold(0usize, |sum, &d| Some(sum + usize::try_from(d).ok()?));
        let weights = self.weights.map_or(self.destinations.len(), <[i32]>::len);
        if self.sources.len() != self.degrees.len() || edges != Some(self.destinations.len()) {
            return Err(Wrong::new(Class::Arg, "the degrees do not say how many edges there are"));
        }
        if weights != self.destinations.len() || self.weights.is_some_and(|w| w.iter().any(|&w| w < 0)) {
            return Err(Wrong::new(Class::Arg, "the weights are not one for each edge, 0 or more"));
        }
        Ok(())
    }

    /// As words: whether they have weights, and for each edge where it begins, where it ends, its weight.
    fn to_words(&self) -> Words {
        let begins = self.sources.iter().zip(self.degrees);
        let begins = begins.flat_map(|(&source, &degree)| std::iter::repeat_n(source, degree as usize));
        let mut all = vec![u32::from(self.weights.is_some())];
        for (at, (begin, &end)) in begins.zip(self.destinations).enumerate() {
            all.extend(words(&[begin, end, self.weights.map_or(0, |weights| weights[at])]));
        }
        all
    }
}

/// The edges of each rank, put together from what all gave.
fn put_together(wishes: &[Words]) -> Vec<DistGraph> {
    let mut graphs = vec![DistGraph::default(); wishes.len()];
    // Who gives no edge has no say about weights, unless nobody gives one.
    let without_edges = wishes.iter().all(|wish| wish.len() <= 1);
    let weighted = wishes.iter().any(|wish| (without_edges || wish.len() > 1) && wish[0] == 1);
    for edge in wishes.iter().flat_map(|wish| wish[1..].chunks_exact(3)) {
        let [begin, end, weight] = [edge[0] as i32, edge[1] as i32, edge[2] as i32];
        graphs[begin as usize].destinations.push(end);
        graphs[end as usize].sources.push(begin);
        if weighted {
            graphs[begin as usize].destination_weights.push(weight);
            graphs[end as usize].source_weights.push(weight);
        }
    }
    graphs.iter_mut().for_each(|graph| graph.weighted = weighted);
    graphs
}

fn to_words(graph: &DistGraph) -> Words {
    let lists = [&graph.sources, &graph.source_weights, &graph.destinations, &graph.destination_weights];
    let mut all = vec![u32::from(graph.weighted)];
    all.extend(lists.iter().map(|list| list.len() as u32));
    lists.iter().for_each(|list| all.extend(words(list)));
    all
}

fn from_words(mut words: Reader<'_>) -> DistGraph {
    let weighted = words.next() == 1;
    let lengths = [(); 4].map(|()| words.next() as usize);
    let [sources, source_weights, destinations, destination_weights] = lengths.map(|len| words.numbers(len));
    DistGraph { sources, source_weights, destinations, destination_weights, weighted }
}

impl<T: Transport> Engine<T> {
    /// The first ranks of a communicator, arranged; the others get none.
    fn begin_arranged(&mut self, call: Call, id: CommId, size: i32, topology: Topology) -> Result<Making> {
        let comm = self.intracomm(id, call)?;
        if size > comm.size() {
            let detail = format!("a topology of {size} ranks in a communicator of {}", comm.size());
            return Err(self.error_on(&comm, call, Class::Topology, detail));
        }
        let group = comm.group(self.core.me).range_incl(&[[0, size - 1, 1]])?;
        let topology = Arc::new(topology);
        let finish = Box::new(move |comm: Comm| comm.arranged(topology));
        let step = self.among(self.internal_message_on(call, &comm), &group, finish)?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    fn intracomm(&self, id: CommId, call: Call) -> Result<Arc<Comm>> {
        let comm = self.comm(id, call)?;
        match comm.local {
            None => Ok(comm),
            Some(_) => {
                let detail = "an intercommunicator has no topology";
                Err(self.error_on(&comm, call, Class::Comm, detail.into()))
            }
        }
    }

    /// Begins a grid of the communicator's first ranks. Collective.
    pub fn begin_cart(&mut self, id: CommId, dims: &[i32], periods: &[bool]) -> Result<Making> {
        let call = Call::CartCreate;
        self.enter(call)?;
        let comm = self.intracomm(id, call)?;
        let cart = Cart::new(dims, periods).map_err(|wrong| wrong.on(&comm, call, self.core.me))?;
        self.begin_arranged(call, id, cart.size(), Topology::Cart(cart))
    }

    /// Begins, for each position in the dropped dimensions of a grid, the grid of the kept ones. Collective.
    pub fn begin_cart_sub(&mut self, id: CommId, keep: &[bool]) -> Result<Making> {
        let call = Call::CartSub;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let Some(Topology::Cart(cart)) = comm.topology.as_deref() else {
            let detail = "the communicator has no Cartesian topology";
            return Err(self.error_on(&comm, call, Class::Topology, detail.into()));
        };
        let (part, ranks) = cart.sub(comm.me, keep).map_err(|wrong| wrong.on(&comm, call, self.core.me))?;
        let group = comm.group(self.core.me).incl(&ranks)?;
        let topology = Arc::new(Topology::Cart(part));
        let finish = Box::new(move |comm: Comm| comm.arranged(topology));
        let step = self.among(self.internal_message_on(call, &comm), &group, finish)?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Begins a graph of the communicator's first ranks that every rank gives whole: the neighbours of rank
    /// `r` are `edges[index[r - 1]..index[r]]`. Collective.
    pub fn begin_graph(&mut self, id: CommId, index: &[i32], edges: &[i32]) -> Result<Making> {
        let call = Call::GraphCreate;
        self.enter(call)?;
        let comm = self.intracomm(id, call)?;
        let graph = Graph::new(index, edges).map_err(|wrong| wrong.on(&comm, call, self.core.me))?;
        self.begin_arranged(call, id, graph.size(), Topology::Graph(graph))
    }

    /// Begins a graph to which each rank gives any part of the edges. Collective.
    pub fn begin_dist_graph(&mut self, id: CommId, edges: &Edges<'_>) -> Result<Making> {
        let call = Call::DistGraphCreate;
        self.enter(call)?;
        let comm = self.intracomm(id, call)?;
        let checked = edges.check(comm.size()).map_err(|wrong| wrong.on(&comm, call, self.core.me));
        let (slots, near) = (comm.slots.clone(), self.near(&comm));
        let step = self.round(
            self.internal_message_on(call, &comm),
            comm.slots.clone(),
            Some(checked.map(|()| edges.to_words())),
            Box::new(move |engine, wishes| {
                let news = engine.news_of(&slots);
                let answer = |graph| [&[news.len() as u32], &news[..], &to_words(graph)].concat();
                Ok(put_together(&wishes).iter().map(answer).collect())
            }),
            Box::new(move |engine, told| {
                let mut told = Reader::new(&told);
                let len = told.next() as usize;
                let comm = engine.found(call, &told.take(len), near)?;
                let topology = Arc::new(Topology::DistGraph(from_words(told)));
                Ok(Some(comm.arranged(topology)))
            }),
        )?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Begins a graph of which each rank gives the edges it is at an end of. Collective.
    pub fn begin_dist_graph_adjacent(&mut self, id: CommId, graph: DistGraph) -> Result<Making> {
        let call = Call::DistGraphCreateAdjacent;
        self.enter(call)?;
        let comm = self.intracomm(id, call)?;
        let checked = graph.check(comm.size()).map_err(|wrong| wrong.on(&comm, call, self.core.me));
        let (slots, near) = (comm.slots.clone(), self.near(&comm));
        let step = self.round(
            self.internal_message_on(call, &comm),
            comm.slots.clone(),
            // Asked only whether its part is right.
            Some(checked.map(|()| Words::new())),
            Box::new(move |engine, _| Ok(vec![engine.news_of(&slots); slots.len()])),
            Box::new(move |engine, news| {
                let topology = Arc::new(Topology::DistGraph(graph));
                Ok(Some(engine.found(call, &news, near)?.arranged(topology)))
            }),
        )?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }
}
