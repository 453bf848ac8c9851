//! `#[ranks::test(n = 4, timeout = "30s")]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ItemFn, Lit, MetaNameValue, Result, Token};

/// What a test without `n` runs on, and how long without `timeout`.
const RANKS: usize = 4;
const SECONDS: f64 = 30.0;

struct Options {
    ranks: usize,
    seconds: f64,
}

pub fn expand(arguments: TokenStream, function: &ItemFn) -> Result<TokenStream> {
    let Options { ranks, seconds } = options(arguments)?;
    let (name, attributes, body) = (&function.sig.ident, &function.attrs, &function.block);
    if let Some(word) = &function.sig.asyncness {
        return Err(Error::new(word.span(), "a test on ranks is no async function: start a runtime in it"));
    }
    if let Some(second) = function.sig.inputs.iter().nth(1) {
        return Err(Error::new(second.span(), "a test on ranks takes nothing or `world: &ranks::World`"));
    }
    let (parameter, output) = (&function.sig.inputs, &function.sig.output);
    let run = if parameter.is_empty() { quote!(run_alone) } else { quote!(run) };
    // A failure is reported where the test is written.
    let start = quote_spanned!(name.span()=> ::ranks::testing::#run(path, #ranks, #seconds, body));
    Ok(quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        fn #name() {
            fn body(#parameter) #output #body
            let path = ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name));
            #start;
        }
    })
}

fn options(arguments: TokenStream) -> Result<Options> {
    let mut options = Options { ranks: RANKS, seconds: SECONDS };
    let known = Punctuated::<MetaNameValue, Token![,]>::parse_terminated.parse2(arguments)?;
    for MetaNameValue { path, value, .. } in known {
        let Expr::Lit(ExprLit { lit, .. }) = &value else {
            return Err(Error::new(value.span(), "a number or a text is expected"));
        };
        match lit {
            Lit::Int(number) if path.is_ident("n") => {
                options.ranks = ranks(number.base10_parse()?, lit.span())?
            }
            Lit::Str(text) if path.is_ident("timeout") => {
                options.seconds = seconds(&text.value()).ok_or_else(|| {
                    Error::new(
                        lit.span(),
                        "a time is a number with a unit, as in \"500ms\", \"30s\" or \"2m\"",
                    )
                })?;
            }
            _ => return Err(Error::new(path.span(), "what can be said is n = 4 and timeout = \"30s\"")),
        }
    }
    Ok(options)
}

fn ranks(n: usize, span: Span) -> Result<usize> {
    if n == 0 { Err(Error::new(span, "a test takes at least one rank")) } else { Ok(n) }
}

fn seconds(text: &str) -> Option<f64> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0)];
    let (number, unit) = units.iter().find_map(|(end, unit)| Some((text.strip_suffix(end)?, unit)))?;
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    (seconds.is_finite() && seconds > 0.0).then_some(seconds)
}
