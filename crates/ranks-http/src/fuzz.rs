//! Inputs by chance, for whatever we parse ourselves.
//!
//! A test names a folder of `tests/corpus` and gives a function that looks at one input: it checks what must always
//! hold, and says in a few words what became of the input. Inputs are changed by chance; one with an outcome not seen
//! before is kept and changed further, so the search goes where the parser's answers differ, without a compiler that
//! counts branches. In `cargo test` that is short and the same each time. At length, by `.ci/long fuzz`:
//!
//! ```text
//! RANKS_FUZZ_SECONDS=60 RANKS_FUZZ_SEED=7 cargo test --release -p ranks-fetch -p ranks-serve --lib fuzz
//! ```
//!
//! The first few inputs that are new in a long run are added to the corpus, and so is one that fails.

use std::collections::HashSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Inputs tried in `cargo test`, after those of the corpus.
const SHORT: usize = 2_000;

/// The longest input made; longer ones only take time.
const LONGEST: usize = 4096;

/// Outcomes kept at most.
const KEPT: usize = 4096;

/// Inputs a long run adds to the corpus at most: it is read in each short run.
const ADDED: usize = 4;

/// Tries inputs on `look`. `words` are put in now and then: what a parser waits for and chance would not find.
pub fn fuzz<T: Debug>(name: &str, words: &[&str], look: impl Fn(&[u8]) -> T) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(name);
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("RANKS_FUZZ_SECONDS").map(Duration::from_secs);
    let mut random = fastrand::Rng::with_seed(number("RANKS_FUZZ_SEED").unwrap_or(1));
    let keep = |input: &[u8], kind: &str| {
        let file = folder.join(format!("{kind}-{:016x}", hash(input)));
        std::fs::write(&file, input)
            .unwrap_or_else(|error| panic!("cannot keep {}: {error}", file.display()));
        file
    };
    let tried = |input: &[u8]| match catch_unwind(AssertUnwindSafe(|| format!("{:?}", look(input)))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let file = keep(input, "failed");
            eprintln!("{name}: failed with {:?}, kept as {}", String::from_utf8_lossy(input), file.display());
            resume_unwind(panic)
        }
    };

    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("the corpus {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    // The same each time.
    files.sort();
    assert!(!files.is_empty(), "the corpus {} is empty", folder.display());
    let mut pool: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let mut seen: HashSet<u64> = pool.iter().map(|input| hash(tried(input).as_bytes())).collect();

    let (start, mut added) = (Instant::now(), 0);
    for round in 0.. {
        let over = match seconds {
            // The clock is not looked at each time.
            Some(most) => round % 256 == 0 && start.elapsed() >= most,
            None => round >= SHORT,
        };
        if over {
            break;
        }
        let mut input = random.choice(&pool).cloned().unwrap_or_default();
        for _ in 0..=random.usize(..4) {
            change(&mut input, words, &pool, &mut random);
        }
        input.truncate(LONGEST);
        if seen.insert(hash(tried(&input).as_bytes())) && pool.len() < KEPT {
            if seconds.is_some() && added < ADDED {
                keep(&input, "new");
                added += 1;
            }
            pool.push(input);
        }
    }
}

fn change(input: &mut Vec<u8>, words: &[&str], pool: &[Vec<u8>], random: &mut fastrand::Rng) {
    let at = random.usize(..=input.len());
    let end = (at + random.usize(..=8)).min(input.len());
    match random.u8(..8) {
        0 => drop(input.drain(at..end)),
        1 => input.insert(at, random.u8(..)),
        2 if at < input.len() => input[at] = random.u8(..),
        3 if at < input.len() => input[at] ^= 1 << random.u8(..8),
        4 => {
            let part = input[at..end].to_vec();
            (0..random.usize(1..20)).for_each(|_| drop(input.splice(at..at, part.iter().copied())));
        }
        5 => {
            let other = random.choice(pool).map_or(&[][..], Vec::as_slice);
            let from = random.usize(..=other.len());
            drop(input.splice(at..end, other[from..].iter().copied()));
        }
        _ => {
            let word = random.choice(words).copied().unwrap_or_default();
            drop(input.splice(at..end, word.bytes()));
        }
    }
}

/// Stable, since it names files (FNV-1a).
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A length as an outcome: few different ones.
pub fn rough(length: usize) -> u32 {
    length.checked_ilog2().map_or(0, |log| log + 1)
}

#[cfg(test)]
#[test]
fn what_must_hold_is_noticed_when_it_does_not() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/planted");
    let failed = || std::fs::read_dir(&folder).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let before: HashSet<PathBuf> = failed().collect();
    let found = catch_unwind(|| {
        fuzz("planted", &["@@"], |input| assert!(!input.windows(2).any(|two| two == b"@@"), "planted"));
    });
    assert!(found.is_err(), "a planted fault was not found");
    let new: Vec<PathBuf> = failed().filter(|file| !before.contains(file)).collect();
    assert_eq!(new.len(), 1);
    new.iter().for_each(|file| std::fs::remove_file(file).unwrap());
}
