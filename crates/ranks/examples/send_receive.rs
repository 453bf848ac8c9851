//! Rank 0 sends an object and a buffer to every other rank.
//!
//! `ranks run -n 4 --example send_receive`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    if world.rank() == 0 {
        for dest in 1..world.size() {
            world.send(&format!("a letter to rank {dest}"), dest, 0)?;
            world.send_from(&[1.0, 2.0, dest as f64], dest, 1)?;
        }
    } else {
        let (letter, _) = world.receive::<String>(0, 0)?;
        let mut numbers = [0.0; 3];
        world.receive_into(&mut numbers, 0, 1)?;
        println!("rank {} received {letter:?} and {numbers:?}", world.rank());
    }
    Ok(())
}
