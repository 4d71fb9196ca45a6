//! The implementation of `Mapped`: what the session needs beyond `Model`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Expr, Lit, spanned::Spanned as _};

use super::quiet;
use crate::{
    column::{Column, VersionId},
    model::Model,
    relationship::{Cascade, Relationship},
    root::Root,
    spelling::placed,
};

pub(super) fn expand(model: &Model, root: &Root) -> TokenStream {
    let orm = &root.orm;
    let quiet = quiet();
    let ident = &model.ident;
    // One place for all that the compiler can say of the struct as a whole, so that it says it once.
    let header = placed(quote!(impl #orm::Mapped for #ident), ident.span());
    let mapper = mapper(model, root);
    let keys: Vec<&Column> = model.key().map(|(_, column)| column).collect();
    let key_types = keys.iter().map(|column| &column.member.of_type);
    let key_fields = keys.iter().map(|column| &column.member.field);
    let key_type = quote!(#(#key_types),*);
    let key = quote!(#(::core::clone::Clone::clone(&self.#key_fields)),*);
    // A model without a key was reported; the number stands in, so that it is reported once.
    let (key_type, key) = match keys.len() {
        0 => (quote!(i64), quote!(0)),
        1 => (key_type, key),
        _ => (quote!((#key_type)), quote!((#key))),
    };
    let columns = columns(model, root);
    let validation = validation(model);
    let links = (0_u16..).zip(&model.relationships).map(|(index, relationship)| {
        let field = &relationship.member.field;
        quote!(__visit(#index, self.#field.cell_mut());)
    });
    quote! {
        #[automatically_derived]
        #quiet
        #header {
            type Key = #key_type;

            fn mapper() -> &'static #orm::Mapper {
                #mapper
            }

            fn key(&self) -> #key_type {
                #key
            }

            #columns

            #validation

            fn links(&mut self, __visit: &mut dyn ::core::ops::FnMut(u16, &mut #orm::LinkCell)) {
                let _ = &__visit;
                #(#links)*
            }
        }
    }
}

/// Access to columns by their position.
fn columns(model: &Model, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let name = model.name();
    let column_type = quote!(#sql::typed::FieldType);
    let each = || (0_u16..).zip(&model.columns).map(|(index, column)| (index, column, &column.member.field));
    let column = each().map(|(index, column, field)| {
        let of = column.as_trait(&column_type);
        quote!(#index => #of::to_value(&self.#field),)
    });
    let column_eq = each().map(|(index, column, field)| {
        let of = column.as_trait(&column_type);
        quote!(#index => #of::is_same(&self.#field, &__other.#field),)
    });
    let copy_column =
        each().map(|(index, _, field)| quote!(#index => ::core::clone::Clone::clone_from(&mut self.#field, &__from.#field),));
    let set_column = each().map(|(index, column, field)| {
        let of = column.as_trait(&column_type);
        let field_name = column.member.name();
        quote!(#index => self.#field = #of::decode_field(__cell, #name, #field_name)?,)
    });
    let read_column = each().map(|(index, column, _)| {
        let of = column.as_trait(&column_type);
        let field_name = column.member.name();
        quote!(#index => #of::into_value(#of::decode_field(__cell, #name, #field_name)?),)
    });
    quote! {
        fn column(&self, __index: u16) -> #sql::Value {
            match __index {
                #(#column)*
                _ => #sql::Value::Null,
            }
        }

        fn column_eq(&self, __other: &Self, __index: u16) -> bool {
            match __index {
                #(#column_eq)*
                _ => true,
            }
        }

        fn copy_column(&mut self, __from: &Self, __index: u16) {
            match __index {
                #(#copy_column)*
                _ => {}
            }
        }

        fn set_column(&mut self, __index: u16, __cell: #sql::Cell<'_>) -> #sql::Result<()> {
            match __index {
                #(#set_column)*
                _ => {}
            }
            ::core::result::Result::Ok(())
        }

        fn read_column(__index: u16, __cell: #sql::Cell<'_>) -> #sql::Result<#sql::Value> {
            ::core::result::Result::Ok(match __index {
                #(#read_column)*
                _ => #sql::Value::Null,
            })
        }
    }
}

/// What asks the validators, in a model that has some.
fn validation(model: &Model) -> TokenStream {
    let validated: Vec<(u16, &Column, &Expr)> = (0_u16..)
        .zip(&model.columns)
        .filter_map(|(index, column)| Some((index, column, column.validate.as_ref()?)))
        .collect();
    if validated.is_empty() {
        return TokenStream::new();
    }
    let positions = validated.iter().map(|(index, ..)| index);
    let validate = validated.iter().map(|(index, column, validate)| {
        let field = &column.member.field;
        // The value is a place where it turns into what the validator takes: a `&String` into a `&str`.
        let ask = quote_spanned! {validate.span()=>
            (#validate)(__value).map_err(|__error| ::std::string::ToString::to_string(&__error))
        };
        match column.is_option {
            true => quote! {
                #index => match &self.#field {
                    ::core::option::Option::Some(__value) => #ask,
                    ::core::option::Option::None => ::core::result::Result::Ok(()),
                },
            },
            false => quote! {
                #index => {
                    let __value = &self.#field;
                    #ask
                }
            },
        }
    });
    quote! {
        const VALIDATED: &'static [u16] = &[#(#positions),*];

        fn validate_column(
            &self,
            __index: u16,
        ) -> ::core::result::Result<(), ::std::string::String> {
            match __index {
                #(#validate)*
                _ => ::core::result::Result::Ok(()),
            }
        }
    }
}

/// Statics, and functions by name in them: a closure for the target would make a circle of models overflow the compiler.
fn mapper(model: &Model, root: &Root) -> TokenStream {
    let Root { sql, orm } = root;
    let ident = &model.ident;
    let name = model.name();
    let columns = model.columns.iter().map(|column| column_mapping(column, root));
    let relationships =
        model.relationships.iter().map(|relationship| relationship_mapping(relationship, root));
    let (column_count, relationship_count) = (model.columns.len(), model.relationships.len());
    let key = model.key().map(|(index, _)| index);
    let eager_defaults = (!model.eager_defaults).then(|| quote!(.eager_defaults(false)));
    quote! {
        static __COLUMNS: [#orm::ColumnMapping; #column_count] = [#(#columns),*];
        static __RELATIONSHIPS: [#orm::RelationshipMapping; #relationship_count] = [#(#relationships),*];
        static __MAPPER: #orm::Mapper = #orm::Mapper::new(
            #name,
            <#ident as #sql::typed::Model>::table,
            &__COLUMNS,
            &[#(#key),*],
            &__RELATIONSHIPS,
            #orm::ModelFunctions::of::<#ident>(),
        )#eager_defaults;
        &__MAPPER
    }
}

fn column_mapping(column: &Column, root: &Root) -> TokenStream {
    let orm = &root.orm;
    let (field, name, server_onupdate) = (column.member.name(), &column.name, column.server_onupdate);
    let none = quote!(::core::option::Option::None);
    let version_id = match &column.version_id {
        None => none,
        Some(VersionId::Counter) => quote!(::core::option::Option::Some(#orm::VersionId::Counter)),
        Some(VersionId::Server) => quote!(::core::option::Option::Some(#orm::VersionId::Server)),
        Some(VersionId::Generator(generator)) => {
            let function = value_function(column, Some(generator), root);
            quote!(match #function {
                ::core::option::Option::Some(__function) => {
                    ::core::option::Option::Some(#orm::VersionId::Generator(__function))
                }
                ::core::option::Option::None => ::core::option::Option::None,
            })
        }
    };
    let default = value_function(column, column.default.as_ref(), root);
    quote! {
        #orm::ColumnMapping {
            field: #field,
            column: #name,
            default: #default,
            server_onupdate: #server_onupdate,
            version_id: #version_id,
        }
    }
}

/// A function that makes a value: calls the user's function, or gives the user's value.
fn value_function(column: &Column, value: Option<&Expr>, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let Some(value) = value else { return quote!(::core::option::Option::None) };
    let of = column.as_trait(&quote!(#sql::typed::ColumnType));
    let value = made_value(value);
    quote! {
        ::core::option::Option::Some({
            fn __make() -> #sql::Value {
                let __value: #of::Base = #value;
                #sql::typed::ColumnType::into_value(__value)
            }
            let __function: fn() -> #sql::Value = __make;
            __function
        })
    }
}

/// The value that the user's function gives, or the user's value.
pub(super) fn made_value(value: &Expr) -> TokenStream {
    match value {
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
            quote!(::core::convert::Into::into(#value))
        }
        Expr::Path(path)
            if path.path.segments.last().is_some_and(|last| is_function(&last.ident.to_string())) =>
        {
            quote!(#value())
        }
        Expr::Closure(_) => quote!((#value)()),
        value => quote!(#value),
    }
}

/// Whether a path ends like a function's, and not like a constant's or a variant's.
fn is_function(name: &str) -> bool {
    name.trim_start_matches("r#").starts_with(|letter: char| letter.is_lowercase() || letter == '_')
}

fn relationship_mapping(relationship: &Relationship, root: &Root) -> TokenStream {
    let Root { sql, orm } = root;
    let Relationship { member, target, many, passive_deletes, passive_updates, post_update, .. } =
        relationship;
    let name = member.name();
    let none = quote!(::core::option::Option::None);
    let some = |value: TokenStream| quote!(::core::option::Option::Some(#value));
    let back = relationship.back_populates.as_ref().map_or(none.clone(), |back| some(quote!(#back.name())));
    let secondary = relationship.secondary.as_ref().map_or(none.clone(), |secondary| {
        some(quote!(<#secondary as #sql::typed::Model>::table as fn() -> &'static #sql::schema::Table))
    });
    let foreign_key =
        relationship.foreign_key.as_ref().map_or(none.clone(), |key| some(quote!(#key.column_name())));
    let order_by = relationship
        .order_by
        .as_ref()
        .map_or(none, |(field, descending)| some(quote!((#field.column_name(), #descending))));
    let cascade = cascade(relationship.cascade, root);
    let lazy = match &relationship.lazy {
        Some(lazy) => quote!(#lazy),
        None => quote!(Select),
    };
    quote! {
        #orm::RelationshipMapping {
            name: #name,
            target: <#target as #orm::Mapped>::mapper,
            back_populates: #back,
            many: #many,
            cascade: #cascade,
            secondary: #secondary,
            foreign_key: #foreign_key,
            order_by: #order_by,
            passive_deletes: #passive_deletes,
            passive_updates: #passive_updates,
            post_update: #post_update,
            lazy: #orm::Lazy::#lazy,
        }
    }
}

fn cascade(cascade: Option<Cascade>, root: &Root) -> TokenStream {
    let orm = &root.orm;
    let Some(cascade) = cascade else { return quote!(#orm::Cascade::usual()) };
    let Cascade { save_update, merge, refresh_expire, expunge, delete, delete_orphan } = cascade;
    quote! {
        #orm::Cascade {
            save_update: #save_update,
            merge: #merge,
            refresh_expire: #refresh_expire,
            expunge: #expunge,
            delete: #delete,
            delete_orphan: #delete_orphan,
        }
    }
}
