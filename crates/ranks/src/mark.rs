//! Marks: what a message of a buffer says of the type of its elements.
//!
//! A mark costs nothing: it travels in bits of the message's head that were free. It follows the standard's type
//! signatures (MPI 5.0, section 3.3.1): an array, a tuple or a struct of numbers of one kind has the mark of that
//! kind, so it may be received as a plain row of them. A struct of several kinds has a mark made of theirs.
//! Bytes (`u8`) have none, as they may be a part of anything; messages of C and Python programs have none either.

use crate::Equivalence;
use crate::communicator::Status;

/// Says nothing of a type.
pub(crate) const NONE: u16 = 0;

/// An object that serde has serialised.
pub(crate) const OBJECT: u16 = 15;

/// Marks below are those of kinds that have a name.
const NAMED: u16 = 16;

const NAMES: [&str; NAMED as usize] = [
    "",
    "u16",
    "u32",
    "u64",
    "u128",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "f32",
    "f64",
    "bool",
    "char",
    "",
    "an object",
];

/// The mark of a named kind of number.
pub(crate) const fn of(name: &str) -> u16 {
    let name = match name.as_bytes() {
        // Numbers of the machine's word are numbers of 64 bits: the crate is for such machines alone.
        b"usize" => b"u64",
        b"isize" => b"i64",
        name => name,
    };
    let mut mark = 1;
    while mark < NAMED {
        if equal(NAMES[mark as usize].as_bytes(), name) {
            return mark;
        }
        mark += 1;
    }
    NONE
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The mark of a struct or a tuple of these fields: their marks and their sizes in bytes. Fields of no bytes do
/// not count.
#[doc(hidden)]
pub const fn of_fields(marks: &[u16], sizes: &[usize]) -> u16 {
    let (mut first, mut same) = (None, true);
    // FNV-1a.
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < marks.len() {
        if sizes[at] > 0 {
            match first {
                None => first = Some(marks[at]),
                Some(first) => same = same && first == marks[at],
            }
            hash = (hash ^ marks[at] as u32).wrapping_mul(0x0100_0193);
            hash = (hash ^ sizes[at] as u32).wrapping_mul(0x0100_0193);
        }
        at += 1;
    }
    match first {
        None => NONE,
        Some(first) if same => first,
        Some(_) => NAMED + ((hash ^ (hash >> 16)) % ((1 << ranks_engine::MARK_BITS) - NAMED as u32)) as u16,
    }
}

/// What a mark says, in words.
pub(crate) fn name(mark: u16) -> &'static str {
    match NAMES.get(usize::from(mark)) {
        Some(name) if !name.is_empty() => name,
        _ => "values of several kinds",
    }
}

/// Why a message is no row of values of this type, if it is none.
#[inline(always)]
pub(crate) fn mismatch<T: Equivalence>(status: Status) -> Option<String> {
    let fits = T::MARK == NONE || status.mark == NONE || status.mark == T::MARK;
    (!fits || !status.bytes.is_multiple_of(size_of::<T>())).then(|| reason::<T>(status, fits))
}

#[cold]
fn reason<T>(status: Status, fits: bool) -> String {
    let (bytes, wanted) = (status.bytes, std::any::type_name::<T>());
    if fits {
        format!("a message of {bytes} bytes is no whole number of {wanted} of {} bytes", size_of::<T>())
    } else {
        format!("{} was sent, and {wanted} is to be received", name(status.mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_one_signature_have_one_mark() {
        assert_eq!(<[f64; 3]>::MARK, f64::MARK);
        assert_eq!(<(f64, [f64; 2])>::MARK, f64::MARK);
        assert_eq!(usize::MARK, u64::MARK);
        assert_eq!((u8::MARK, <[u8; 7]>::MARK, <() as Probe>::MARK), (NONE, NONE, NONE));
        let all = [
            u16::MARK,
            u32::MARK,
            u64::MARK,
            u128::MARK,
            i8::MARK,
            i16::MARK,
            i32::MARK,
            i64::MARK,
            i128::MARK,
            f32::MARK,
            f64::MARK,
            bool::MARK,
            char::MARK,
            OBJECT,
            <(f64, i32)>::MARK,
            <(i32, f64)>::MARK,
            <(u8, u32)>::MARK,
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(
                *one != NONE && *one < 1 << ranks_engine::MARK_BITS && !all[..at].contains(one),
                "{all:?}"
            );
        }
        assert_eq!((name(f32::MARK), name(<(f64, i32)>::MARK)), ("f32", "values of several kinds"));
    }

    trait Probe {
        const MARK: u16;
    }

    impl Probe for () {
        const MARK: u16 = of_fields(&[], &[]);
    }
}
