//! Graphs: MPI 5.0 sections 8.5.3 and 8.5.4.

use super::{Checked, Wrong, no_rank};
use crate::error::Class;

/// A graph that every rank knows whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    index: Vec<i32>,
    edges: Vec<i32>,
}

impl Graph {
    /// The neighbours of rank `r` are `edges[index[r - 1]..index[r]]`.
    pub fn new(index: &[i32], edges: &[i32]) -> Checked<Self> {
        let nodes = index.len() as i32;
        let mut before = 0;
        for (rank, &end) in index.iter().enumerate() {
            if end < before || end as usize > edges.len() {
                let detail =
                    format!("the edges of rank {rank} end at {end}, after {before} of {}", edges.len());
                return Err(Wrong::new(Class::Arg, detail));
            }
            before = end;
        }
        let edges = &edges[..before as usize];
        match edges.iter().find(|rank| !(0..nodes).contains(*rank)) {
            Some(&rank) => Err(no_rank(rank, nodes)),
            None => Ok(Self { index: index.to_vec(), edges: edges.to_vec() }),
        }
    }

    /// Where the neighbours of each rank end.
    pub fn index(&self) -> &[i32] {
        &self.index
    }

    /// The neighbours of all ranks.
    pub fn edges(&self) -> &[i32] {
        &self.edges
    }

    /// How many ranks.
    pub fn size(&self) -> i32 {
        self.index.len() as i32
    }

    /// The neighbours of a rank.
    pub fn neighbors(&self, rank: i32) -> Checked<&[i32]> {
        let at = usize::try_from(rank).ok().filter(|&at| at < self.index.len());
        let at = at.ok_or_else(|| no_rank(rank, self.size()))?;
        let begin = if at == 0 { 0 } else { self.index[at - 1] };
        Ok(&self.edges[begin as usize..self.index[at] as usize])
    }
}

/// The edges of one rank in a graph that no rank needs to know whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistGraph {
    /// Whom it receives from.
    pub sources: Vec<i32>,
    /// The weights of the edges from there; empty when the graph has none.
    pub source_weights: Vec<i32>,
    /// Whom it sends to.
    pub destinations: Vec<i32>,
    /// The weights of the edges to there; empty when the graph has none.
    pub destination_weights: Vec<i32>,
    /// Whether the edges have weights.
    pub weighted: bool,
}

impl DistGraph {
    /// Checks it for a communicator of `size` ranks.
    pub fn check(&self, size: i32) -> Checked<()> {
        let ranks = || self.sources.iter().chain(&self.destinations);
        if let Some(&rank) = ranks().find(|rank| !(0..size).contains(*rank)) {
            return Err(no_rank(rank, size));
        }
        let weights =
            [(&self.sources, &self.source_weights), (&self.destinations, &self.destination_weights)];
        if self.weighted && weights.iter().any(|(ranks, weights)| ranks.len() != weights.len()) {
            return Err(Wrong::new(Class::Arg, "not as many weights as edges"));
        }
        match weights.iter().flat_map(|(_, weights)| *weights).find(|&&weight| weight < 0) {
            Some(weight) => Err(Wrong::new(Class::Arg, format!("an edge has the weight {weight}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_the_standards_example() {
        let graph = Graph::new(&[2, 3, 4, 6], &[1, 3, 0, 3, 0, 2]).unwrap();
        let all: Vec<&[i32]> = (0..4).map(|rank| graph.neighbors(rank).unwrap()).collect();
        assert_eq!(all, [&[1, 3][..], &[0], &[3], &[0, 2]]);
        assert_eq!(graph.neighbors(4).unwrap_err().class, Class::Rank);
    }

    #[test]
    fn wrong_ones_are_refused() {
        assert_eq!(Graph::new(&[2, 1], &[0, 1]).unwrap_err().class, Class::Arg);
        assert_eq!(Graph::new(&[3], &[0, 0]).unwrap_err().class, Class::Arg);
        assert_eq!(Graph::new(&[1, 2], &[0, 2]).unwrap_err().class, Class::Rank);
        let graph = DistGraph { sources: vec![0, 1], ..DistGraph::default() };
        assert!(graph.check(2).is_ok() && graph.check(1).is_err());
        assert!(DistGraph { weighted: true, ..graph.clone() }.check(2).is_err());
        assert!(DistGraph { weighted: true, source_weights: vec![1, -1], ..graph }.check(2).is_err());
    }
}
