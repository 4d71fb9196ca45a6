//! `#[derive(FromRow)]`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Fields, FieldsNamed, FieldsUnnamed};

use crate::{
    member::owner, problems::Problems, relationship::link, root::Root, settings::Settings, spelling::plain,
};

/// Expands `#[derive(FromRow)]`.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let root = Root::of_expressions();
    let mut problems = Problems::default();
    let name = plain(&input.ident);
    let body = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(named(fields, &input.ident, &root, &mut problems)),
            Fields::Unnamed(fields) => Some(by_position(fields, &root)),
            Fields::Unit => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    };
    let Some((plan, read)) = body else {
        problems.add(
            &input.ident,
            format_args!("`{name}` has no fields; `FromRow` reads a row into a struct with fields"),
        );
        return problems.into_tokens();
    };
    let implementation = implementation(input, &root, &plan, &read);
    let problems = problems.into_tokens();
    quote!(#implementation #problems)
}

fn implementation(input: &DeriveInput, root: &Root, plan: &TokenStream, read: &TokenStream) -> TokenStream {
    let sql = &root.sql;
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(#sql::Decode));
    }
    let (parameters, arguments, clause) = generics.split_for_impl();
    let quiet =
        quote!(#[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery)]);
    quote! {
        #[automatically_derived]
        #quiet
        impl #parameters #sql::FromRow for #ident #arguments #clause {
            fn plan(__columns: &[#sql::ColumnInfo]) -> #sql::Result<#sql::RowPlan> {
                #plan
            }

            #[inline]
            fn from_row(__row: &dyn #sql::Row, __plan: &#sql::RowPlan) -> #sql::Result<Self> {
                ::core::result::Result::Ok(Self { #read })
            }
        }
    }
}

/// Fields by the names of columns. A relationship, in a model that is read from a row, stays empty.
fn named(
    fields: &FieldsNamed,
    model: &Ident,
    root: &Root,
    problems: &mut Problems,
) -> (TokenStream, TokenStream) {
    let sql = &root.sql;
    let mut names = Vec::new();
    let mut read = TokenStream::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        if link(&field.ty).is_some() {
            read.extend(quote!(#ident: ::core::default::Default::default(),));
            continue;
        }
        let name = column_name(field, ident, model, problems);
        let (of, position) = (&field.ty, names.len());
        read.extend(quote!(#ident: #sql::decode_field::<#of>(__row, __plan.position(#position), #name)?,));
        names.push(name);
    }
    (quote!(#sql::RowPlan::by_name(__columns, &[#(#names),*])), read)
}

fn by_position(fields: &FieldsUnnamed, root: &Root) -> (TokenStream, TokenStream) {
    let sql = &root.sql;
    let count = fields.unnamed.len();
    let read = (0_usize..).zip(&fields.unnamed).map(|(position, field)| {
        let (index, of, name) = (syn::Index::from(position), &field.ty, (position + 1).to_string());
        quote!(#index: #sql::decode_field::<#of>(__row, #position, #name)?,)
    });
    (quote!(#sql::RowPlan::by_position(__columns, #count)), read.collect())
}

/// The column's name. In a struct that is also a model the attribute has more words, which `Mapped` checks.
fn column_name(field: &syn::Field, ident: &Ident, model: &Ident, problems: &mut Problems) -> String {
    let mut settings = Settings::of(&field.attrs, "column", owner(model, ident), problems);
    let name = settings.text("name", "\"column\"");
    settings.finish_of_row();
    name.map_or_else(|| plain(ident), |name| name.value())
}
