// A buffer of the scope's own ends before the operation may be over.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    world.scope(|s| {
        let row = vec![1.0; 10];
        s.isend_from(&row, 0, 0)?;
        Ok(())
    })
}
