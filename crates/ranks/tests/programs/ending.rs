//! Programs that end in a wrong way, for tests of whom the report names: `ending HOW CULPRIT SHAPE`.
//!
//! The rank CULPRIT ends as HOW says (`error`, `early`, `panic`, `exit`) after a barrier, and the others wait for it as
//! SHAPE says. With HOW `good` it does not.

use ranks::{World, op};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [how, culprit, shape] = &words[..] else { return Err("ending HOW CULPRIT SHAPE".into()) };
    let culprit: usize = culprit.parse()?;
    let world = ranks::init()?;
    world.barrier()?;
    if world.rank() != culprit {
        return Ok(wait_for(&world, culprit, shape)?);
    }
    let reason = format!("the reason of rank {culprit}");
    match how.as_str() {
        "error" => Err(reason.into()),
        "early" => {
            eprintln!("{reason}");
            Ok(())
        }
        "panic" => panic!("{reason}"),
        "exit" => {
            eprintln!("{reason}");
            std::process::exit(3)
        }
        _ => Ok(wait_for(&world, culprit, shape)?),
    }
}

fn wait_for(world: &World, culprit: usize, shape: &str) -> ranks::Result<()> {
    let next = (world.rank() + 1) % world.size();
    match shape {
        "receive" => world.receive::<i32>(culprit, 1).map(drop),
        "any" => world.receive::<i32>(ranks::ANY_SOURCE, 1).map(drop),
        "exchange" => world.send_receive::<i32, i32>(&1, culprit, 1, culprit, 1).map(drop),
        // Each waits for the next one, and one of them for the culprit.
        "chain" => world.receive::<i32>(next, 1).map(drop),
        "barrier" => world.barrier(),
        _ => world.all_reduce_into(&[1], &mut [0], op::sum),
    }
}
