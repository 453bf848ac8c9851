//! Errors on their way to C: class, text, and the codes that stand for them.
//!
//! The class is the low seven bits of a code, as in MPICH. The bits above number the error, so that
//! `MPI_Error_string` of a recent code can tell what happened, not only what kind of thing.

use ranks_engine::{Error, Received};
use std::collections::VecDeque;
use std::ffi::c_int;

/// The result of an MPI function.
pub type Result<T> = std::result::Result<T, Failure>;

macro_rules! classes {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// The error classes, with MPICH's numbers.
        #[allow(missing_docs)]
        pub mod class {
            use std::ffi::c_int;
            $(pub const $name: c_int = $code;)*
        }

        /// Name and meaning of a class.
        pub fn describe(class: c_int) -> Option<(&'static str, &'static str)> {
            match class {
                0 => Some(("MPI_SUCCESS", "no error")),
                $($code => Some((concat!("MPI_ERR_", stringify!($name)), $text)),)*
                101 => Some(("MPIX_ERR_PROC_FAILED", "a rank has ended")),
                102 => Some(("MPIX_ERR_PROC_FAILED_PENDING", "a rank that could match has ended")),
                103 => Some(("MPIX_ERR_REVOKED", "the communicator is revoked")),
                _ => None,
            }
        }
    };
}

classes! {
    BUFFER = 1, "invalid buffer";
    COUNT = 2, "invalid count";
    TYPE = 3, "invalid datatype";
    TAG = 4, "invalid tag";
    COMM = 5, "invalid communicator";
    RANK = 6, "invalid rank";
    ROOT = 7, "invalid root";
    GROUP = 8, "invalid group";
    OP = 9, "invalid reduction operation";
    TOPOLOGY = 10, "invalid topology";
    DIMS = 11, "invalid dimensions";
    ARG = 12, "invalid argument";
    UNKNOWN = 13, "unknown error";
    TRUNCATE = 14, "message longer than the receive buffer";
    OTHER = 15, "other error";
    INTERN = 16, "internal error";
    IN_STATUS = 17, "error code in status";
    PENDING = 18, "pending request";
    REQUEST = 19, "invalid request";
    ACCESS = 20, "permission denied";
    AMODE = 21, "invalid access mode";
    BAD_FILE = 22, "invalid file name";
    CONVERSION = 23, "error in a data conversion function";
    DUP_DATAREP = 24, "data representation defined twice";
    FILE_EXISTS = 25, "file exists";
    FILE_IN_USE = 26, "file in use";
    FILE = 27, "invalid file handle";
    INFO = 28, "invalid info object";
    INFO_KEY = 29, "invalid info key";
    INFO_VALUE = 30, "invalid info value";
    INFO_NOKEY = 31, "no such info key";
    IO = 32, "input or output failed";
    NAME = 33, "service name not published";
    NO_MEM = 34, "out of memory";
    NOT_SAME = 35, "collective argument differs between ranks";
    NO_SPACE = 36, "no space left";
    NO_SUCH_FILE = 37, "no such file";
    PORT = 38, "invalid port";
    QUOTA = 39, "quota exceeded";
    READ_ONLY = 40, "read-only file or file system";
    SERVICE = 41, "invalid service name";
    SPAWN = 42, "could not start processes";
    UNSUPPORTED_DATAREP = 43, "unsupported data representation";
    UNSUPPORTED_OPERATION = 44, "unsupported operation";
    WIN = 45, "invalid window";
    BASE = 46, "invalid base address";
    LOCKTYPE = 47, "invalid lock type";
    KEYVAL = 48, "invalid attribute key";
    RMA_CONFLICT = 49, "conflicting accesses to a window";
    RMA_SYNC = 50, "wrong synchronisation of a window";
    SIZE = 51, "invalid size";
    DISP = 52, "invalid displacement";
    ASSERT = 53, "invalid assertion";
    RMA_RANGE = 55, "outside of the window";
    RMA_ATTACH = 56, "memory cannot be attached";
    RMA_SHARED = 57, "memory cannot be shared";
    RMA_FLAVOR = 58, "wrong flavour of window";
    SESSION = 75, "invalid session";
    PROC_ABORTED = 76, "a rank has aborted";
    VALUE_TOO_LARGE = 77, "value too large to store";
    ERRHANDLER = 80, "invalid error handler";
    ABI = 81, "wrong use of the ABI functions";
}

/// Bits of a code that are the class.
const CLASS_BITS: u32 = 7;
/// Set in the codes and classes that a program adds.
pub const ADDED: c_int = 0x4000_0000;
/// How many of the last errors are remembered in words.
const REMEMBERED: usize = 64;

/// What went wrong in an MPI function.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The class, or a code that the program itself made.
    pub class: c_int,
    /// What happened.
    pub text: String,
    /// The other rank, in the communicator, or `MPI_ANY_SOURCE` as the engine has it.
    pub peer: Option<c_int>,
    /// The tag, or `MPI_ANY_TAG` as the engine has it.
    pub tag: Option<c_int>,
    /// What is known of the message whose receive failed.
    pub received: Option<Received>,
}

impl Failure {
    /// An error of `class`.
    #[cold]
    pub fn new(class: c_int, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), peer: None, tag: None, received: None }
    }
}

impl From<Error> for Failure {
    #[cold]
    fn from(error: Error) -> Self {
        Self {
            class: error.class().code(),
            text: error.detail().into(),
            peer: error.peer_rank(),
            tag: error.tag_value(),
            received: error.received(),
        }
    }
}

/// The class of a code.
pub fn class_of(code: c_int) -> c_int {
    if code & ADDED != 0 { code } else { code & ((1 << CLASS_BITS) - 1) }
}

/// What the last errors were, in words.
#[derive(Default)]
pub struct Recent {
    serial: c_int,
    texts: VecDeque<(c_int, String)>,
}

impl Recent {
    /// The code that stands for this error from now on.
    pub fn code(&mut self, class: c_int, text: String) -> c_int {
        // A code that the program made, or one that has been through here already.
        if class >> CLASS_BITS != 0 {
            return class;
        }
        // 22 bits of serial, never 0: a code that is a bare class has no story.
        self.serial = if self.serial == (1 << 22) - 1 { 1 } else { self.serial + 1 };
        let code = class | self.serial << CLASS_BITS;
        if self.texts.len() == REMEMBERED {
            self.texts.pop_front();
        }
        self.texts.push_back((code, text));
        code
    }

    /// What happened, if that is still known.
    pub fn text(&self, code: c_int) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == code).map(|(_, text)| text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_agree_with_the_engine() {
        for class in ranks_engine::Class::ALL {
            let (name, _) = describe(class.code()).unwrap();
            assert_eq!(name, class.name());
        }
    }

    #[test]
    fn codes_keep_class_and_story() {
        let mut recent = Recent::default();
        let code = recent.code(class::TRUNCATE, "too long".into());
        assert_ne!(code, class::TRUNCATE);
        assert_eq!(class_of(code), class::TRUNCATE);
        assert_eq!(recent.text(code), Some("too long"));
        for n in 0..REMEMBERED {
            recent.code(class::ARG, n.to_string());
        }
        assert_eq!(recent.text(code), None);
        assert!(code < 0x3fff_ffff);
    }
}
