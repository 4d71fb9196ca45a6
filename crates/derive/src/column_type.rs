//! `#[derive(ColumnType)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Expr, ExprLit, ExprPath, Fields, Lit, Type};

use crate::{problems::Problems, root::Root, settings::Settings, spelling::plain};

/// Expands `#[derive(ColumnType)]`.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let name = plain(&input.ident);
    if !input.generics.params.is_empty() {
        problems.add(&input.generics, format_args!("`{name}` has parameters, but a column holds one type"));
        return problems.into_tokens();
    }
    let mut settings = Settings::of(&input.attrs, "column_type", format!("`{name}`"), &mut problems);
    let stored = settings.expression("stored", "String");
    let stored = stored.and_then(|stored| {
        let of_type = as_type(&stored);
        if of_type.is_none() {
            settings.problem(
                &stored,
                "`stored` takes a type, such as `stored = String` or `stored = \"Vec<u8>\"`",
            );
        }
        of_type
    });
    let sql_type = settings.expression("sql_type", "Varchar(120)");
    settings.finish();
    let is_converted = stored.is_some();
    let inner = stored.or_else(|| only_field(&input.data));
    let Some(inner) = inner.filter(|_| problems.is_empty()) else {
        if problems.is_empty() {
            problems.add(
                &input.ident,
                format_args!(
                    "`{name}` is not a struct around one value, such as `struct {name}(String)`; say by \
                     `#[column_type(stored = String)]` what it is kept as"
                ),
            );
        }
        return problems.into_tokens();
    };
    implementation(input, &inner, is_converted, sql_type.as_ref())
}

fn as_type(stored: &Expr) -> Option<Type> {
    match stored {
        Expr::Path(ExprPath { qself: None, path, .. }) => syn::parse2(path.to_token_stream()).ok(),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.parse().ok(),
        _ => None,
    }
}

/// The type of the only field of a tuple struct.
fn only_field(data: &Data) -> Option<Type> {
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Some(fields.unnamed[0].ty.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn implementation(
    input: &DeriveInput,
    inner: &Type,
    is_converted: bool,
    sql_type: Option<&Expr>,
) -> TokenStream {
    let sql = Root::of_expressions().sql;
    let ident = &input.ident;
    let name = plain(ident);
    let quiet =
        quote!(#[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery)]);
    let of_inner = quote!(<#inner as #sql::ColumnType>);
    let decoding = quote!(<#inner as #sql::Decode>);
    let own_type = match sql_type {
        Some(expression) => quote!(<#sql::SqlType as ::core::convert::From<_>>::from(#expression)),
        None => quote!(#of_inner::sql_type()),
    };
    let (decode, value) = match is_converted {
        false => (
            quote! {
                fn decode(__cell: #sql::Cell<'_>) -> #sql::Result<Self> {
                    ::core::result::Result::Ok(Self(#decoding::decode(__cell)?))
                }

                #[inline]
                fn decode_directly(__row: &dyn #sql::Row, __position: usize) -> ::core::option::Option<Self> {
                    ::core::option::Option::Some(Self(#decoding::decode_directly(__row, __position)?))
                }
            },
            quote! {
                fn to_value(&self) -> #sql::Value {
                    #of_inner::to_value(&self.0)
                }

                fn into_value(self) -> #sql::Value {
                    #of_inner::into_value(self.0)
                }

                #[inline]
                fn is_same(&self, __other: &Self) -> bool {
                    #of_inner::is_same(&self.0, &__other.0)
                }
            },
        ),
        true => (
            quote! {
                fn decode(__cell: #sql::Cell<'_>) -> #sql::Result<Self> {
                    let __stored: #inner = #decoding::decode(__cell)?;
                    <Self as ::core::convert::TryFrom<#inner>>::try_from(__stored)
                        .map_err(|__error| #sql::refused_value(#name, &__error))
                }
            },
            quote! {
                fn to_value(&self) -> #sql::Value {
                    self.clone().into_value()
                }

                fn into_value(self) -> #sql::Value {
                    #of_inner::into_value(<#inner as ::core::convert::From<Self>>::from(self))
                }
            },
        ),
    };
    quote! {
        #[automatically_derived]
        #quiet
        impl #sql::Decode for #ident {
            #decode
        }

        #[automatically_derived]
        #quiet
        impl #sql::ColumnType for #ident {
            type Base = Self;
            type Like<__U: #sql::ColumnType<Base = __U>> = __U;

            fn sql_type() -> #sql::SqlType {
                fn __make() -> #sql::SqlType {
                    #own_type
                }
                static __TYPE: ::std::sync::LazyLock<#sql::SqlType> = ::std::sync::LazyLock::new(__make);
                ::core::clone::Clone::clone(&*__TYPE)
            }

            #value
        }
    }
}
