// A buffer that a nonblocking send owns cannot be used until the request gives it back.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    let row = vec![1.0; 10];
    let sending = world.isend_from(row, 0, 0)?;
    println!("{}", row[0]);
    sending.wait()?;
    Ok(())
}
