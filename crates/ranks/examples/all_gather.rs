//! Everyone collects from everyone: each rank ends with what all have.
//!
//! `ranks run -n 4 --example all_gather`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;

    // Objects may differ in length from rank to rank.
    let words = world.all_gather("ab".repeat(world.rank()))?;

    // Buffers: one number from each.
    let mut squares = vec![0; world.size()];
    world.all_gather_into(&[world.rank() * world.rank()], &mut squares)?;
    println!("rank {} has {words:?} and {squares:?}", world.rank());
    Ok(())
}
