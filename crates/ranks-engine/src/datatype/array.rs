//! Parts of arrays, and arrays that are spread over a grid of ranks: MPI 5.0 sections 5.1.3 and 5.1.4.

use super::body::Body;
use super::{Combiner, Datatype, Form, Invalid, Made, Recipe};
use crate::error::Class;
use std::sync::Arc;

/// Which index of an array runs fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last.
    C,
    /// The first.
    Fortran,
}

/// How a dimension is spread over the ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Not at all.
    None,
    /// One block a rank, of this length or by default of equal parts.
    Block(Option<i64>),
    /// Blocks of this length (by default 1) in turn.
    Cyclic(Option<i64>),
}

impl Order {
    /// The dimensions from the fastest to the slowest.
    fn dimensions(self, n: usize) -> Box<dyn Iterator<Item = usize>> {
        match self {
            Order::C => Box::new((0..n).rev()),
            Order::Fortran => Box::new(0..n),
        }
    }
}

fn wrong(detail: String) -> Invalid {
    Invalid::new(Class::Arg, detail)
}

impl Datatype {
    /// `MPI_Type_create_subarray`. The second of `order` is the order as the program's ABI numbers it, for the
    /// recipe.
    pub fn subarray(
        form: Form,
        sizes: &[i64],
        subsizes: &[i64],
        starts: &[i64],
        order: (Order, i64),
        old: &Arc<Self>,
    ) -> Made {
        let n = sizes.len();
        if n == 0 || subsizes.len() != n || starts.len() != n {
            return Err(wrong(format!("an array of {n} dimensions")));
        }
        for at in 0..n {
            let (size, part, start) = (sizes[at], subsizes[at], starts[at]);
            if size < 1 || part < 1 || part > size || start < 0 || start > size - part {
                let what = format!("dimension {at}: a part of {part} from {start} on of an array of {size}");
                return Err(wrong(what));
            }
        }
        let mut body = Body::of(old);
        let mut stride = body.extent();
        let mut first = 0i64;
        for at in order.0.dimensions(n) {
            body = body.repeated(subsizes[at], stride)?;
            let offset = starts[at].checked_mul(stride).and_then(|offset| first.checked_add(offset));
            first = offset.ok_or_else(Invalid::overflow)?;
            stride = stride.checked_mul(sizes[at]).ok_or_else(Invalid::overflow)?;
        }
        body = body.moved(first)?;
        body.bounds = body.bounds.set(0, stride)?;
        let recipe = Recipe::new(Combiner::Subarray, form, [old.clone()]).ints(&[n as i64]);
        let recipe = recipe.counts(sizes).counts(subsizes).counts(starts).ints(&[order.1]);
        Self::assemble(body, recipe)
    }

    /// `MPI_Type_create_darray`: the part of the array that rank `rank` of `ranks` has. `codes` are the
    /// distributions and their arguments as the program gave them, for the recipe; so is the second of `order`.
    #[allow(clippy::too_many_arguments)]
    pub fn darray(
        form: Form,
        (ranks, rank): (i64, i64),
        sizes: &[i64],
        distributions: &[Distribution],
        codes: (&[i64], &[i64]),
        grid: &[i64],
        order: (Order, i64),
        old: &Arc<Self>,
    ) -> Made {
        let n = sizes.len();
        if n == 0 || distributions.len() != n || grid.len() != n {
            return Err(wrong(format!("an array of {n} dimensions")));
        }
        if let Some(size) = sizes.iter().find(|size| **size < 1) {
            return Err(wrong(format!("an array of {size} in one dimension")));
        }
        let on_grid = grid.iter().try_fold(1i64, |all, &part| (part > 0).then(|| all.checked_mul(part))?);
        if on_grid != Some(ranks) || !(0..ranks).contains(&rank) {
            return Err(wrong(format!("rank {rank} of {ranks} on the grid {grid:?}")));
        }
        // The grid counts its last dimension fastest, whatever the order of the array.
        let mut places = vec![0; n];
        let mut rest = rank;
        for at in (0..n).rev() {
            (places[at], rest) = (rest % grid[at], rest / grid[at]);
        }
        let mut body = Body::of(old);
        for at in order.0.dimensions(n) {
            let spread = Spread { size: sizes[at], parts: grid[at], place: places[at] };
            body = spread.of(distributions[at], at, body)?;
        }
        let recipe = Recipe::new(Combiner::Darray, form, [old.clone()]).ints(&[ranks, rank, n as i64]);
        let recipe = recipe.counts(sizes).ints(codes.0).ints(codes.1).ints(grid).ints(&[order.1]);
        Self::assemble(body, recipe)
    }
}

/// One dimension of a distributed array, as one rank has it.
struct Spread {
    size: i64,
    parts: i64,
    place: i64,
}

impl Spread {
    fn of(&self, distribution: Distribution, at: usize, old: Body) -> Result<Body, Invalid> {
        let length = match distribution {
            Distribution::None if self.parts > 1 => {
                let what = format!("dimension {at} is not distributed, but its grid has {}", self.parts);
                return Err(wrong(what));
            }
            Distribution::None => self.size,
            Distribution::Block(length) => {
                let length = length.unwrap_or((self.size - 1) / self.parts + 1);
                if length < 1 || length.checked_mul(self.parts).is_some_and(|all| all < self.size) {
                    let what = format!("dimension {at}: blocks of {length} do not hold {}", self.size);
                    return Err(wrong(what));
                }
                length
            }
            Distribution::Cyclic(length) => length.unwrap_or(1),
        };
        if length < 1 {
            return Err(wrong(format!("dimension {at}: blocks of {length}")));
        }
        let extent = old.extent();
        let blocks = (self.size - 1) / length + 1;
        let mine = if self.place < blocks { (blocks - 1 - self.place) / self.parts + 1 } else { 0 };
        let last = self.size - (blocks - 1) * length;
        // The last block of all may be a short one.
        let short = mine > 0 && (blocks - 1) % self.parts == self.place && last < length;
        let whole = mine - i64::from(short);
        let far =
            |n: i64| n.checked_mul(length).and_then(|n| n.checked_mul(extent)).ok_or_else(Invalid::overflow);
        let stride = far(self.parts)?;
        let mut parts = vec![(far(self.place)?, old.in_a_row(length)?.repeated(whole, stride)?)];
        if short {
            parts.push((far(blocks - 1)?, old.in_a_row(last)?));
        }
        let mut body = Body::list(parts)?;
        body.align = old.align;
        body.bounds = body.bounds.set(0, old.bytes(self.size)?)?;
        Ok(body)
    }
}
