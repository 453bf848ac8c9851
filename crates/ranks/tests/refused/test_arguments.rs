// A test on ranks says what it does not understand.
#[ranks::test(ranks = 4)]
fn wrong_option() {}

#[ranks::test(n = 0)]
fn no_ranks() {}

#[ranks::test(timeout = "soon")]
fn no_time() {}

fn main() {}
