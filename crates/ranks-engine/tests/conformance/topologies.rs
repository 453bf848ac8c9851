//! Grids and graphs of ranks.

use crate::Case;
use crate::comms::{recv_on, send_on};
use crate::support::*;
use ranks_engine::comm::Edges;
use ranks_engine::topology::{DistGraph, Topology, dims_create};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, CommId, Engine, PROC_NULL, Result};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("grids of every dimension", grids),
        ("parts of grids", parts),
        ("graphs that all know", graphs),
        ("graphs of which each rank gives its own edges", adjacent),
        ("graphs put together from what all give", distributed),
        ("wrong topologies are errors at all ranks", wrong),
    ]
}

/// What each sends to its destinations comes from the sources.
fn talk<T: Transport>(e: &mut Engine<T>, comm: CommId) -> Result<()> {
    let (sources, destinations) = e.comm_neighbors(comm)?;
    let me = e.comm_rank(comm)?;
    for &to in &destinations {
        send_on(e, &[me as u8], to, comm)?;
    }
    for &from in &sources {
        let got = recv_on(e, from, comm)?;
        assert!(from == PROC_NULL || i32::from(got) == from);
    }
    Ok(())
}

fn grids<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    for dimensions in 0..4 {
        let mut dims = vec![0; dimensions];
        if dimensions > 0 {
            dims_create(n, &mut dims).unwrap();
        }
        for closed in [false, true] {
            let grid = e.cart_create(WORLD, &dims, &vec![closed; dimensions])?;
            assert_eq!(grid.is_some(), me == 0 || dimensions > 0);
            let Some(grid) = grid else { continue };
            let copy = e.comm_dup(grid)?;
            for comm in [grid, copy] {
                let Some(Topology::Cart(cart)) = e.comm_topology(comm)?.as_deref().cloned() else {
                    panic!("a grid")
                };
                assert_eq!((cart.dims(), cart.size()), (&dims[..], e.comm_size(comm)?));
                assert_eq!(cart.rank(&cart.coords(me).unwrap()), Ok(e.comm_rank(comm)?));
                talk(e, comm)?;
            }
            e.comm_free(copy)?;
            e.comm_free(grid)?;
        }
    }
    // A grid of fewer ranks leaves the others out.
    if n > 2 {
        let grid = e.cart_create(WORLD, &[n - 1], &[true])?;
        assert_eq!(grid.is_none(), me == n - 1);
        grid.map_or(Ok(()), |grid| e.comm_free(grid))?;
    }
    assert_eq!(e.comm_topology(WORLD)?, None);
    assert_eq!(e.comm_neighbors(WORLD).unwrap_err().class(), Class::Topology);
    Ok(())
}

fn parts<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let mut dims = [0, 0];
    dims_create(n, &mut dims).unwrap();
    let grid = e.cart_create(WORLD, &dims, &[true, false])?.expect("all ranks");
    for keep in [[true, false], [false, true], [true, true], [false, false]] {
        let part = e.cart_sub(grid, &keep)?;
        let expected: i32 = dims.iter().zip(keep).filter(|(_, keep)| *keep).map(|(dim, _)| dim).product();
        assert_eq!(e.comm_size(part)?, expected);
        let Some(Topology::Cart(cart)) = e.comm_topology(part)?.as_deref().cloned() else { panic!("a grid") };
        let mine = [me / dims[1], me % dims[1]];
        let mine: Vec<i32> = mine.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(c, _)| c).collect();
        assert_eq!(cart.coords(e.comm_rank(part)?).unwrap(), mine);
        talk(e, part)?;
        e.comm_free(part)?;
    }
    assert_eq!(e.cart_sub(WORLD, &[true]).unwrap_err().class(), Class::Topology);
    e.comm_free(grid)
}

fn graphs<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    // A star, and everyone a neighbour of itself.
    let mut edges: Vec<i32> = (0..n).collect();
    let mut index = vec![n];
    for rank in 1..n {
        edges.extend([0, rank]);
        index.push(edges.len() as i32);
    }
    let star = e.graph_create(WORLD, &index, &edges)?.expect("all ranks");
    let around = if me == 0 { (0..n).collect() } else { vec![0, me] };
    assert_eq!(e.comm_neighbors(star)?, (around.clone(), around));
    talk(e, star)?;
    e.comm_free(star)?;
    assert_eq!(e.graph_create(WORLD, &[], &[])?, None);
    let one = e.graph_create(WORLD, &[1], &[0])?;
    assert_eq!(one.is_some(), me == 0);
    one.map_or(Ok(()), |one| e.comm_free(one))
}

fn adjacent<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (_, _, next, previous) = ring(e);
    let graph = DistGraph {
        sources: vec![previous, previous],
        source_weights: vec![1, 2],
        destinations: vec![next, next],
        destination_weights: vec![1, 2],
        weighted: true,
    };
    let comm = e.dist_graph_create_adjacent(WORLD, graph.clone())?;
    assert_eq!(e.comm_topology(comm)?.as_deref(), Some(&Topology::DistGraph(graph)));
    talk(e, comm)?;
    e.comm_free(comm)?;
    let alone = e.dist_graph_create_adjacent(WORLD, DistGraph::default())?;
    assert_eq!(e.comm_neighbors(alone)?, (vec![], vec![]));
    e.comm_free(alone)
}

fn distributed<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, next, previous) = ring(e);
    // The last rank gives a ring for all, the first a weight to nobody; the others nothing.
    let ranks: Vec<i32> = (0..n).collect();
    let after: Vec<i32> = ranks.iter().map(|rank| (rank + 1) % n).collect();
    let weights: Vec<i32> = ranks.iter().map(|rank| 10 * rank).collect();
    let degrees = vec![1; ranks.len()];
    for weighted in [false, true] {
        let mut edges = Edges { sources: &[], degrees: &[], destinations: &[], weights: None };
        if me == n - 1 {
            let weights = weighted.then_some(&weights[..]);
            edges = Edges { sources: &ranks, degrees: &degrees, destinations: &after, weights };
        }
        let comm = e.dist_graph_create(WORLD, &edges)?;
        let Some(Topology::DistGraph(graph)) = e.comm_topology(comm)?.as_deref().cloned() else {
            panic!("a graph")
        };
        assert_eq!((&graph.sources, &graph.destinations), (&vec![previous], &vec![next]));
        assert_eq!(graph.weighted, weighted);
        let expected = if weighted { (vec![10 * previous], vec![10 * me]) } else { (vec![], vec![]) };
        assert_eq!((graph.source_weights, graph.destination_weights), expected);
        talk(e, comm)?;
        e.comm_free(comm)?;
    }
    // So many edges that the lists are long messages.
    let many = 3000;
    let (sources, degrees) = ([me], [many]);
    let destinations = vec![next; many as usize];
    let edges = Edges { sources: &sources, degrees: &degrees, destinations: &destinations, weights: None };
    let comm = e.dist_graph_create(WORLD, &edges)?;
    assert_eq!(e.comm_neighbors(comm)?, (vec![previous; many as usize], destinations));
    e.comm_free(comm)
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    assert_eq!(e.cart_create(WORLD, &[n + 1], &[true]).unwrap_err().class(), Class::Topology);
    assert_eq!(e.cart_create(WORLD, &[-1], &[true]).unwrap_err().class(), Class::Dims);
    assert_eq!(e.graph_create(WORLD, &[1], &[n]).unwrap_err().class(), Class::Rank);
    // What one rank gives is wrong.
    let (bad, graph) = ([if me == n - 1 { n } else { 0 }], DistGraph::default());
    let edges = Edges { sources: &[0], degrees: &[1], destinations: &bad, weights: None };
    assert_eq!(e.dist_graph_create(WORLD, &edges).unwrap_err().class(), Class::Rank);
    let edges = Edges { sources: &[0], degrees: &[-bad[0]], destinations: &[], weights: None };
    assert_eq!(e.dist_graph_create(WORLD, &edges).unwrap_err().class(), Class::Arg);
    let graph = DistGraph { sources: bad.to_vec(), ..graph };
    assert_eq!(e.dist_graph_create_adjacent(WORLD, graph).unwrap_err().class(), Class::Rank);
    Ok(())
}
