//! Every rank passes a number to the next one and works while it is on its way.
//!
//! `ranks run -n 4 --example isend_irecv`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let next = (world.rank() + 1) % world.size();
    let previous = (world.rank() + world.size() - 1) % world.size();

    let receiving = world.ireceive::<u64>(previous, 0)?;
    let sending = world.isend(&(world.rank() as u64 * 10), next, 0)?;
    let work: u64 = (1..=1000).sum();
    let (number, _) = receiving.wait()?;
    sending.wait()?;

    println!("rank {}: {number} from rank {previous}, and {work} computed meanwhile", world.rank());
    Ok(())
}
