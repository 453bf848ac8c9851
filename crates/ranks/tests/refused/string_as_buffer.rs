// Text is no buffer: it is sent as an object.
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    world.send_from(&["text".to_owned()], 0, 0)
}
