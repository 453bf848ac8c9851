//! Heat spreads over a plate whose upper edge is hot. The plate is cut into blocks, a rank each; before
//! every step the ranks exchange the edges of their blocks with their neighbours.
//!
//! `ranks run -n 4 --example heat -- --size 200 --steps 500`
//!
//! The result does not depend on the number of ranks.

use ranks::{Cartesian, Exchange, Result, Stride, op};

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

    /// The cells of a row, and of a column, of the matrix with its frame.
    fn edge(&self, row: Option<usize>, column: Option<usize>) -> Stride {
        let width = self.columns + 2;
        let rows = row.map_or(1..self.rows + 1, |row| row..row + 1);
        let columns = column.map_or(1..self.columns + 1, |column| column..column + 1);
        Stride::part(width, rows, columns)
    }

    /// Sends the outermost cells to the neighbours, and receives theirs into the frame.
    fn exchange(&mut self, grid: &Cartesian) -> Result<()> {
        let (below, right) = (self.rows + 1, self.columns + 1);
        // Above, below, to the left and to the right: the cells that go there, and the frame there.
        let sides = [
            (self.edge(Some(1), None), self.edge(Some(0), None)),
            (self.edge(Some(self.rows), None), self.edge(Some(below), None)),
            (self.edge(None, Some(1)), self.edge(None, Some(0))),
            (self.edge(None, Some(self.columns)), self.edge(None, Some(right))),
        ];
        let neighbors = grid.neighbors();
        let parts: Vec<Exchange> = (0..4)
            .filter_map(|side| {
                // What goes up comes from below, and what goes left comes from the right.
                let (send_tag, receive_tag) = (side as i32, (side ^ 1) as i32);
                let (send, receive) = sides[side];
                Some(Exchange { neighbor: neighbors[side]?, send, send_tag, receive, receive_tag })
            })
            .collect();
        grid.exchange_strided(&mut self.cells, &parts)
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
