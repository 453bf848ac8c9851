//! Rank 0 decides, all ranks know: an object and a buffer go from one rank to all.
//!
//! `ranks run -n 4 --example broadcast`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let is_root = world.rank() == 0;

    // An object: the root has it, all get it.
    let title = world.broadcast(is_root.then(|| "the powers of two".to_owned()), 0)?;

    // A buffer: the root fills it, all have room for it.
    let mut powers = [0u64; 8];
    if is_root {
        powers = std::array::from_fn(|i| 1 << i);
    }
    world.broadcast_into(&mut powers, 0)?;
    println!("rank {} knows {title}: {powers:?}", world.rank());
    Ok(())
}
