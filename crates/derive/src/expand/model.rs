//! The implementation of `Model`: the table, and rows to and from values.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{mapped::made_value, quiet};
use crate::{
    column::{Column, Numbers, SqlType},
    model::Model,
    root::Root,
};

pub(super) fn expand(model: &Model, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let quiet = quiet();
    let Model { ident, table, columns, .. } = model;
    let (name, count) = (model.name(), columns.len());
    let schema = match &model.schema {
        Some(schema) => quote!(::core::option::Option::Some(#schema)),
        None => quote!(::core::option::Option::None),
    };
    let build = build(model, root);
    let column_type = quote!(#sql::typed::FieldType);
    let fields = columns.iter().map(|column| &column.member.field);
    let field_names = columns.iter().map(|column| column.member.name());
    let read = columns.iter().map(|column| column.as_trait(&column_type));
    let links =
        model.relationships.iter().map(|relationship| &relationship.member.field).chain(&model.unlinked);
    let all: Vec<&Column> = columns.iter().filter(|column| !column.is_read_only()).collect();
    let written = all.len();
    let write = write_columns(&all, root);
    let write_unnumbered = numbered(model).map(|numbered| {
        let rest: Vec<&Column> =
            all.iter().filter(|column| column.member.field != numbered.member.field).copied().collect();
        let write = write_columns(&rest, root);
        quote! {
            fn write_unnumbered(&self, __values: &mut ::std::vec::Vec<#sql::Value>) {
                #write
            }
        }
    });
    let write_to = write_to(model, &all, root);
    let is_key_unset = is_key_unset(model, root);
    quote! {
        #[automatically_derived]
        #quiet
        impl #sql::statement::InsertRow for #ident {
            fn columns(&self) -> ::core::option::Option<::std::vec::Vec<#sql::Name>> {
                <&Self as #sql::statement::InsertRow>::columns(&self)
            }

            fn has_columns(&self, first: ::core::option::Option<&[#sql::Name]>) -> bool {
                <&Self as #sql::statement::InsertRow>::has_columns(&self, first)
            }

            fn write(self, row: &mut #sql::statement::RowWriter) {
                <&Self as #sql::statement::InsertRow>::write(&self, row);
            }
        }

        #[automatically_derived]
        #quiet
        impl #sql::typed::Model for #ident {
            const NAME: &'static str = #name;
            const TABLE_NAME: &'static str = #table;
            const SCHEMA: ::core::option::Option<&'static str> = #schema;
            const COLUMNS: usize = #count;
            const WRITTEN: usize = #written;

            fn table() -> &'static #sql::schema::Table {
                fn __build() -> #sql::schema::Table {
                    #build
                }
                static __TABLE: ::std::sync::LazyLock<#sql::schema::Table> = ::std::sync::LazyLock::new(__build);
                &__TABLE
            }

            fn read(__reader: &mut #sql::typed::RowReader<'_>) -> #sql::Result<Self> {
                ::core::result::Result::Ok(Self {
                    #(#fields: #read::read_field(__reader, #name, #field_names)?,)*
                    #(#links: ::core::default::Default::default(),)*
                })
            }

            fn write(&self, __values: &mut ::std::vec::Vec<#sql::Value>) {
                #write
            }

            #write_unnumbered

            #write_to

            fn is_key_unset(&self) -> bool {
                #is_key_unset
            }
        }
    }
}

/// Writes columns, all in one go.
fn write_columns(columns: &[&Column], root: &Root) -> TokenStream {
    let column_type = {
        let sql = &root.sql;
        quote!(#sql::typed::FieldType)
    };
    let values = columns.iter().map(|column| {
        let (of, field) = (column.as_trait(&column_type), &column.member.field);
        quote!(#of::to_value(&self.#field))
    });
    let count = values.len();
    // Each is made where it stays: a value that is pushed is copied as soon as it is made, for which the processor has to wait.
    quote!(__values.reserve(#count); #(__values.extend(::core::iter::once_with(|| #values));)*)
}

/// Gives columns to a sink, one after the other.
fn write_to(model: &Model, columns: &[&Column], root: &Root) -> TokenStream {
    let sql = &root.sql;
    let column_type = quote!(#sql::typed::FieldType);
    let numbered = numbered(model).map(|numbered| &numbered.member.field);
    let columns = columns.iter().map(|column| {
        let (of, field) = (column.as_trait(&column_type), &column.member.field);
        let write = quote!(#of::write_to(&self.#field, __sink););
        if Some(field) == numbered { quote!(if !__is_unnumbered { #write }) } else { write }
    });
    quote! {
        fn write_to(&self, __is_unnumbered: bool, __sink: &mut dyn #sql::value::ValueSink) {
            #(#columns)*
        }
    }
}

fn build(model: &Model, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let table = &model.table;
    let new = match &model.schema {
        Some(schema) => quote!(in_schema(#sql::Name::Static(#schema), #sql::Name::Static(#table))),
        None => quote!(unregistered(#sql::Name::Static(#table))),
    };
    let columns = model.columns.iter().map(|column| table_column(column, root));
    let names_of = |fields: &[Ident]| -> Vec<String> {
        fields.iter().filter_map(|field| model.column(field)).map(|column| column.name.value()).collect()
    };
    let uniques = model.uniques.iter().map(|fields| {
        let names = names_of(fields);
        quote!(.unique(#sql::schema::UniqueConstraint::new([#(#names),*])))
    });
    let indexes = model.indexes.iter().map(|fields| {
        let names = names_of(fields);
        quote!(.index(#sql::schema::Index::over([#(#names),*])))
    });
    let checks = model.checks.iter().map(|check| quote!(.check(#sql::schema::CheckConstraint::new(#check))));
    let options = model.options.expand(root);
    let built = quote! {
        #sql::schema::Table::#new #(.column(#columns))* #(#uniques)* #(#indexes)* #(#checks)* #options
    };
    match &model.table_args {
        None => built,
        Some(function) => quote! {
            let __further: fn(#sql::schema::Table) -> #sql::schema::Table = #function;
            __further(#built)
        },
    }
}

fn table_column(column: &Column, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let name = &column.name;
    let of = column.as_trait(&quote!(#sql::typed::FieldType));
    let sql_type = match &column.sql_type {
        None => quote!(#of::sql_type()),
        Some(SqlType::Varchar(length)) => quote!(#sql::types::SqlType::Varchar(#length)),
        Some(SqlType::Numeric(precision, scale)) => {
            let scale = scale.iter();
            quote!(#sql::types::SqlType::Numeric {
                precision: ::core::option::Option::Some(#precision),
                scale: ::core::option::Option::None #(.or(::core::option::Option::Some(#scale)))*,
            })
        }
        Some(SqlType::Expression(expression)) => quote!(#expression),
    };
    let nullable = match column.nullable {
        Some(nullable) => quote!(#nullable),
        None => quote!(#of::NULLABLE),
    };
    let primary_key = column.primary_key.then(|| quote!(.primary_key()));
    let autoincrement = column.autoincrement.map(|autoincrement| quote!(.autoincrement(#autoincrement)));
    let unique = column.unique.then(|| quote!(.unique()));
    let index = column.index.then(|| quote!(.index()));
    let server_default =
        column.server_default.as_ref().map(|default| quote!(.server_default(#sql::Name::Static(#default))));
    let computed = column.made.computed(column.computed.as_ref(), root);
    let foreign_key = column.made.foreign_key(column.foreign_key.as_ref(), root);
    let on_delete =
        column.on_delete.as_ref().map(|action| quote!(.on_delete(#sql::schema::ReferentialAction::#action)));
    let on_update =
        column.on_update.as_ref().map(|action| quote!(.on_update(#sql::schema::ReferentialAction::#action)));
    let made = column.made.expand(root);
    let system = column.system.then(|| quote!(.system()));
    let onupdate = column.onupdate.as_ref().map(|value| {
        let (of, value) = (column.as_trait(&quote!(#sql::typed::ColumnType)), made_value(value));
        quote!(.onupdate(|| -> #of::Base { #value }))
    });
    let comment = column.comment.as_ref().map(|comment| quote!(.comment(#sql::Name::Static(#comment))));
    quote! {
        #sql::schema::Column::new(#sql::Name::Static(#name), #sql_type)
            .nullable(#nullable) #primary_key #autoincrement #unique #index #server_default #computed
            #made #onupdate #system #foreign_key #on_delete #on_update #comment
    }
}

/// Must agree with `TableDefinition::autoincrement_column`: the column marked so, or the lone integer of the key that
/// references nothing.
fn numbered(model: &Model) -> Option<&Column> {
    let marked = model.columns.iter().find(|column| {
        column.autoincrement == Some(true) || (column.primary_key && column.made.is_identity())
    });
    marked.or_else(|| {
        let mut key = model.key().map(|(_, column)| column);
        let lone = key.next().filter(|_| key.next().is_none())?;
        let may_be = lone.numbers != Numbers::Other
            && lone.autoincrement.is_none()
            && lone.foreign_key.is_none()
            && lone.server_default.is_none();
        may_be.then_some(lone)
    })
}

fn is_key_unset(model: &Model, root: &Root) -> TokenStream {
    let sql = &root.sql;
    let Some(column) = numbered(model) else { return quote!(false) };
    let field = &column.member.field;
    if column.numbers == Numbers::Integer {
        return quote!(self.#field == 0);
    }
    let of = column.as_trait(&quote!(#sql::typed::FieldType));
    quote! {
        ::core::matches!(
            #of::sql_type().base(),
            #sql::types::SqlType::TinyInteger
                | #sql::types::SqlType::UnsignedTinyInteger
                | #sql::types::SqlType::SmallInteger
                | #sql::types::SqlType::UnsignedSmallInteger
                | #sql::types::SqlType::UnsignedInteger
                | #sql::types::SqlType::Integer
                | #sql::types::SqlType::BigInteger
                | #sql::types::SqlType::UnsignedBigInteger
        ) && ::core::matches!(#of::to_value(&self.#field), #sql::Value::I64(0))
    }
}
