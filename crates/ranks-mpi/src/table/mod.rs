//! Every function of the library, once: name, arguments, and what does the work.
//!
//! A chapter is a macro that hands its functions to another macro, in five sections:
//!
//! | section | what it holds |
//! |---|---|
//! | `anytime` | functions that may be called before `MPI_Init` and after `MPI_Finalize` |
//! | `running` | functions that need MPI to run |
//! | `collectives` | collectives, a row for the three forms of each: the names of the blocking, the nonblocking and the persistent function, and the arguments of the blocking one |
//! | `plain` | functions that give a value and cannot fail |
//! | `unsupported` | functions that exist so that programs load, and say that they are not there yet |
//!
//! `one` says that there is only the int form; `both`, that there is a `_c` form too, whose arguments of type
//! `Count` (int), `Displacement` (int) and `Extent` (`MPI_Aint`) are `MPI_Count` or `MPI_Aint`. Names of
//! types are those of the ABI that [`crate::exports`] is used in.
//!
//! A function whose `_c` form is not listed is found by mpi4py in its int form; listing one that does not work
//! while its int form does would be worse than leaving it out. Two tables more have the functions that are not
//! the standard's ([`EXTENSIONS`]).

mod collective;
mod comm;
mod datatype;
mod dynamic;
mod extension;
mod file;
mod fortran;
mod info;
mod init;
mod op;
mod p2p;
mod request;
mod session;
mod topology;
mod window;

/// Hands every chapter to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! functions {
    ($with:ident) => {
        $crate::init_functions!($with);
        $crate::p2p_functions!($with);
        $crate::request_functions!($with);
        $crate::datatype_functions!($with);
        $crate::collective_functions!($with);
        $crate::op_functions!($with);
        $crate::comm_functions!($with);
        $crate::topology_functions!($with);
        $crate::session_functions!($with);
        $crate::info_functions!($with);
        $crate::dynamic_functions!($with);
        $crate::window_functions!($with);
        $crate::file_functions!($with);
    };
}

/// How much of a function there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Works,
    /// It works, and so does its `_c` form.
    WorksLarge,
    /// It exists and says that it is not supported.
    Unsupported,
    /// It and its `_c` form exist and say that they are not supported.
    UnsupportedLarge,
}

impl Support {
    /// True if there is a `_c` form.
    pub fn is_large(self) -> bool {
        matches!(self, Support::WorksLarge | Support::UnsupportedLarge)
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name, without `MPI_`.
    pub name: &'static str,
    /// How much of it there is.
    pub support: Support,
    /// The type of what it gives back.
    pub result: &'static str,
    /// Its arguments: name and type, with the words of the table.
    pub arguments: &'static [(&'static str, &'static str)],
}

macro_rules! rows {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $_ai:path;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $_ri:path;)* }
        collectives { $($form:ident $blocking:ident $nonblocking:ident $persistent:ident ($($ca:ident: $ct:ty),*) = $_ci:path;)* }
        plain { $($plain:ident ($($pa:ident: $pt:ty),*) -> $result:ty = $_pi:path;)* }
        unsupported { $($none_form:ident $none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        &[
            $(rows!(row $any, rows!(@ $any_form), "c_int", $($aa: $at),*),)*
            $(rows!(row $run, rows!(@ $run_form), "c_int", $($ra: $rt),*),)*
            $(rows!(row $blocking, rows!(@ $form), "c_int", $($ca: $ct),*),)*
            $(rows!(row $nonblocking, rows!(@ $form), "c_int", $($ca: $ct,)* request: *mut Request),)*
            $(rows!(row $persistent, rows!(@ $form), "c_int", $($ca: $ct,)* info: Info, request: *mut Request),)*
            $(rows!(row $plain, Support::Works, stringify!($result), $($pa: $pt),*),)*
            $(rows!(row $none, rows!(@ unsupported $none_form), "c_int", $($na: $nt),*),)*
        ]
    };
    (row $name:ident, $support:expr, $result:expr, $($arg:ident: $type:ty),*) => {
        Row {
            name: stringify!($name),
            support: $support,
            result: $result,
            arguments: &[$((stringify!($arg), stringify!($type))),*],
        }
    };
    (@ unsupported one) => { Support::Unsupported };
    (@ unsupported both) => { Support::UnsupportedLarge };
    (@ one) => { Support::Works };
    (@ both) => { Support::WorksLarge };
}

/// The table as values, by chapter: for the coverage table and the tests.
pub const CHAPTERS: &[(&str, &[Row])] = &[
    ("Beginning, ending, environment", crate::init_functions!(rows)),
    ("Point-to-point communication", crate::p2p_functions!(rows)),
    ("Requests and statuses", crate::request_functions!(rows)),
    ("Datatypes", crate::datatype_functions!(rows)),
    ("Collective communication", crate::collective_functions!(rows)),
    ("Reduction operations", crate::op_functions!(rows)),
    ("Groups, communicators, attributes, error handlers", crate::comm_functions!(rows)),
    ("Process topologies", crate::topology_functions!(rows)),
    ("Sessions", crate::session_functions!(rows)),
    ("Info objects, and handles as integers", crate::info_functions!(rows)),
    ("Processes that come later", crate::dynamic_functions!(rows)),
    ("One-sided communication", crate::window_functions!(rows)),
    ("Files", crate::file_functions!(rows)),
];

/// What there is besides the standard: the prefix of the names, what it is, and the functions.
pub const EXTENSIONS: &[(&str, &str, &[Row])] = &[
    ("MPIX_", "MPICH's extensions", crate::extension_functions!(rows)),
    ("MPII_", "What MPICH's Fortran wrappers call besides", crate::fortran_functions!(rows)),
];

/// Names of all exported functions but the profiling names, in both forms.
pub fn names() -> Vec<String> {
    let standard = CHAPTERS.iter().map(|(_, rows)| ("MPI_", *rows));
    let all = standard.chain(EXTENSIONS.iter().map(|(prefix, _, rows)| (*prefix, *rows)));
    let mut names = Vec::new();
    for (prefix, row) in all.flat_map(|(prefix, rows)| rows.iter().map(move |row| (prefix, row))) {
        names.push(format!("{prefix}{}", row.name));
        if row.support.is_large() {
            names.push(format!("{prefix}{}_c", row.name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_there_once() {
        let mut names = names();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(all > 400, "{all}");
    }
}
