// A buffer that a scope has lent to a receive cannot be looked at in the scope.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let mut row = vec![1.0; 10];
    world.scope(|s| {
        s.ireceive_into(&mut row, 0, 0)?;
        println!("{}", row[0]);
        Ok(())
    })
}
