//! `docs/mpi-functions.md` says what the table says. `RANKS_BLESS=1 cargo test -p ranks-mpi` writes it anew.

use ranks_mpi::table::{CHAPTERS, EXTENSIONS, Row, Support};
use std::fmt::Write;

fn page() -> String {
    let all = || CHAPTERS.iter().flat_map(|(_, rows)| rows.iter());
    let with = |support| all().filter(|row| row.support == support).count();
    let (one, both) = (with(Support::Works), with(Support::WorksLarge));
    let none = with(Support::Unsupported) + with(Support::UnsupportedLarge);
    let mut page = format!(
        "# MPI functions of libmpi.so.12\n\n\
         Of {} functions {} work, {both} of these with large counts (`_c`) too; {none} exist so that programs load,\n\
         and return MPI_ERR_UNSUPPORTED_OPERATION. Each has its profiling name (`PMPI_`). This page is made from\n\
         the table in `crates/ranks-mpi/src/table/`; a test compares them.\n",
        one + both + none,
        one + both,
    );
    for (chapter, rows) in CHAPTERS {
        let _ = write!(page, "\n## {chapter}\n\n");
        if *chapter == "One-sided communication" {
            page += "These calls reach the rank's own memory alone; with another rank they return\n\
                     MPI_ERR_UNSUPPORTED_OPERATION: see [what works in part](abi.md#what-works-in-part).\n\n";
        }
        list(&mut page, rows);
    }
    for (prefix, what, rows) in EXTENSIONS {
        let _ = write!(page, "\n## {what} (`{prefix}`)\n\n");
        list(&mut page, rows);
    }
    page
}

/// Lists a chapter's functions by how much of them there is.
fn list(page: &mut String, rows: &[Row]) {
    for (support, title) in [
        (Support::WorksLarge, "Work, with large counts too"),
        (Support::Works, "Work"),
        (Support::UnsupportedLarge, "Not yet, nor with large counts"),
        (Support::Unsupported, "Not yet"),
    ] {
        let names = rows.iter().filter(|row| row.support == support).map(|row| row.name);
        let names = names.collect::<Vec<_>>().join(", ");
        if !names.is_empty() {
            let _ = writeln!(page, "- {title}: {names}.");
        }
    }
}

#[test]
fn the_page_of_functions_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mpi-functions.md");
    let page = page();
    if std::env::var_os("RANKS_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page,
        "docs/mpi-functions.md is not what the table says: RANKS_BLESS=1 cargo test -p ranks-mpi"
    );
}
