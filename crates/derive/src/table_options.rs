//! [`TableOptions`]: what `#[table(..)]` says of how a database keeps the table, and whether it is a view.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::LitStr;

use crate::{root::Root, settings::Settings};

/// What `#[table(..)]` says of how a database keeps the table, and whether it is a view.
pub(crate) struct TableOptions {
    flags: Vec<&'static str>,
    texts: Vec<(&'static str, LitStr)>,
    view: Option<View>,
}

/// A table that is a view.
struct View {
    /// The query; none: it is made elsewhere.
    query: Option<LitStr>,
    materialized: bool,
}

const FLAGS: [&str; 5] =
    ["temporary", "sqlite_strict", "sqlite_without_rowid", "sqlite_autoincrement", "postgresql_unlogged"];

const TEXTS: [(&str, &str); 11] = [
    ("comment", "\"..\""),
    ("mysql_engine", "\"InnoDB\""),
    ("mysql_charset", "\"utf8mb4\""),
    ("mysql_collate", "\"utf8mb4_bin\""),
    ("mysql_further", "\"ROW_FORMAT=DYNAMIC\""),
    ("mysql_partition_by", "\"HASH (id) PARTITIONS 4\""),
    ("postgresql_partition_by", "\"RANGE (id)\""),
    ("postgresql_using", "\"heap\""),
    ("postgresql_with", "\"fillfactor = 70\""),
    ("postgresql_on_commit", "\"DROP\""),
    ("postgresql_tablespace", "\"fast\""),
];

impl TableOptions {
    /// Takes the words out. Constraints and indexes are none of a view's.
    pub(crate) fn of(settings: &mut Settings<'_>, has_constraints: bool, place: &Ident) -> Self {
        let flags: Vec<&'static str> = FLAGS.into_iter().filter(|name| settings.flag(name)).collect();
        let texts: Vec<(&'static str, LitStr)> = TEXTS
            .into_iter()
            .filter_map(|(name, example)| Some((name, settings.text(name, example)?)))
            .collect();
        let is_view = settings.flag("view");
        let query = settings.text("view_query", "\"SELECT id FROM author\"");
        let materialized = settings.flag("materialized");
        if materialized && !is_view && query.is_none() {
            settings.problem(place, "`materialized` needs `view` or `view_query` with it");
        }
        let view = (is_view || query.is_some()).then_some(View { query, materialized });
        if view.is_some() && has_constraints {
            settings.problem(
                place,
                "a view has no constraints and no indexes: they belong to the tables behind it",
            );
        }
        let keeps = flags.iter().copied().chain(texts.iter().map(|(name, _)| *name));
        if let Some(word) = keeps.into_iter().find(|name| !matches!(*name, "temporary" | "comment"))
            && view.is_some()
        {
            settings.problem(place, format_args!("`{word}` says how a table is kept, but this is a view"));
        }
        if flags.contains(&"sqlite_without_rowid") && flags.contains(&"sqlite_autoincrement") {
            settings.problem(
                place,
                "`sqlite_autoincrement` numbers rows, which `sqlite_without_rowid` does not have",
            );
        }
        Self { flags, texts, view }
    }

    /// The calls that give a `Table` all this.
    pub(crate) fn expand(&self, root: &Root) -> TokenStream {
        let sql = &root.sql;
        let options = (!self.flags.is_empty() || !self.texts.is_empty()).then(|| {
            let flags = self.flags.iter().map(|name| format_ident!("{name}"));
            let texts = self.texts.iter().map(|(name, text)| {
                let name = format_ident!("{name}");
                quote!(.#name(#sql::Name::Static(#text)))
            });
            quote!(.options(#sql::schema::TableOptions::new() #(.#flags())* #(#texts)*))
        });
        let view = self.view.as_ref().map(|view| {
            let materialized = view.materialized.then(|| quote!(.materialized()));
            let of = quote!(#sql::schema::ViewDefinition);
            let definition = match &view.query {
                Some(query) => {
                    quote!(<#of as ::core::convert::From<#sql::Name>>::from(#sql::Name::Static(#query)))
                }
                None => quote!(#of::made_elsewhere()),
            };
            quote!(.view(#definition #materialized))
        });
        quote!(#options #view)
    }
}
