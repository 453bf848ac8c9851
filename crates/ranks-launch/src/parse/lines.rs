//! A file of programs: on each line one with its options, as between `:` on a command line.

use super::{UsageError, wrong};
use std::ffi::OsString;

/// The words of each program, and the line it begins at. `#` begins a comment, a backslash at the end joins two lines, quotes keep blanks together.
pub fn parts(text: &str) -> Result<Vec<(usize, Vec<OsString>)>, UsageError> {
    let mut parts = vec![];
    let mut words: Vec<OsString> = vec![];
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    let (mut number, mut first) = (1, 1);
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => {
                words.extend(word.take().map(OsString::from));
                parts.push((first, std::mem::take(&mut words)));
                number += 1;
                first = number;
            }
            '\'' | '"' => {
                let began = number;
                let inside = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        None => return wrong(format!("line {began}: a quote {letter} is not closed")),
                        Some(next) if next == letter => break,
                        Some('\\') if letter == '"' => inside.extend(letters.next()),
                        Some(next) => {
                            number += usize::from(next == '\n');
                            inside.push(next);
                        }
                    }
                }
            }
            '\\' => match letters.next() {
                Some('\n') => number += 1,
                next => word.get_or_insert_default().extend(next),
            },
            '#' if word.is_none() => {
                while letters.clone().next().is_some_and(|next| next != '\n') {
                    letters.next();
                }
            }
            _ if letter.is_whitespace() => words.extend(word.take().map(OsString::from)),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word.map(OsString::from));
    parts.push((first, words));
    let split = parts.into_iter().filter(|(_, words)| !words.is_empty());
    Ok(split
        .flat_map(|(line, words)| {
            words.split(|word| word == ":").map(|part| (line, part.to_vec())).collect::<Vec<_>>()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_quotes_and_comments() {
        let text = "# all\n-n 1 a 'b c' \"d\\\"e\" # end\n\n  -n 2 \\\n x#y \\  : z ''\n-n 3 last";
        let (lines, words): (Vec<usize>, Vec<Vec<String>>) = parts(text)
            .unwrap()
            .into_iter()
            .map(|(line, words)| (line, words.into_iter().map(|word| word.into_string().unwrap()).collect()))
            .unzip();
        assert_eq!(lines, [2, 4, 4, 6]);
        let wanted = [
            vec!["-n", "1", "a", "b c", "d\"e"],
            vec!["-n", "2", "x#y", " "],
            vec!["z", ""],
            vec!["-n", "3", "last"],
        ];
        assert_eq!(words, wanted);
        assert_eq!(parts("\n # nothing\n").unwrap(), vec![]);
        assert!(parts("a\nb 'c\n\nd").unwrap_err().0.contains("line 2: a quote ' is not closed"));
    }
}
