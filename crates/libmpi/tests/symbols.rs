//! What the library exports: exactly the table, and all that mpi4py needs to be loaded.

use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;

const MPI4PY: &str = include_str!("../symbols/mpi4py-4.1.2.txt");
const BESIDES: [&str; 11] = [
    "MPIR_Dup_fn",
    "MPIR_F08_MPI_STATUSES_IGNORE_OBJ",
    "MPIR_F08_MPI_STATUS_IGNORE_OBJ",
    "MPIR_fortran_false",
    "MPIR_fortran_true",
    "MPI_F08_STATUSES_IGNORE",
    "MPI_F08_STATUS_IGNORE",
    "MPI_F_STATUSES_IGNORE",
    "MPI_F_STATUS_IGNORE",
    "MPI_UNWEIGHTED",
    "MPI_WEIGHTS_EMPTY",
];

fn exported() -> BTreeSet<String> {
    // Cargo puts the library beside the tests that were built with it.
    let tests = std::env::current_exe().unwrap();
    let library = tests.parent().unwrap().join("libmpi.so");
    let bytes = std::fs::read(&library).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let file = object::File::parse(&*bytes).unwrap();
    let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    defined.map(|symbol| symbol.name().unwrap().to_string()).collect()
}

#[test]
fn mpi4py_finds_all_that_it_needs() {
    let exported = exported();
    let needed: Vec<_> = MPI4PY.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(needed.len(), 339);
    let missing: Vec<_> = needed.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_library_exports_the_table_and_nothing_else() {
    let mut expected: BTreeSet<String> = BESIDES.iter().map(|name| name.to_string()).collect();
    for name in ranks_mpi::table::names() {
        expected.insert(format!("P{name}"));
        expected.insert(name);
    }
    let exported = exported();
    let too_many: Vec<_> = exported.difference(&expected).collect();
    let too_few: Vec<_> = expected.difference(&exported).collect();
    assert!(too_many.is_empty() && too_few.is_empty(), "more: {too_many:?}, fewer: {too_few:?}");
}
