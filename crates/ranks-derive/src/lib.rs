//! The macros of the crate `ranks`, which exports them: `#[derive(Equivalence)]` and `#[ranks::test]`.
//!
//! | file | what it holds |
//! |---|---|
//! | `equivalence` | structs that are sent as they lie in memory |
//! | `test` | tests on real processes |

#![forbid(unsafe_code)]

mod equivalence;
mod test;

use proc_macro::TokenStream;

/// Makes a struct one that is sent as it lies in memory; `ranks::Equivalence` says more.
#[proc_macro_derive(Equivalence)]
pub fn derive_equivalence(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    equivalence::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Runs a test on real processes; `ranks::test` says more.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(item as syn::ItemFn);
    test::expand(arguments.into(), &function).unwrap_or_else(syn::Error::into_compile_error).into()
}
