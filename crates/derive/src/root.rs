//! [`Root`]: paths to Aludel's crates, from the crate that the derive is used in.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Paths to Aludel's crates, from the crate that the derive is used in.
pub(crate) struct Root {
    /// The path of `aludel-sql-expression`.
    pub(crate) sql: TokenStream,
    /// The path of `aludel-orm-session`.
    pub(crate) orm: TokenStream,
}

impl Root {
    /// For a derive that needs the expression language alone.
    pub(crate) fn of_expressions() -> Self {
        Self::find(&["aludel", "aludel-sql-expression", "aludel-engine-pool", "aludel-orm-session"])
    }

    /// For a derive that needs the session.
    pub(crate) fn of_session() -> Self {
        Self::find(&["aludel", "aludel-orm-session"])
    }

    fn find(packages: &[&str]) -> Self {
        let found = packages.iter().find_map(|package| Some((*package, dependency(package)?)));
        let (package, name) = found.unwrap_or_else(|| ("aludel", Ident::new("aludel", Span::call_site())));
        let root = quote!(::#name);
        match package {
            "aludel-sql-expression" => Self { sql: root.clone(), orm: root },
            "aludel-orm-session" => Self { sql: quote!(#root::__private::sql), orm: root },
            _ => Self { sql: quote!(#root::__private::sql), orm: quote!(#root::__private::orm) },
        }
    }
}

/// The name under which the crate knows a package, when it depends on it.
fn dependency(package: &str) -> Option<Ident> {
    let name = match crate_name(package).ok()? {
        // Tests, examples and documentation know the package by its name.
        FoundCrate::Itself => package.replace('-', "_"),
        FoundCrate::Name(name) => name,
    };
    Some(Ident::new(&name, Span::call_site()))
}
