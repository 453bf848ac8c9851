//! What a rank says on standard error.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to standard error in one piece. `eprintln!` writes each part of it by itself: lines of several ranks would
/// mix, and of a rank that is ended meanwhile only the first words would be seen.
pub fn line(text: impl Display) {
    let whole = format!("{text}\n");
    // There is nobody to tell if this fails.
    let _ = std::io::stderr().write_all(whole.as_bytes());
}
