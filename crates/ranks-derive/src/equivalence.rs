//! `#[derive(Equivalence)]`.
//!
//! The implementation goes through the fields: a struct has no padding when its fields have none and
//! their sizes add up to its own; any bytes are a value of it when that holds for each field.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Member, Result, Type, parse_quote};

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let (mut members, mut types): (Vec<Member>, Vec<&Type>) = (Vec::new(), Vec::new());
    for (member, field) in fields.members().zip(fields) {
        refuse_addresses(&field.ty)?;
        members.push(member);
        types.push(&field.ty);
    }
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::ranks::Equivalence));
    }
    let (with, named, such_that) = generics.split_for_impl();
    let name = &input.ident;
    Ok(quote! {
        // SAFETY: the fields and the sizes say what the constants say, and zero is a value of each field.
        #[automatically_derived]
        unsafe impl #with ::ranks::Equivalence for #name #named #such_that {
            const DENSE: bool = ::core::mem::size_of::<Self>() == 0 #(+ ::core::mem::size_of::<#types>())*
                #(&& <#types as ::ranks::Equivalence>::DENSE)*;
            const ANY: bool = true #(&& <#types as ::ranks::Equivalence>::ANY)*;
            const MARK: u16 = ::ranks::mark::of_fields(
                &[#(<#types as ::ranks::Equivalence>::MARK),*],
                &[#(::core::mem::size_of::<#types>()),*],
            );

            unsafe fn is_value(bytes: &[::core::mem::MaybeUninit<u8>]) -> bool {
                true #(&& {
                    let at = ::core::mem::offset_of!(Self, #members);
                    let bytes = &bytes[at..at + ::core::mem::size_of::<#types>()];
                    // SAFETY: a field's bytes are among the struct's.
                    unsafe { <#types as ::ranks::Equivalence>::is_value(bytes) }
                })*
            }

            fn write(&self, to: &mut [u8]) {
                #({
                    let at = ::core::mem::offset_of!(Self, #members);
                    let to = &mut to[at..at + ::core::mem::size_of::<#types>()];
                    // A copy: a field of a packed struct has no address to borrow.
                    let field: #types = self.#members;
                    <#types as ::ranks::Equivalence>::write(&field, to);
                })*
            }
        }
    })
}

fn fields(input: &DeriveInput) -> Result<&Fields> {
    let no = |what: &str| Err(Error::new_spanned(&input.ident, what));
    match &input.data {
        Data::Struct(data) if data.fields.is_empty() => {
            no("a struct without fields has no bytes to send: send the object `()`")
        }
        Data::Struct(data) => Ok(&data.fields),
        Data::Enum(_) => no("Equivalence cannot be derived for an enum, of which not all bytes are values: \
             send it as an object (derive Serialize and Deserialize), or send a number for it"),
        Data::Union(_) => no("Equivalence cannot be derived for a union, which does not know what it holds"),
    }
}

/// What is an address means nothing to another process.
fn refuse_addresses(field: &Type) -> Result<()> {
    let what = match field {
        Type::Reference(_) => "a reference",
        Type::Ptr(_) => "a pointer",
        Type::BareFn(_) => "a function pointer",
        Type::Array(array) => return refuse_addresses(&array.elem),
        Type::Tuple(tuple) => return tuple.elems.iter().try_for_each(refuse_addresses),
        Type::Paren(inner) => return refuse_addresses(&inner.elem),
        Type::Group(inner) => return refuse_addresses(&inner.elem),
        _ => return Ok(()),
    };
    let text = format!("{what} cannot be sent: an address means nothing to another rank; send what is there");
    Err(Error::new_spanned(field, text))
}
