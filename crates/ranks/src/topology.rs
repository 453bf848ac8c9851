//! Communicators whose ranks have neighbours: grids and graphs. Chapter 8.

use crate::collective::neighborhood::somebody;
use crate::communicator::Communicator;
use crate::{Error, Result};
use ranks_engine::Call;
use ranks_engine::topology::{Cart, DistGraph, Topology, Wrong};
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

    /// The number of ranks in each dimension. Section 8.5.5.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let grid = world.cartesian(&[2, 2], &[false, true])?.expect("all are in it");
    ///     assert_eq!(grid.dimensions(), [2, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn dimensions(&self) -> Vec<usize> {
        self.cart.dims().iter().map(|&dim| dim as usize).collect()
    }

    /// Says for each dimension whether it is a ring. Section 8.5.5.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let grid = world.cartesian(&[2, 2], &[false, true])?.expect("all are in it");
    ///     assert_eq!(grid.periods(), [false, true]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn periods(&self) -> &[bool] {
        self.cart.periods()
    }

    /// The coordinates of this rank: one for each dimension, from 0. Section 8.5.5.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let grid = world.cartesian(&[2, 2], &[false, true])?.expect("all are in it");
    ///     assert_eq!(grid.coordinates(), [[0, 0], [0, 1], [1, 0], [1, 1]][grid.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn coordinates(&self) -> Vec<usize> {
        self.coordinates_of(self.rank()).expect("this rank is in its grid")
    }

    /// The coordinates of a rank: one for each dimension, from 0. Section 8.5.5.
    ///
    /// ```
    /// use ranks::Class;
    ///
    /// ranks::threads(4, |world| {
    ///     let grid = world.cartesian(&[2, 2], &[false, true])?.expect("all are in it");
    ///     assert_eq!(grid.coordinates_of(2)?, [1, 0]);
    ///     assert_eq!(grid.coordinates_of(4).unwrap_err().class(), Class::Rank);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when there is no such rank.
    pub fn coordinates_of(&self, rank: usize) -> Result<Vec<usize>> {
        let found = self.cart.coords(Communicator::to(rank)).map_err(self.wrong(Call::Unknown))?;
        Ok(found.into_iter().map(|coordinate| coordinate as usize).collect())
    }

    /// The rank at these coordinates, one for each dimension; in a ring, coordinates go around. Section
    /// 8.5.5.
    ///
    /// ```
    /// use ranks::Class;
    ///
    /// ranks::threads(4, |world| {
    ///     // The rows are rings, the columns are not.
    ///     let grid = world.cartesian(&[2, 2], &[false, true])?.expect("all are in it");
    ///     assert_eq!((grid.rank_at(&[1, 0])?, grid.rank_at(&[1, -1])?), (2, 3));
    ///     assert_eq!(grid.rank_at(&[-1, 0]).unwrap_err().class(), Class::Arg);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Dims` when there are not as many coordinates as dimensions; class `Arg` when one is outside of
    /// a dimension that is no ring.
    pub fn rank_at(&self, coordinates: &[i32]) -> Result<usize> {
        self.cart.rank(coordinates).map(|rank| rank as usize).map_err(self.wrong(Call::Unknown))
    }

    /// Whom this rank receives from and sends to when all send `steps` along a dimension; none beyond an
    /// open end. Section 8.5.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let line = world.cartesian(&[3], &[false])?.expect("all are in it");
    ///     let (before, after) = line.shift(0, 1)?;
    ///     assert_eq!((before, after), [(None, Some(1)), (Some(0), Some(2)), (Some(1), None)][line.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Dims` when the grid has no such dimension.
    pub fn shift(&self, dimension: usize, steps: i32) -> Result<(Option<usize>, Option<usize>)> {
        let (me, dimension) = (Communicator::to(self.rank()), Communicator::to(dimension));
        let (source, dest) = self.cart.shift(me, dimension, steps).map_err(self.wrong(Call::Unknown))?;
        Ok((somebody(source), somebody(dest)))
    }

    /// The neighbours of this rank: for each dimension the rank before and the rank after; `None` beyond an
    /// open end. This is the order of the parts in [`Communicator::neighbor_all_to_all_into`]. Section 8.6.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let line = world.cartesian(&[3], &[false])?.expect("all are in it");
    ///     assert_eq!(line.neighbors(), [[None, Some(1)], [Some(0), Some(2)], [Some(1), None]][line.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn neighbors(&self) -> Vec<Option<usize>> {
        self.cart.neighbors(Communicator::to(self.rank())).into_iter().map(somebody).collect()
    }

    /// The part of the grid that differs from this rank in the kept dimensions only, as a grid of these
    /// dimensions. `keep` says for each dimension whether it is kept. Collective. Section 8.5.7.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let grid = world.cartesian(&[2, 2], &[false, false])?.expect("all are in it");
    ///     // The columns of the grid: the first dimension is kept.
    ///     let column = grid.sub(&[true, false])?;
    ///     assert_eq!((column.dimensions(), column.rank()), (vec![2], grid.rank() / 2));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Dims` when `keep` has not one value for each dimension.
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
    /// The ranks that this rank receives from, in the order in which they were given. Section 8.5.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Everyone sends to rank 0.
    ///     let (from, to) = if world.rank() == 0 { (vec![1, 2], vec![]) } else { (vec![], vec![0]) };
    ///     let star = world.graph(&from, &to)?;
    ///     assert_eq!(star.sources().len(), [2, 0, 0][star.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn sources(&self) -> &[usize] {
        &self.sources
    }

    /// The ranks that this rank sends to, in the order in which they were given. Section 8.5.5.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // Everyone sends to rank 0.
    ///     let (from, to) = if world.rank() == 0 { (vec![1, 2], vec![]) } else { (vec![], vec![0]) };
    ///     let star = world.graph(&from, &to)?;
    ///     assert_eq!(star.destinations().len(), [0, 1, 1][star.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn destinations(&self) -> &[usize] {
        &self.destinations
    }
}

impl Communicator {
    fn topology(&self) -> Result<Option<Topology>> {
        Ok(self.engine.engine().comm_topology(self.id)?.map(|topology| (*topology).clone()))
    }

    /// Makes a grid of the first ranks, with `dimensions[i]` ranks in dimension i; `rings` says for each dimension
    /// whether its last rank is followed by its first. `None` for ranks that are left over. Collective.
    /// Section 8.5.1.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     // A ring of three; rank 3 is left over.
    ///     let ring = world.cartesian(&[3], &[true])?;
    ///     assert_eq!(ring.is_some(), world.rank() < 3);
    ///     if let Some(ring) = ring {
    ///         assert_eq!(ring.shift(0, 1)?.1, Some((ring.rank() + 1) % 3));
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Topology` when there are not as many ranks; class `Dims` when a dimension is 0, or when `rings`
    /// has not one value for each dimension.
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
    ///
    /// # Errors
    /// Class `Rank` when a source or a destination is no rank of this communicator.
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
