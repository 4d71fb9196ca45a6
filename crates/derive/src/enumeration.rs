//! `#[derive(Enum)]`.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr, Variant};

use crate::{
    problems::Problems,
    root::Root,
    settings::Settings,
    spelling::{plain, snake_case},
};

/// Expands `#[derive(Enum)]`.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let name = plain(&input.ident);
    let Data::Enum(data) = &input.data else {
        problems.add(
            &input.ident,
            format_args!("`{name}` is not an enum; `Enum` stores the variants of an enum as words"),
        );
        return problems.into_tokens();
    };
    if !input.generics.params.is_empty() {
        problems.add(&input.generics, format_args!("`{name}` has parameters, but a column holds one type"));
        return problems.into_tokens();
    }
    let mut settings = Settings::of(&input.attrs, "enumeration", format!("`{name}`"), &mut problems);
    let type_name =
        settings.text("name", "\"status\"").map_or_else(|| snake_case(&name), |text| text.value());
    let schema = settings.text("schema", "\"library\"");
    settings.finish();
    let variants: Vec<(&Ident, String)> =
        data.variants.iter().map(|variant| (&variant.ident, word(variant, &name, &mut problems))).collect();
    if variants.is_empty() {
        problems
            .add(&input.ident, format_args!("`{name}` has no variants, so that no value could be stored"));
    }
    report_repeats(&variants, &name, &mut problems);
    if !problems.is_empty() {
        return problems.into_tokens();
    }
    implementation(&input.ident, schema.as_ref(), &type_name, &variants)
}

/// The word that is stored for a variant.
fn word(variant: &Variant, name: &str, problems: &mut Problems) -> String {
    let ident = &variant.ident;
    let owner = format!("`{name}::{}`", plain(ident));
    if !matches!(variant.fields, Fields::Unit) {
        problems.add(
            variant,
            format_args!("{owner} has fields, but only its name can be stored; write `{ident}` alone"),
        );
    }
    let mut settings = Settings::of(&variant.attrs, "value", owner, problems);
    let word = settings.text("name", "\"in print\"");
    settings.finish();
    word.map_or_else(|| plain(ident), |word| word.value())
}

fn report_repeats(variants: &[(&Ident, String)], name: &str, problems: &mut Problems) {
    let mut seen = HashMap::new();
    for (ident, word) in variants {
        if let Some(first) = seen.insert(word, ident) {
            problems
                .add(ident, format_args!("`{name}::{ident}` is stored as `{word}`, like `{name}::{first}`"));
        }
    }
}

fn implementation(
    ident: &Ident,
    schema: Option<&LitStr>,
    type_name: &str,
    variants: &[(&Ident, String)],
) -> TokenStream {
    let sql = Root::of_expressions().sql;
    let name = plain(ident);
    let idents: Vec<&Ident> = variants.iter().map(|(ident, _)| *ident).collect();
    let words: Vec<&String> = variants.iter().map(|(_, word)| word).collect();
    let schema = match schema {
        Some(schema) => quote!(::core::option::Option::Some(#schema)),
        None => quote!(::core::option::Option::None),
    };
    let quiet =
        quote!(#[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery)]);
    quote! {
        #[automatically_derived]
        #quiet
        impl #sql::Decode for #ident {
            fn decode(__cell: #sql::Cell<'_>) -> #sql::Result<Self> {
                match #sql::enumeration_word(__cell, #name)? {
                    #(#words => ::core::result::Result::Ok(Self::#idents),)*
                    __word => ::core::result::Result::Err(#sql::unknown_word(__word, #name, &[#(#words),*])),
                }
            }
        }

        #[automatically_derived]
        impl #sql::ArrayElement for #ident {}

        #[automatically_derived]
        #quiet
        impl #sql::ColumnType for #ident {
            type Base = Self;
            type Like<__U: #sql::ColumnType<Base = __U>> = __U;

            fn sql_type() -> #sql::SqlType {
                fn __make() -> #sql::SqlType {
                    #sql::enumeration_type(#schema, #type_name, &[#(#words),*])
                }
                static __TYPE: ::std::sync::LazyLock<#sql::SqlType> = ::std::sync::LazyLock::new(__make);
                ::core::clone::Clone::clone(&*__TYPE)
            }

            #[inline]
            fn is_same(&self, __other: &Self) -> bool {
                ::core::mem::discriminant(self) == ::core::mem::discriminant(__other)
            }

            fn to_value(&self) -> #sql::Value {
                #sql::Value::Text(::core::convert::Into::into(match self {
                    #(Self::#idents => #words,)*
                }))
            }
        }
    }
}
