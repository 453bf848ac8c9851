//! Rank 0 collects: an object from each rank, and parts of different lengths of one buffer.
//!
//! `ranks run -n 4 --example gather`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let is_root = world.rank() == 0;

    let names = world.gather(format!("rank {} of {}", world.rank(), world.size()), 0)?;
    if let Some(names) = names {
        println!("{}", names.join(", "));
    }

    // Rank r has r + 1 numbers.
    let mine = vec![world.rank() as u32; world.rank() + 1];
    let counts: Vec<usize> = (1..=world.size()).collect();
    let mut all = vec![0; if is_root { counts.iter().sum() } else { 0 }];
    world.gather_v_into(&mine, is_root.then_some((&mut all[..], &counts[..])), 0)?;
    if is_root {
        println!("{all:?}");
    }
    Ok(())
}
