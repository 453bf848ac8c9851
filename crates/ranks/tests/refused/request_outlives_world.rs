// A request cannot outlive its communicator.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let sending = world.isend(&1, 0, 0)?;
    drop(world);
    sending.wait()
}
