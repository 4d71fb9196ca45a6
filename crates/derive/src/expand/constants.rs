//! The constants: `Author`, `Author::name`, `Author::books`.

use proc_macro2::TokenStream;
use quote::quote;

use super::quiet;
use crate::{
    column::Column, member::Member, model::Model, relationship::Relationship, root::Root, spelling::plain,
};

pub(super) fn expand(model: &Model, root: &Root) -> TokenStream {
    let Model { ident, visibility, .. } = model;
    let sql = &root.sql;
    let quiet = quiet();
    let columns = (0_u16..).zip(&model.columns).map(|(index, column)| attribute(model, root, index, column));
    let relationships = (0_u16..)
        .zip(&model.relationships)
        .map(|(index, relationship)| link(model, root, index, relationship));
    let docs =
        format!("The model `{}`, as `select`, `get`, `insert`, `update` and `delete` take it.", model.name());
    quote! {
        #quiet
        impl #ident {
            #(#columns)*
            #(#relationships)*
        }

        #[doc = #docs]
        #quiet
        #visibility const #ident: #sql::typed::Entity<#ident> = #sql::typed::Entity::new();
    }
}

fn attribute(model: &Model, root: &Root, index: u16, column: &Column) -> TokenStream {
    let sql = &root.sql;
    let (name, column_name) = (column.member.name(), &column.name);
    let docs = format!("The column `{}` of `{}`.", column_name.value(), model.name());
    let arguments = quote!(#name, #column_name, #index);
    constant(model, &column.member, &docs, &quote!(#sql::typed::Attribute), &arguments)
}

fn link(model: &Model, root: &Root, index: u16, relationship: &Relationship) -> TokenStream {
    let orm = &root.orm;
    let name = relationship.member.name();
    let docs = format!("The relationship `{name}` of `{}`.", model.name());
    // The other side's name as text: were it the other constant, the two would need each other to be computed.
    let back = match &relationship.back_populates {
        Some(back) => {
            let back = plain(&back.member);
            quote!(::core::option::Option::Some(#back))
        }
        None => quote!(::core::option::Option::None),
    };
    let arguments = quote!(#name, #index, #back);
    constant(model, &relationship.member, &docs, &quote!(#orm::Relationship), &arguments)
}

fn constant(
    model: &Model,
    member: &Member,
    docs: &str,
    of: &TokenStream,
    arguments: &TokenStream,
) -> TokenStream {
    let ident = &model.ident;
    let Member { field, constant, visibility, docs: own_docs, of_type } = member;
    let docs = if own_docs.is_empty() { quote!(#[doc = #docs]) } else { quote!(#(#own_docs)*) };
    quote! {
        #docs
        #visibility const #constant: #of<#ident, #of_type> = {
            fn get(__model: &#ident) -> &#of_type {
                &__model.#field
            }
            fn get_mut(__model: &mut #ident) -> &mut #of_type {
                &mut __model.#field
            }
            #of::new(#arguments, get, get_mut)
        };
    }
}
