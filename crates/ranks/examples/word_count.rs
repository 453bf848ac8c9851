//! The most frequent words of files: rank 0 deals the files, each rank counts, rank 0 adds up.
//!
//! `ranks run -n 4 --example word_count -- [--top N] FILE ...`

use std::collections::HashMap;

type Counts = HashMap<String, u64>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = ranks::init()?;

    // Rank 0 reads the command line: what is shown, and a list of files for each rank.
    let task = (world.rank() == 0).then(|| task(world.size()));
    let (top, lists) = match task.transpose() {
        Ok(task) => task.unzip(),
        Err(usage) => {
            eprintln!("{usage}");
            world.abort(2);
        }
    };
    let files: Vec<String> = world.scatter(lists, 0)?;

    // A file that cannot be read is told to rank 0, and does not end the others.
    let counted: Result<Counts, String> = count(&files);
    let all = world.reduce(counted, |a, b| Ok(merge(a?, b?)), 0)?;

    if let (Some(all), Some(top)) = (all, top) {
        let mut words: Vec<(String, u64)> = all?.into_iter().collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let total: u64 = words.iter().map(|(_, count)| count).sum();
        println!("{total} words, {} different", words.len());
        words.iter().take(top).for_each(|(word, count)| println!("{count:>8} {word}"));
    }
    Ok(())
}

fn task(ranks: usize) -> Result<(usize, Vec<Vec<String>>), String> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut top = 10;
    if arguments.first().is_some_and(|word| word == "--top") {
        let number = arguments.get(1).and_then(|number| number.parse().ok());
        top = number.ok_or("--top: a number is expected")?;
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        return Err("usage: word_count [--top N] FILE ...".to_owned());
    }
    let mut lists = vec![Vec::new(); ranks];
    arguments.into_iter().enumerate().for_each(|(i, file)| lists[i % ranks].push(file));
    Ok((top, lists))
}

fn count(files: &[String]) -> Result<Counts, String> {
    let mut counts = Counts::new();
    for file in files {
        let text = std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
        let text = String::from_utf8_lossy(&text);
        for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(counts)
}

fn merge(mut a: Counts, b: Counts) -> Counts {
    b.into_iter().for_each(|(word, count)| *a.entry(word).or_default() += count);
    a
}
