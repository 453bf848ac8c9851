//! `crates/libmpi/include/mpi.h` is made from the table, so that C programs are compiled for what the library has:
//! `RANKS_BLESS=1 cargo test -p ranks-mpi` writes it anew. The other tests compile it, where there is a C compiler.

mod compiled;
mod constants;

use constants::{SAME_TYPES, SECTIONS, TYPES};
use ranks_mpi::abi::Abi;
use ranks_mpi::datatype::BASIC;
use ranks_mpi::failure;
use ranks_mpi::mpich::Mpich;
use ranks_mpi::table::{CHAPTERS, Row};
use std::fmt::Write;

const HEAD: &str = "\
/* mpi.h: MPI 5.0 in C, for libmpi.so.12 of ranks, whose ABI is that of MPICH.
 *
 * Made from the table of functions in crates/ranks-mpi; not edited by hand.
 */
#ifndef MPI_INCLUDED
#define MPI_INCLUDED
/* Tells programs whose header this is. */
#define RANKS_MPI 1

#ifdef __cplusplus
extern \"C\" {
#endif

";
const FOOT: &str = "
#ifdef __cplusplus
}
#endif

#endif
";

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Int,
    Large,
}

/// A word of the table that is no pointer, in C.
fn word(row: &Row, argument: &str, word: &str, form: Form) -> String {
    let large = form == Form::Large;
    let of = |what: &str| {
        // Functions of old names are about communicators, and have types of their own.
        let object = row.name.split('_').next().unwrap_or_default();
        format!("MPI_{object}_{what} *")
    };
    let fixed = match word {
        "c_int" if argument == "f2c" => "MPI_Fint",
        "c_int" => "int",
        "Count" | "Displacement" if !large => "int",
        "Extent" if !large => "MPI_Aint",
        "Count" | "Extent" | "LargeCount" => "MPI_Count",
        "Displacement" => "MPI_Aint",
        "c_void" => "void",
        "c_char" => "char",
        "f64" => "double",
        "Option<ReduceFunction>" if large => "MPI_User_function_c *",
        "Option<ReduceFunction>" => "MPI_User_function *",
        "Option<CopyFunction>" if row.name == "Keyval_create" => "MPI_Copy_function *",
        "Option<DeleteFunction>" if row.name == "Keyval_create" => "MPI_Delete_function *",
        "Option<CopyFunction>" => return of("copy_attr_function"),
        "Option<DeleteFunction>" => return of("delete_attr_function"),
        "Option<HandlerFunction>" if row.name == "Errhandler_create" => "MPI_Comm_errhandler_function *",
        "Option<HandlerFunction>" => return of("errhandler_function"),
        "Option<QueryFunction>" => "MPI_Grequest_query_function *",
        "Option<FreeFunction>" => "MPI_Grequest_free_function *",
        "Option<CancelFunction>" => "MPI_Grequest_cancel_function *",
        "Option<Callback>" if argument.contains("extent") => "MPI_Datarep_extent_function *",
        "Option<Callback>" if large => "MPI_Datarep_conversion_function_c *",
        "Option<Callback>" => "MPI_Datarep_conversion_function *",
        "Status" if argument.starts_with("f08") => "MPI_F08_status",
        "Status" if argument.starts_with("f_") => "MPI_Fint",
        "Aint" | "Offset" | "Comm" | "Group" | "Datatype" | "Op" | "Errhandler" | "Request" | "Message"
        | "Info" | "Win" | "Session" | "File" | "Status" => return format!("MPI_{word}"),
        other => panic!("{}: the header has no C for {other}", row.name),
    };
    fixed.to_owned()
}

/// An argument in C.
fn argument(row: &Row, name: &str, words: &str, form: Form) -> String {
    // How the compiler writes types as text is its own affair: with or without spaces.
    let words = words.replace(' ', "");
    if words == "*mut[c_int;3]" {
        return format!("int {name}[][3]");
    }
    let mut rest = words.as_str();
    let mut stars = String::new();
    let mut constant = "";
    loop {
        if let Some(target) = rest.strip_prefix("*const") {
            (constant, rest) = ("const ", target);
        } else if let Some(target) = rest.strip_prefix("*mut") {
            rest = target;
        } else {
            break;
        }
        stars.push('*');
    }
    let target =
        word(row, if row.name.ends_with("_f2c") && rest == "c_int" { "f2c" } else { name }, rest, form);
    let space = if target.ends_with('*') { "" } else { " " };
    format!("{constant}{target}{space}{stars}{name}")
}

/// `MPI_X` and `PMPI_X`.
fn prototypes(row: &Row, form: Form) -> String {
    let mut arguments: Vec<String> =
        row.arguments.iter().map(|(name, words)| argument(row, name, words, form)).collect();
    if row.name == "Pcontrol" {
        // Fixed arguments inside: those after the level are nobody's business.
        arguments = vec!["const int level".into(), "...".into()];
    }
    if arguments.is_empty() {
        arguments.push("void".into());
    }
    let result = match row.name.ends_with("_c2f") && row.result == "c_int" && row.arguments.len() == 1 {
        true => "MPI_Fint".to_owned(),
        false => word(row, "", row.result, form),
    };
    let suffix = if form == Form::Large { "_c" } else { "" };
    let (name, arguments) = (row.name, arguments.join(", "));
    format!("{result} MPI_{name}{suffix}({arguments});\n{result} PMPI_{name}{suffix}({arguments});\n")
}

/// All functions, by chapter.
fn functions() -> String {
    let mut text = String::new();
    for (chapter, rows) in CHAPTERS {
        let _ = write!(text, "\n/* {chapter} */\n");
        for row in *rows {
            text.push_str(&prototypes(row, Form::Int));
            if row.support.is_large() {
                text.push_str(&prototypes(row, Form::Large));
            }
        }
    }
    text
}

/// All constants with their values, by section.
fn sections() -> Vec<(&'static str, Vec<(String, String)>)> {
    let parsed = |lines: &'static str| {
        let pairs = lines.lines().map(|line| line.trim().split_once(' ').expect("name and value"));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = SECTIONS.iter().map(|(heading, lines)| (*heading, parsed(lines))).collect();
    let mut types: Vec<_> = BASIC
        .iter()
        .map(|basic| (basic.name.to_owned(), format!("((MPI_Datatype){:#010x})", basic.mpich)))
        .collect();
    types.extend(parsed(SAME_TYPES));
    all.push(("Predefined datatypes", types));
    let mut classes: Vec<_> = (0..128)
        .filter_map(|class| failure::describe(class).map(|(name, _)| (name.to_owned(), class.to_string())))
        .collect();
    classes.push(("MPI_ERR_LASTCODE".to_owned(), format!("{:#x}", Mpich::LAST_CODE)));
    all.push(("Error classes", classes));
    all
}

fn header() -> String {
    let mut text = String::from(HEAD);
    text.push_str(TYPES);
    for (heading, constants) in sections() {
        let _ = write!(text, "\n/* {heading} */\n");
        for (name, value) in constants {
            let _ = writeln!(text, "#define {name} {value}");
        }
    }
    text.push_str(&functions());
    text.push_str(FOOT);
    text
}

#[test]
fn the_header_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../libmpi/include/mpi.h");
    let header = header();
    if std::env::var_os("RANKS_BLESS").is_some() {
        std::fs::write(path, &header).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == header,
        "crates/libmpi/include/mpi.h is not what the table says: RANKS_BLESS=1 cargo test -p ranks-mpi"
    );
}
