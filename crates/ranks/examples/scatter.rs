//! Rank 0 deals: an object to each rank, and a part of a buffer to each rank.
//!
//! `ranks run -n 4 --example scatter`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let is_root = world.rank() == 0;

    let errands = is_root.then(|| (0..world.size()).map(|rank| format!("errand {rank}")).collect());
    let errand: String = world.scatter(errands, 0)?;

    // Three numbers for each rank. The others need no buffer to deal from.
    let numbers: Vec<f64> = if is_root { (0..3 * world.size()).map(|i| i as f64).collect() } else { vec![] };
    let mut mine = [0.0; 3];
    world.scatter_into(is_root.then_some(&numbers[..]), &mut mine, 0)?;
    println!("rank {} has {errand} and {mine:?}", world.rank());
    Ok(())
}
