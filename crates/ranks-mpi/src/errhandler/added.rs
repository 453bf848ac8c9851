//! Error classes, codes and strings of the program: MPI 5.0 section 9.5.

use super::no_code;
use crate::abi::Abi;
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::failure::{ADDED, Failure, Result, class};
use crate::global::{self, Stage};
use crate::lasting;
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};

/// The first class that a program adds; as in MPICH.
const FIRST: c_int = ADDED + 129;

/// A class or code that the program added.
struct One {
    class: c_int,
    text: String,
}

/// All that the program added.
#[derive(Default)]
pub struct Added {
    known: BTreeMap<c_int, One>,
    /// How many were ever made: a number is not used twice.
    made: c_int,
}

impl Added {
    /// The class of an added code.
    pub fn class(&self, code: c_int) -> Option<c_int> {
        self.known.get(&code).map(|one| one.class)
    }

    /// What the program says of an added code.
    pub fn text(&self, code: c_int) -> Option<String> {
        self.known.get(&code).map(|one| one.text.clone())
    }

    /// The code that was added last, if any was.
    pub fn last(&self) -> Option<c_int> {
        (self.made > 0).then(|| FIRST + self.made - 1)
    }

    fn add(&mut self, class: Option<c_int>) -> c_int {
        let code = FIRST + self.made;
        self.made += 1;
        self.known.insert(code, One { class: class.unwrap_or(code), text: String::new() });
        code
    }

    fn remove(&mut self, code: c_int, is_class: bool) -> Result<()> {
        let what = if is_class { "class" } else { "code" };
        let wrong = |why: &str| Err(Failure::new(class::ARG, format!("error {what} {code} {why}")));
        match self.known.get(&code) {
            Some(one) if (one.class == code) == is_class && one.text.is_empty() => {}
            Some(one) if (one.class == code) == is_class => {
                return wrong("has a string: remove that first (MPI_Remove_error_string)");
            }
            _ => return wrong("was not added by this program"),
        }
        if is_class && self.known.iter().any(|(&other, one)| other != code && one.class == code) {
            return wrong("has codes: remove them first (MPI_Remove_error_code)");
        }
        self.known.remove(&code);
        Ok(())
    }
}

fn add(class: Option<c_int>) -> c_int {
    let code = lasting::with(|lasting| lasting.added.add(class));
    if global::stage() == Stage::Running {
        crate::attribute::set_last_used_code(code);
    }
    code
}

/// `MPI_Add_error_class`.
pub fn add_class<A: Abi>(_: &Call<A>, class: Out<c_int>) -> Result<()> {
    class.set(add(None))
}

/// `MPI_Add_error_code`.
pub fn add_code<A: Abi>(_: &Call<A>, class: c_int, code: Out<c_int>) -> Result<()> {
    code.set(add(Some(class)))
}

fn set_text(code: c_int, text: String) -> Result<()> {
    lasting::with(|lasting| match lasting.added.known.get_mut(&code) {
        Some(one) => {
            one.text = text;
            Ok(())
        }
        None => Err(no_code(code)),
    })
}

/// `MPI_Add_error_string`.
pub fn add_string<A: Abi>(_: &Call<A>, code: c_int, text: In<c_char>) -> Result<()> {
    set_text(code, text.text()?)
}

/// `MPI_Remove_error_class`.
pub fn remove_class<A: Abi>(_: &Call<A>, class: c_int) -> Result<()> {
    lasting::with(|lasting| lasting.added.remove(class, true))
}

/// `MPI_Remove_error_code`.
pub fn remove_code<A: Abi>(_: &Call<A>, code: c_int) -> Result<()> {
    lasting::with(|lasting| lasting.added.remove(code, false))
}

/// `MPI_Remove_error_string`.
pub fn remove_string<A: Abi>(_: &Call<A>, code: c_int) -> Result<()> {
    set_text(code, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_goes_after_its_codes_and_its_string() {
        let mut added = Added::default();
        let class = added.add(None);
        let code = added.add(Some(class));
        assert_eq!((added.class(class), added.class(code)), (Some(class), Some(class)));
        assert!(added.remove(class, true).is_err() && added.remove(code, true).is_err());
        added.known.get_mut(&code).unwrap().text = "why".into();
        assert!(added.remove(code, false).is_err());
        added.known.get_mut(&code).unwrap().text.clear();
        added.remove(code, false).unwrap();
        added.remove(class, true).unwrap();
        assert!(added.remove(class, true).is_err());
        assert!(added.add(None) > code);
    }
}
