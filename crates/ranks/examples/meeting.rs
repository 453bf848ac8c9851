//! Two programs, started separately, that meet by a name. One answers, the other asks.
//!
//! `ranks run -n 2 --example meeting answer &` and then `ranks run -n 1 --example meeting ask`

use std::time::Duration;

const NAME: &str = "example of a meeting";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;
    match std::env::args().nth(1).as_deref() {
        Some("answer") => {
            let port = if world.rank() == 0 { world.open_port()? } else { String::new() };
            if world.rank() == 0 {
                world.publish_name(NAME, &port)?;
            }
            let askers = world.accept(&port, 0)?;
            let (question, status) = askers.receive::<String>(ranks::ANY_SOURCE, 0)?;
            askers.send(&format!("rank {} has heard: {question}", world.rank()), status.source, 0)?;
        }
        Some("ask") => {
            // The other program may not have come so far yet.
            let port = loop {
                match world.look_up_name(NAME) {
                    Ok(port) => break port,
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            };
            let service = world.connect(&port, 0)?;
            for rank in 0..service.remote_size() {
                service.send("is anybody there?", rank, 0)?;
                println!("{}", service.receive::<String>(rank, 0)?.0);
            }
        }
        _ => return Err("give one word: answer, or ask".into()),
    }
    Ok(())
}
