// An operation takes and gives what is reduced.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let mut total = [0.0];
    world.all_reduce_into(&[1.5], &mut total, |a: i32, b: i32| a + b)
}
