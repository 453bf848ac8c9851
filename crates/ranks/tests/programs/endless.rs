//! Messages without end, for tests that kill ranks: `endless exchange|barrier|blocked|long`.

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let kind = std::env::args().nth(1).unwrap_or_default();
    let next = (world.rank() + 1) % world.size();
    let previous = (world.rank() + world.size() - 1) % world.size();
    let (mut small, mut large) = ([0u8; 100], vec![0u8; 3 << 20]);
    loop {
        match kind.as_str() {
            "barrier" => world.barrier()?,
            // Everyone but rank 0 waits for a message that never comes.
            "blocked" if world.rank() == 0 => std::thread::sleep(std::time::Duration::from_millis(5)),
            "blocked" => drop(world.receive::<u8>(0, 5)?),
            "long" => {
                let sending = world.isend_from(large.clone(), next, 1)?;
                world.receive_into(&mut large, previous, 1)?;
                sending.wait()?;
            }
            _ => {
                let sending = world.isend_from(small.to_vec(), next, 1)?;
                world.receive_into(&mut small, previous, 1)?;
                sending.wait()?;
            }
        }
    }
}
