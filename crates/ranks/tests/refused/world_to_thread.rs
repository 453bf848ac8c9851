// A world stays on its thread.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    std::thread::spawn(move || world.rank());
    Ok(())
}
