// Addresses mean nothing to another rank.
#[derive(Clone, Copy, ranks::Equivalence)]
struct Row<'a> {
    cells: &'a [f64],
}

#[derive(Clone, Copy, ranks::Equivalence)]
struct Raw {
    cells: [*const f64; 2],
}

fn main() {}
