//! Lists by chance: whatever bytes a file holds, each of its lines is counted once.

use std::io;

use super::*;
use ranks_http::fuzz::{fuzz, rough};

/// Gives bytes in pieces of so many.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(into.len());
        into[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// What a list in such pieces gives: its entries, and how many lines were passed over.
fn entries(bytes: &[u8], piece: usize) -> (Vec<Entry>, u64) {
    let (sender, messages) = sync_channel(bytes.len() + 1);
    let mut lines = Lines { sender, wake: || (), number: 0, skipped: 0, batch: Vec::new() };
    assert!(lines.read("a list", Pieces(bytes, piece)).is_ok() && lines.flush().is_ok());
    let skipped = lines.skipped;
    drop(lines);
    let batches = messages.iter().flat_map(|message| match message {
        Message::Lines(entries) => entries,
        _ => panic!("only lines come from a list"),
    });
    (batches.collect(), skipped)
}

#[test]
fn fuzz_lists() {
    fuzz("input", &["\n", "\r\n", "#", "http://", "\u{feff}", " ", "\0"], |input| {
        let (found, skipped) = entries(input, usize::MAX);
        assert_eq!((&found, skipped), (&entries(input, 7).0, entries(input, 1).1));
        let lines = input.split(|&byte| byte == b'\n').count()
            - usize::from(input.last().is_none_or(|&b| b == b'\n'));
        assert_eq!(found.len() + skipped as usize, lines);
        let mut last = 0;
        for entry in &found {
            let (Entry::Fetch(line) | Entry::Unusable(line, _)) = entry;
            assert!(line.number > last && line.number <= lines as u64 && !line.url.contains('\n'));
            last = line.number;
        }
        let fetched = found.iter().filter(|entry| matches!(entry, Entry::Fetch(_))).count();
        (rough(found.len()), rough(fetched), rough(skipped as usize))
    });
}
