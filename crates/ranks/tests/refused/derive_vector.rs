// A vector is an address, too.
#[derive(Clone, ranks::Equivalence)]
struct Row {
    cells: Vec<f64>,
}

fn main() {}
