// Not all bytes are values of an enum.
#[derive(Clone, Copy, ranks::Equivalence)]
enum Direction {
    Left,
    Right,
}

fn main() {}
