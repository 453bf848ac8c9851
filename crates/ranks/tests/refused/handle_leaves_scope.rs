// A request of a scope cannot be taken out of it.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let row = vec![1.0; 10];
    let sending = world.scope(|s| s.isend_from(&row, 0, 0))?;
    sending.wait()
}
