//! Every rank says who it is.
//!
//! `ranks run -n 4 --example hello`

fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    println!("Hello from rank {} of {}", world.rank(), world.size());
    Ok(())
}
