//! Heat spreads over a plate whose upper edge is hot. The plate is cut into blocks, a rank each; before
//! every step the ranks exchange the edges of their blocks with their neighbours.
//!
//! `ranks run -n 4 --example heat -- --size 200 --steps 500`
//!
//! The result does not depend on the number of ranks.

use ranks::{Cartesian, Result, op};

/// A rank's block, with a frame around it: what the neighbours have there, or the edge of the plate.
struct Block {
    rows: usize,
    columns: usize,
    /// `rows + 2` rows of `columns + 2` cells.
    cells: Vec<f64>,
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    let (size, steps) = world.broadcast((world.rank() == 0).then(options), 0)??;

    // A grid of ranks, as square as can be, without rings.
    let mut dimensions = [0, 0];
    ranks::balance(world.size(), &mut dimensions)?;
    let grid = world.cartesian(&dimensions, &[false, false])?.ok_or("a rank is left over")?;
    let [high, wide] = dimensions;
    let (row, column) = (grid.coordinates()[0], grid.coordinates()[1]);
    let share = |parts: usize, part: usize| size / parts + usize::from(part < size % parts);
    let mut block = Block::new(share(high, row), share(wide, column), row == 0);

    let mut change = 0.0;
    for _ in 0..steps {
        block.exchange(&grid)?;
        change = block.step();
    }
    let sum: f64 = block.inside().sum();
    let mut most = [change, block.inside().fold(0.0, f64::max)];
    let mut total = [sum];
    grid.all_reduce_in_place(&mut most, op::max)?;
    grid.all_reduce_in_place(&mut total, op::sum)?;
    if world.rank() == 0 {
        println!("{size} x {size} cells, {steps} steps");
        println!(
            "hottest {:.6}, last change {:.6}, mean {:.6}",
            most[1],
            most[0],
            total[0] / (size * size) as f64
        );
    }
    Ok(())
}

impl Block {
    fn new(rows: usize, columns: usize, hot: bool) -> Self {
        let mut cells = vec![0.0; (rows + 2) * (columns + 2)];
        if hot {
            cells[..columns + 2].fill(100.0);
        }
        Self { rows, columns, cells }
    }

    fn row(&self, row: usize) -> std::ops::Range<usize> {
        let begin = row * (self.columns + 2) + 1;
        begin..begin + self.columns
    }

    fn column(&self, column: usize) -> Vec<f64> {
        (1..=self.rows).map(|row| self.cells[row * (self.columns + 2) + column]).collect()
    }

    fn set_column(&mut self, column: usize, values: &[f64]) {
        for (row, value) in (1..=self.rows).zip(values) {
            self.cells[row * (self.columns + 2) + column] = *value;
        }
    }

    /// Sends the outermost cells to the neighbours, and receives theirs into the frame.
    fn exchange(&mut self, grid: &Cartesian) -> Result<()> {
        let (left, right) = (self.column(1), self.column(self.columns));
        let (mut from_left, mut from_right) = (vec![0.0; self.rows], vec![0.0; self.rows]);
        let (upper, lower) = (self.row(1), self.row(self.rows));
        let (above, below) = (self.row(0), self.row(self.rows + 1));
        let (mut from_above, mut from_below) = (vec![0.0; self.columns], vec![0.0; self.columns]);
        let cells = &self.cells;
        // Above, below, to the left and to the right, where there is somebody.
        let neighbors = grid.neighbors();
        grid.scope(|s| {
            // Everything is begun at once; the scope ends when all of it is over.
            let sides = [
                (&cells[upper], &mut from_above),
                (&cells[lower], &mut from_below),
                (&left[..], &mut from_left),
                (&right[..], &mut from_right),
            ];
            for (neighbor, (mine, theirs)) in neighbors.iter().zip(sides) {
                if let Some(neighbor) = *neighbor {
                    s.ireceive_into(theirs, neighbor, 0)?;
                    s.isend_from(mine, neighbor, 0)?;
                }
            }
            Ok(())
        })?;
        if neighbors[0].is_some() {
            self.cells[above].copy_from_slice(&from_above);
        }
        if neighbors[1].is_some() {
            self.cells[below].copy_from_slice(&from_below);
        }
        if neighbors[2].is_some() {
            self.set_column(0, &from_left);
        }
        if neighbors[3].is_some() {
            self.set_column(self.columns + 1, &from_right);
        }
        Ok(())
    }

    /// Each cell becomes the mean of the four beside it; the largest change.
    fn step(&mut self) -> f64 {
        let (before, width) = (self.cells.clone(), self.columns + 2);
        let mut change: f64 = 0.0;
        for row in 1..=self.rows {
            for at in self.row(row) {
                let beside = before[at - 1] + before[at + 1] + before[at - width] + before[at + width];
                self.cells[at] = beside / 4.0;
                change = change.max((self.cells[at] - before[at]).abs());
            }
        }
        change
    }

    fn inside(&self) -> impl Iterator<Item = f64> + '_ {
        (1..=self.rows).flat_map(|row| self.cells[self.row(row)].iter().copied())
    }
}

fn options() -> std::result::Result<(usize, usize), String> {
    let (mut size, mut steps) = (100, 200);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for option in arguments.chunks(2) {
        let [name, value] = option else { return Err(format!("{}: a number is missing", option[0])) };
        let number = value.parse().map_err(|_| format!("{name} {value}: not a number"))?;
        match name.as_str() {
            "--size" => size = number,
            "--steps" => steps = number,
            _ => return Err("usage: heat [--size N] [--steps N]".to_owned()),
        }
    }
    Ok((size, steps))
}
