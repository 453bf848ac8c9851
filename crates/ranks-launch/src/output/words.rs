//! What a rank wrote last, for the report of its end: between its last line and the report may stand those of others.

use ranks_shm::job::NEVER_RECEIVED;

/// Bytes of the stream's end that are kept: the backtrace of a panic may stand behind its message.
const TAIL: usize = 16 << 10;

/// Characters of a line that are shown.
const SHOWN: usize = 200;

/// The end of a stream.
#[derive(Default)]
pub struct Words(Vec<u8>);

impl Words {
    /// More of the stream.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        if self.0.len() > 2 * TAIL {
            self.0.drain(..self.0.len() - TAIL);
        }
    }

    /// The last line that says something, without what a terminal would act on.
    pub fn last(&self) -> Option<String> {
        // Behind a panic's message stands a hint on how to see more.
        // What a rank has not received as it finalises is no reason to fail.
        let says = |line: &&[u8]| {
            !line.trim_ascii().is_empty() && !line.starts_with(b"note: ") && !is_about_messages(line)
        };
        let lines: Vec<&[u8]> = self.0.split(|&b| b == b'\n').filter(says).collect();
        let backtrace = lines.iter().rposition(|line| line.starts_with(b"stack backtrace:"));
        let end = backtrace.filter(|&at| lines[at + 1..].iter().all(|line| is_frame(line)));
        let line = lines[..end.unwrap_or(lines.len())].last()?;
        let text = String::from_utf8_lossy(line.trim_ascii());
        Some(text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect())
    }
}

impl Words {
    /// True when the last line is about messages that were not received: the words before it may be far above.
    pub fn end_with_messages(&self) -> bool {
        let mut lines = self.0.rsplit(|&b| b == b'\n').filter(|line| !line.trim_ascii().is_empty());
        lines.next().is_some_and(is_about_messages)
    }
}

/// True for a line of a backtrace, as in `  12: main::inner` and `      at ./src/main.rs:3:5`.
fn is_frame(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|letter| letter.is_ascii_digit()).count();
    line.starts_with(b"at ") || digits > 0 && line[digits..].starts_with(b": ")
}

/// The line about messages that a rank never received.
fn is_about_messages(line: &[u8]) -> bool {
    let words = NEVER_RECEIVED.as_bytes();
    line.starts_with(b"ranks: rank ") && line.windows(words.len()).any(|part| part == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_of(pieces: &[&str]) -> Option<String> {
        let mut words = Words::default();
        pieces.iter().for_each(|piece| words.hear(piece.as_bytes()));
        words.last()
    }

    #[test]
    fn the_last_line_that_says_something() {
        assert_eq!(last_of(&[]), None);
        assert_eq!(last_of(&["\n \n"]), None);
        assert_eq!(last_of(&["one\ntw", "o\n", "\n"]).as_deref(), Some("two"));
        assert_eq!(last_of(&["one\n", "half a li", "ne"]).as_deref(), Some("half a line"));
        assert_eq!(last_of(&["boom\nnote: run with more\n"]).as_deref(), Some("boom"));
        let unreceived = "ranks: rank 1 finalises with 1 message that it never received: from rank 0";
        assert_eq!(last_of(&["boom\n", unreceived, "\n"]).as_deref(), Some("boom"));
        let mut words = Words::default();
        words.hear(b"boom\n");
        assert!(!words.end_with_messages());
        words.hear(format!("{unreceived}\n").as_bytes());
        assert!(words.end_with_messages());
        assert_eq!(last_of(&["\u{1b}[2Jred\n"]).as_deref(), Some("[2Jred"));
    }

    #[test]
    fn a_backtrace_does_not_stand_before_its_reason() {
        let trace = "stack backtrace:\n   0: one\n             at ./a.rs:1:2\n  11: two\nnote: more\n";
        assert_eq!(last_of(&["thread 'main' panicked at a.rs:\nboom\n", trace]).as_deref(), Some("boom"));
        assert_eq!(last_of(&["boom\n", trace, "later\n"]).as_deref(), Some("later"));
    }

    #[test]
    fn long_output_is_not_kept() {
        let long = "x".repeat(100_000);
        assert_eq!(last_of(&[&long, "\n", &long, "\nend\n"]).as_deref(), Some("end"));
        assert_eq!(last_of(&[&long]).map(|line| line.len()), Some(SHOWN));
        let mut words = Words::default();
        (0..1000).for_each(|_| words.hear(&long.as_bytes()[..30_000]));
        assert!(words.0.capacity() < 8 * TAIL);
    }
}
