//! Colours of the table, for a person who reads it on a terminal.

use std::fmt::Display;

use crate::record::Record;

/// Whether a table on standard output is in colour: if that is a terminal that knows colours, unless the user said
/// otherwise.
///
/// `NO_COLOR` and `CLICOLOR=0` turn colours off; `CLICOLOR_FORCE` turns them on, wherever the table goes.
pub(super) fn wanted(terminal: bool) -> bool {
    choose(|name| std::env::var(name).ok(), terminal)
}

fn choose(variable: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    let able = set("TERM").is_some_and(|kind| kind != "dumb");
    terminal && able && set("CLICOLOR").is_none_or(|value| value != "0")
}

/// A colour, as the number that a terminal knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Bold = 1,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}

impl Colour {
    /// The colour of a status: each class has its own. No answer looks like an error of the server.
    pub(super) fn of(status: Option<u16>) -> Colour {
        match status {
            Some(100..=299) => Colour::Green,
            Some(300..=399) => Colour::Cyan,
            Some(400..=499) => Colour::Yellow,
            _ => Colour::Red,
        }
    }

    /// The colour of a record's status. An error makes it red where the status alone would look good.
    pub(super) fn of_record(record: &Record) -> Colour {
        match Colour::of(record.status) {
            Colour::Green if record.error.is_some() => Colour::Red,
            colour => colour,
        }
    }

    /// The text between the codes that begin and end this colour; the text alone if there are to be no colours.
    pub(super) fn paint(self, on: bool, text: impl Display) -> String {
        if on { format!("\x1b[{}m{text}\x1b[0m", self as u8) } else { text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_have_colours_unless_the_user_says_otherwise() {
        let said = |words: &'static str, terminal| {
            let find = |name: &str| {
                let pairs = words.split_whitespace().filter_map(|word| word.split_once('='));
                pairs.filter(|pair| pair.0 == name).map(|pair| pair.1.to_owned()).next()
            };
            choose(find, terminal)
        };
        assert!(said("TERM=xterm-256color", true));
        assert!(said("TERM=xterm NO_COLOR= CLICOLOR=1", true), "an empty NO_COLOR says nothing");
        for without in ["TERM=xterm NO_COLOR=1", "TERM=dumb", "", "TERM=xterm CLICOLOR=0"] {
            assert!(!said(without, true), "{without}");
        }
        assert!(!said("TERM=xterm", false), "a pipe");
        assert!(!said("TERM=xterm CLICOLOR_FORCE=0", false));
        assert!(said("TERM=dumb CLICOLOR_FORCE=1", false));
        assert!(!said("NO_COLOR=1 CLICOLOR_FORCE=1", true));
    }

    #[test]
    fn each_class_has_its_colour() {
        let statuses = [Some(200), Some(304), Some(404), Some(503), None, Some(999)];
        let colours = [Colour::Green, Colour::Cyan, Colour::Yellow, Colour::Red, Colour::Red, Colour::Red];
        assert_eq!(statuses.map(Colour::of), colours);
        assert_eq!(Colour::Green.paint(true, "200"), "\x1b[32m200\x1b[0m");
        assert_eq!(Colour::Green.paint(false, "200"), "200");
    }
}
