//! Programs that are wrong, for tests of what is said about it: `wrong rank|truncate|vanish|barrier`.

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let me = world.rank();
    match std::env::args().nth(1).as_deref() {
        Some("rank") if me == 0 => world.send_from(&[1u8], 9, 0)?,
        Some("truncate") if me == 0 => world.send_from(&[1u8; 40], 1, 0)?,
        Some("truncate") if me == 1 => drop(world.receive_into(&mut [0u8; 20], 0, 0)?),
        Some("vanish") if me == 1 => {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let me = std::process::id().to_string();
            let _ = std::process::Command::new("kill").args(["-KILL", &me]).status();
            std::thread::sleep(std::time::Duration::from_secs(10));
        }
        Some("vanish") => drop(world.receive::<u8>(1, 7)?),
        // Rank 2 never comes.
        Some("barrier") if me == 2 => std::thread::sleep(std::time::Duration::from_secs(60)),
        Some("barrier") => world.barrier()?,
        _ => {}
    }
    Ok(())
}
