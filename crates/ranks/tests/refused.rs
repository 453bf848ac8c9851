//! What does not compile, and what the compiler says. `TRYBUILD=overwrite` writes the answers anew.
//!
//! The wording is that of rustc 1.95.0; where another one says it differently, write it anew and compare.

#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/refused/*.rs");
}
