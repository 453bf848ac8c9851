//! Grids: MPI 5.0 sections 8.5.1 and 8.5.5 to 8.5.7. Ranks go through the last dimension fastest.

use super::{Checked, Wrong, no_rank};
use crate::PROC_NULL;
use crate::error::Class;

/// A grid of ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    dims: Vec<i32>,
    periods: Vec<bool>,
    size: i32,
}

impl Cart {
    /// A grid with so many ranks in each dimension; a periodic dimension is closed to a ring. No dimension
    /// at all is a grid of one rank.
    pub fn new(dims: &[i32], periods: &[bool]) -> Checked<Self> {
        if dims.len() != periods.len() {
            let detail =
                format!("{} dimensions, {} of them said to be open or closed", dims.len(), periods.len());
            return Err(Wrong::new(Class::Dims, detail));
        }
        if let Some(at) = dims.iter().position(|&dim| dim < 1) {
            return Err(Wrong::new(Class::Dims, format!("dimension {at} of a grid has {} ranks", dims[at])));
        }
        let size = dims.iter().try_fold(1i32, |size, &dim| size.checked_mul(dim));
        let size = size.ok_or_else(|| Wrong::new(Class::Dims, "a grid of more ranks than there can be"))?;
        Ok(Self { dims: dims.to_vec(), periods: periods.to_vec(), size })
    }

    /// Ranks in each dimension.
    pub fn dims(&self) -> &[i32] {
        &self.dims
    }

    /// Which dimensions are closed to a ring.
    pub fn periods(&self) -> &[bool] {
        &self.periods
    }

    /// Ranks in all.
    pub fn size(&self) -> i32 {
        self.size
    }

    /// Where a rank stands.
    pub fn coords(&self, rank: i32) -> Checked<Vec<i32>> {
        if !(0..self.size).contains(&rank) {
            return Err(no_rank(rank, self.size));
        }
        let mut rest = rank;
        let mut coords = vec![0; self.dims.len()];
        for (coord, dim) in coords.iter_mut().zip(&self.dims).rev() {
            *coord = rest % dim;
            rest /= dim;
        }
        Ok(coords)
    }

    /// Who stands somewhere; coordinates outside of a closed dimension go around.
    pub fn rank(&self, coords: &[i32]) -> Checked<i32> {
        if coords.len() != self.dims.len() {
            let detail = format!("{} coordinates in a grid of {} dimensions", coords.len(), self.dims.len());
            return Err(Wrong::new(Class::Dims, detail));
        }
        let mut rank = 0;
        for (at, (&coord, &dim)) in coords.iter().zip(&self.dims).enumerate() {
            if !self.periods[at] && !(0..dim).contains(&coord) {
                let detail = format!("coordinate {coord} is outside of dimension {at} (0 to {})", dim - 1);
                return Err(Wrong::new(Class::Arg, detail));
            }
            rank = rank * dim + coord.rem_euclid(dim);
        }
        Ok(rank)
    }

    /// The rank `steps` further in a dimension; [`PROC_NULL`] beyond an open end.
    fn along(&self, coords: &[i32], direction: usize, steps: i64) -> i32 {
        let dim = i64::from(self.dims[direction]);
        let to = i64::from(coords[direction]) + steps;
        if !self.periods[direction] && !(0..dim).contains(&to) {
            return PROC_NULL;
        }
        let mut there = coords.to_vec();
        there[direction] = to.rem_euclid(dim) as i32;
        self.rank(&there).unwrap_or(PROC_NULL)
    }

    /// Whom `me` receives from and sends to when all send `steps` along a dimension.
    pub fn shift(&self, me: i32, direction: i32, steps: i32) -> Checked<(i32, i32)> {
        let coords = self.coords(me)?;
        let at = usize::try_from(direction).ok().filter(|&at| at < self.dims.len()).ok_or_else(|| {
            let detail = format!("there is no dimension {direction} in a grid of {}", self.dims.len());
            Wrong::new(Class::Dims, detail)
        })?;
        let steps = i64::from(steps);
        Ok((self.along(&coords, at, -steps), self.along(&coords, at, steps)))
    }

    /// For each dimension the rank before and the rank after.
    pub fn neighbors(&self, me: i32) -> Vec<i32> {
        let Ok(coords) = self.coords(me) else { return Vec::new() };
        let around = |at| [self.along(&coords, at, -1), self.along(&coords, at, 1)];
        (0..self.dims.len()).flat_map(around).collect()
    }

    /// The grid of the kept dimensions that `me` is in, and its ranks, as ranks of this grid in the order of
    /// the new one.
    pub fn sub(&self, me: i32, keep: &[bool]) -> Checked<(Cart, Vec<i32>)> {
        if keep.len() != self.dims.len() {
            let detail = format!("{} dimensions of a grid that has {}", keep.len(), self.dims.len());
            return Err(Wrong::new(Class::Dims, detail));
        }
        let mut coords = self.coords(me)?;
        let kept: Vec<usize> = (0..keep.len()).filter(|&at| keep[at]).collect();
        let part = Cart::new(
            &kept.iter().map(|&at| self.dims[at]).collect::<Vec<_>>(),
            &kept.iter().map(|&at| self.periods[at]).collect::<Vec<_>>(),
        )?;
        let members = (0..part.size).map(|rank| {
            for (&at, coord) in kept.iter().zip(part.coords(rank)?) {
                coords[at] = coord;
            }
            self.rank(&coords)
        });
        let members = members.collect::<Checked<Vec<i32>>>()?;
        Ok((part, members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_ranks() {
        let cart = Cart::new(&[3, 4, 2], &[true, false, true]).unwrap();
        for rank in 0..24 {
            assert_eq!(cart.rank(&cart.coords(rank).unwrap()), Ok(rank));
        }
        assert_eq!(cart.coords(23).unwrap(), [2, 3, 1]);
        assert_eq!(cart.rank(&[-1, 0, 5]), cart.rank(&[2, 0, 1]));
        assert_eq!(cart.rank(&[0, 4, 0]).unwrap_err().class, Class::Arg);
        assert_eq!(cart.coords(24).unwrap_err().class, Class::Rank);
        assert_eq!(Cart::new(&[], &[]).unwrap().size(), 1);
        assert_eq!(Cart::new(&[2, 0], &[true; 2]).unwrap_err().class, Class::Dims);
        assert_eq!(Cart::new(&[1 << 20, 1 << 20], &[true; 2]).unwrap_err().class, Class::Dims);
    }

    #[test]
    fn shifts_end_at_open_ends_and_go_around_closed_ones() {
        let cart = Cart::new(&[3, 4], &[true, false]).unwrap();
        assert_eq!(cart.shift(0, 0, 1), Ok((8, 4)));
        assert_eq!(cart.shift(0, 0, -1), Ok((4, 8)));
        assert_eq!(cart.shift(0, 0, 3), Ok((0, 0)));
        assert_eq!(cart.shift(0, 1, 1), Ok((PROC_NULL, 1)));
        assert_eq!(cart.shift(2, 1, 2), Ok((0, PROC_NULL)));
        assert_eq!(cart.shift(0, 1, i32::MIN), Ok((PROC_NULL, PROC_NULL)));
        assert_eq!(cart.shift(0, 2, 1).unwrap_err().class, Class::Dims);
        assert_eq!(cart.neighbors(4), [0, 8, PROC_NULL, 5]);
        // One rank in a closed dimension is its own neighbour on both sides.
        assert_eq!(Cart::new(&[1], &[true]).unwrap().neighbors(0), [0, 0]);
    }

    #[test]
    fn parts_keep_the_order() {
        let cart = Cart::new(&[2, 3], &[true, false]).unwrap();
        let (row, members) = cart.sub(4, &[false, true]).unwrap();
        assert_eq!((row.dims(), row.periods(), members), (&[3][..], &[false][..], vec![3, 4, 5]));
        assert_eq!(cart.sub(4, &[true, false]).unwrap().1, [1, 4]);
        assert_eq!(cart.sub(4, &[false, false]).unwrap().1, [4]);
        assert_eq!(cart.sub(4, &[true]).unwrap_err().class, Class::Dims);
    }
}
