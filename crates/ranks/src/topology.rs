//! Communicators whose ranks have neighbours: grids and graphs. Chapter 8.

use crate::communicator::Communicator;
use crate::{Error, Result};
use ranks_engine::topology::{Cart, DistGraph, Topology, Wrong};
use ranks_engine::{Call, PROC_NULL};
use std::ops::Deref;

/// Splits a number of ranks into dimensions as even as can be, in falling order. Those that are not 0 stay.
/// Section 8.5.2.
///
/// ```
/// let mut dimensions = [0, 0];
/// ranks::balance(12, &mut dimensions)?;
/// assert_eq!(dimensions, [4, 3]);
/// # Ok::<(), ranks::Error>(())
/// ```
///
/// # Errors
/// Class `Dims` when there is no such grid.
pub fn balance(ranks: usize, dimensions: &mut [usize]) -> Result<()> {
    let mut dims: Vec<i32> = dimensions.iter().map(|&dim| Communicator::to(dim)).collect();
    ranks_engine::topology::dims_create(Communicator::to(ranks), &mut dims)
        .map_err(|Wrong { class, detail }| Error::new(class, Call::Unknown, 0, detail))?;
    dimensions.iter_mut().zip(dims).for_each(|(dimension, dim)| *dimension = dim as usize);
    Ok(())
}

/// The rank there is, if there is one.
fn somebody(rank: i32) -> Option<usize> {
    (rank != PROC_NULL).then_some(rank as usize)
}

/// A communicator whose ranks are a grid; the last dimension goes fastest. A [`Communicator`] in every
/// respect.
///
/// ```
/// ranks::threads(6, |world| {
///     // Two rows of three; the rows are rings, the columns are not.
///     let grid = world.cartesian(&[2, 3], &[false, true])?.expect("all six are in it");
///     assert_eq!(grid.coordinates(), [grid.rank() / 3, grid.rank() % 3]);
///     let (left, right) = grid.shift(1, 1)?;
///     assert_eq!(right, Some(grid.rank() / 3 * 3 + (grid.rank() + 1) % 3));
///     assert!(left.is_some());
///     let (above, _) = grid.shift(0, 1)?;
///     assert_eq!(above, grid.rank().checked_sub(3));
///     // The communicator of this rank's row.
///     let row = grid.sub(&[false, true])?;
///     assert_eq!((row.size(), row.rank()), (3, grid.rank() % 3));
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
#[derive(Debug)]
pub struct Cartesian {
    comm: Communicator,
    cart: Cart,
}

impl Deref for Cartesian {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.comm
    }
}

impl Cartesian {
    fn of(comm: Communicator, call: Call) -> Result<Self> {
        match comm.topology()? {
            Some(Topology::Cart(cart)) => Ok(Self { comm, cart }),
            _ => Err(comm.error(crate::Class::Topology, call, "the communicator is no grid")),
        }
    }

    fn wrong(&self, call: Call) -> impl FnOnce(Wrong) -> Error + '_ {
        move |Wrong { class, detail }| self.comm.error(class, call, detail)
    }

    /// Ranks in each dimension. Section 8.5.5.
    pub fn dimensions(&self) -> Vec<usize> {
        self.cart.dims().iter().map(|&dim| dim as usize).collect()
    }

    /// Which dimensions are rings. Section 8.5.5.
    pub fn periods(&self) -> &[bool] {
        self.cart.periods()
    }

    /// Where this rank stands. Section 8.5.5.
    pub fn coordinates(&self) -> Vec<usize> {
        self.coordinates_of(self.rank()).expect("this rank is in its grid")
    }

    /// Where a rank stands. Section 8.5.5.
    ///
    /// # Errors
    /// Class `Rank` when there is no such rank.
    pub fn coordinates_of(&self, rank: usize) -> Result<Vec<usize>> {
        let found = self.cart.coords(Communicator::to(rank)).map_err(self.wrong(Call::Unknown))?;
        Ok(found.into_iter().map(|coordinate| coordinate as usize).collect())
    }

    /// Who stands there; in a ring, coordinates go around. Section 8.5.5.
    ///
    /// # Errors
    /// Class `Dims` when there are not as many coordinates as dimensions, `Arg` when one is outside.
    pub fn rank_at(&self, coordinates: &[i32]) -> Result<usize> {
        self.cart.rank(coordinates).map(|rank| rank as usize).map_err(self.wrong(Call::Unknown))
    }

    /// Whom this rank receives from and sends to when all send `steps` along a dimension; none beyond an
    /// open end. Section 8.5.6.
    pub fn shift(&self, dimension: usize, steps: i32) -> Result<(Option<usize>, Option<usize>)> {
        let (me, dimension) = (Communicator::to(self.rank()), Communicator::to(dimension));
        let (source, dest) = self.cart.shift(me, dimension, steps).map_err(self.wrong(Call::Unknown))?;
        Ok((somebody(source), somebody(dest)))
    }

    /// For each dimension the rank before and the rank after. Section 8.6.
    pub fn neighbors(&self) -> Vec<Option<usize>> {
        self.cart.neighbors(Communicator::to(self.rank())).into_iter().map(somebody).collect()
    }

    /// The part of the grid that differs from this rank in the kept dimensions only. Collective. Section
    /// 8.5.7.
    pub fn sub(&self, keep: &[bool]) -> Result<Cartesian> {
        let id = self.comm.engine.engine().cart_sub(self.comm.id, keep)?;
        Cartesian::of(self.comm.made(id)?, Call::CartSub)
    }
}

/// A communicator of which each rank knows whom it receives from and whom it sends to. A [`Communicator`]
/// in every respect.
#[derive(Debug)]
pub struct Graph {
    comm: Communicator,
    sources: Vec<usize>,
    destinations: Vec<usize>,
}

impl Deref for Graph {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.comm
    }
}

impl Graph {
    /// Whom this rank receives from, in order. Section 8.5.5.
    pub fn sources(&self) -> &[usize] {
        &self.sources
    }

    /// Whom this rank sends to, in order. Section 8.5.5.
    pub fn destinations(&self) -> &[usize] {
        &self.destinations
    }
}

impl Communicator {
    fn topology(&self) -> Result<Option<Topology>> {
        Ok(self.engine.engine().comm_topology(self.id)?.map(|topology| (*topology).clone()))
    }

    /// The first ranks as a grid with so many ranks in each dimension, of which some are rings; `None` for
    /// ranks that are left over. Collective. Section 8.5.1.
    ///
    /// # Errors
    /// Class `Topology` when there are not as many ranks, `Dims` when it is no grid.
    pub fn cartesian(&self, dimensions: &[usize], rings: &[bool]) -> Result<Option<Cartesian>> {
        let dims: Vec<i32> = dimensions.iter().map(|&dim| Self::to(dim)).collect();
        let id = self.engine.engine().cart_create(self.id, &dims, rings)?;
        id.map(|id| Cartesian::of(self.made(id)?, Call::CartCreate)).transpose()
    }

    /// A graph by what each rank knows of it: whom it receives from and whom it sends to. What one rank sends
    /// another, that one must receive. Collective. Section 8.5.4.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Everyone sends to rank 0.
    ///     let (from, to) = if world.rank() == 0 { (vec![1, 2], vec![]) } else { (vec![], vec![0]) };
    ///     let star = world.graph(&from, &to)?;
    ///     assert_eq!((star.sources(), star.destinations()), (&from[..], &to[..]));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn graph(&self, sources: &[usize], destinations: &[usize]) -> Result<Graph> {
        let numbers = |ranks: &[usize]| ranks.iter().map(|&rank| Self::to(rank)).collect();
        let edges = DistGraph {
            sources: numbers(sources),
            destinations: numbers(destinations),
            ..DistGraph::default()
        };
        let id = self.engine.engine().dist_graph_create_adjacent(self.id, edges)?;
        let comm = self.made(id)?;
        Ok(Graph { comm, sources: sources.to_vec(), destinations: destinations.to_vec() })
    }
}
