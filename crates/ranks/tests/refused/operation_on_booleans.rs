// The operations are for numbers.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let mut total = [false];
    world.all_reduce_into(&[true], &mut total, ranks::op::sum)
}
