//! Asks every site of a list whether it is there, and reports those that are not: the ranks share the
//! list, rank 0 gathers the answers.
//!
//! `ranks run -n 4 --example uptime -- sites.txt`, a URL a line; without a file, a sample site is asked.

use ranks_fetch::sample::Site;
use ranks_fetch::{Client, ClientOptions, Method};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let world = ranks::init()?;
    // Rank 0 reads the list; the sample site lives as long as its variable.
    let mut site = None;
    let mut list = None;
    if world.rank() == 0 {
        list = Some(match std::env::args().nth(1) {
            Some(file) => read(&file).unwrap_or_else(|error| {
                eprintln!("uptime: {error}");
                world.abort(2)
            }),
            None => site.insert(Site::start()?).urls(40),
        });
    }
    let list: Vec<String> = world.broadcast(list, 0)?;

    // Rank r asks for lines r, r + n, r + 2n ...
    let mine: Vec<&String> = list.iter().skip(world.rank()).step_by(world.size()).collect();
    let answers = ask(&mine)?;

    if world.rank() > 0 {
        world.send(&answers, 0, 0)?;
        return Ok(());
    }
    let mut down = answers;
    for rank in 1..world.size() {
        let (others, _) = world.receive::<Vec<String>>(rank, 0)?;
        down.extend(others);
    }
    down.sort();
    println!("{} of {} sites are not well", down.len(), list.len());
    down.iter().for_each(|line| println!("  {line}"));
    drop(site);
    Ok(())
}

fn read(file: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// A HEAD request to each; what is wrong with those that fail or answer 400 and more.
fn ask(urls: &[&String]) -> Result<Vec<String>, Box<dyn Error>> {
    let options = ClientOptions { method: Method::Head, ..ClientOptions::default() };
    let client = Client::new(options).map_err(|failure| failure.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut down = Vec::new();
        for url in urls {
            let visit = client.check(url).await;
            match (visit.failure, visit.status) {
                (Some(failure), _) => down.push(format!("{url}: {failure}")),
                (None, Some(status)) if status >= 400 => down.push(format!("{url}: status {status}")),
                _ => {}
            }
        }
        Ok(down)
    })
}
