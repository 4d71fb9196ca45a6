//! [`Made`]: what `#[column(..)]` says of values that the database makes, and of how keys are checked.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, Lit, LitBool, LitStr};

use crate::{
    root::Root,
    settings::{Reference, Settings},
};

/// What `#[column(..)]` says of values that the database makes, and of how keys are checked.
#[derive(Default)]
pub(crate) struct Made {
    identity: Option<Identity>,
    sequence: Option<Sequence>,
    persisted: Option<bool>,
    server_onupdate: Option<LitStr>,
    collate: Option<LitStr>,
    deferrable: Option<bool>,
    /// Whether the check waits for the end of the transaction.
    deferred: Option<bool>,
    foreign_key_name: Option<LitStr>,
    foreign_key_match: Option<Ident>,
}

/// How the database numbers a column, in SQL's own words.
enum Identity {
    Always,
    ByDefault,
    /// What an expression says.
    Given(Expr),
}

/// Where a column takes its numbers from.
enum Sequence {
    Named(LitStr),
    /// What an expression says.
    Given(Expr),
}

const MATCHES: [(&str, &str); 3] = [("full", "Full"), ("partial", "Partial"), ("simple", "Simple")];

/// What stands around it.
pub(crate) struct Around {
    pub(crate) is_computed: bool,
    pub(crate) has_default: bool,
    pub(crate) has_key: bool,
    pub(crate) numbers: Option<bool>,
    /// Where messages point to.
    pub(crate) place: Ident,
}

impl Made {
    /// Takes the words out. The `ON UPDATE` of the server may have been given as a text.
    pub(crate) fn of(settings: &mut Settings<'_>, around: &Around, server_onupdate: Option<LitStr>) -> Self {
        let identity = identity(settings);
        let sequence =
            settings.expression("sequence", "\"invoice_numbers\"").map(|value| match literal_text(&value) {
                Some(name) => Sequence::Named(name),
                None => Sequence::Given(value),
            });
        let persisted = settings.boolean("persisted");
        let collate = settings.text("collate", "\"nocase\"");
        let deferrable = settings.boolean("deferrable");
        let deferred = deferred(settings);
        let foreign_key_name = settings.text("foreign_key_name", "\"fk_book_author\"");
        let foreign_key_match = foreign_key_match(settings);
        let place = &around.place;
        let kinds = [identity.is_some(), sequence.is_some(), around.has_default, around.is_computed];
        if kinds.into_iter().filter(|given| *given).count() > 1 && (identity.is_some() || sequence.is_some())
        {
            settings.problem(
                place,
                "`identity`, `sequence`, `server_default` and `computed` each say where the value comes from; give one of them",
            );
        }
        if (identity.is_some() || sequence.is_some()) && around.numbers == Some(false) {
            settings.problem(
                place,
                "`identity` and `sequence` give whole numbers, which this field does not hold",
            );
        }
        if persisted.is_some() && !around.is_computed {
            settings.problem(place, "`persisted` needs `computed` with it");
        }
        let of_key = deferrable.is_some()
            || deferred.is_some()
            || foreign_key_name.is_some()
            || foreign_key_match.is_some();
        if of_key && !around.has_key {
            settings.problem(
                place,
                "`deferrable`, `initially`, `foreign_key_name` and `foreign_key_match` need `foreign_key` with them, such as \
                 `foreign_key = Author::id`",
            );
        }
        if deferrable == Some(false) && deferred == Some(true) {
            settings.problem(place, "a check that is not `deferrable` cannot be `initially = \"deferred\"`");
        }
        Self {
            identity,
            sequence,
            persisted,
            server_onupdate,
            collate,
            deferrable,
            deferred,
            foreign_key_name,
            foreign_key_match,
        }
    }

    /// Whether the database numbers it, in SQL's own words.
    pub(crate) fn is_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// The calls that give a `Column` all this.
    pub(crate) fn expand(&self, root: &Root) -> TokenStream {
        let sql = &root.sql;
        let identity = self.identity.as_ref().map(|identity| match identity {
            Identity::Always => quote!(.identity(#sql::schema::Identity::always())),
            Identity::ByDefault => quote!(.identity(#sql::schema::Identity::by_default())),
            Identity::Given(value) => quote!(.identity(#value)),
        });
        let sequence = self.sequence.as_ref().map(|sequence| match sequence {
            Sequence::Named(name) => {
                quote!(.sequence(&#sql::schema::Sequence::new(#sql::Name::Static(#name))))
            }
            Sequence::Given(value) => quote!(.sequence(&#value)),
        });
        let onupdate =
            self.server_onupdate.as_ref().map(|made| quote!(.server_onupdate(#sql::Name::Static(#made))));
        let collate = self.collate.as_ref().map(|name| quote!(.collate(#sql::Name::Static(#name))));
        quote!(#identity #sequence #onupdate #collate)
    }

    /// The call that gives a `Column` what it is computed from.
    pub(crate) fn computed(&self, text: Option<&LitStr>, root: &Root) -> Option<TokenStream> {
        let sql = &root.sql;
        let text = text?;
        let persisted = self.persisted.map(|persisted| quote!(.persisted(#persisted)));
        Some(quote!(.computed(#sql::schema::Computed::new(#sql::Name::Static(#text)) #persisted)))
    }

    /// The call that gives a `Column` its foreign key.
    pub(crate) fn foreign_key(&self, key: Option<&Reference>, root: &Root) -> Option<TokenStream> {
        let sql = &root.sql;
        let key = key?;
        let deferrable = self.deferrable.map(|deferrable| quote!(.deferrable(#deferrable)));
        let initially = self.deferred.map(|deferred| match deferred {
            true => quote!(.initially(#sql::schema::Initially::Deferred)),
            false => quote!(.initially(#sql::schema::Initially::Immediate)),
        });
        let name = self.foreign_key_name.as_ref().map(|name| quote!(.named(#sql::Name::Static(#name))));
        let matches = self
            .foreign_key_match
            .as_ref()
            .map(|variant| quote!(.match_type(#sql::schema::MatchType::#variant)));
        if deferrable.is_none() && initially.is_none() && name.is_none() && matches.is_none() {
            return Some(quote!(.foreign_key(#key)));
        }
        let of = quote!(#sql::schema::ForeignKey);
        Some(
            quote!(.foreign_key(<#of as ::core::convert::From<_>>::from(#key) #deferrable #initially #name #matches)),
        )
    }
}

/// `identity`, `identity = "always"`, `identity = "by default"`, or an expression.
fn identity(settings: &mut Settings<'_>) -> Option<Identity> {
    let Some(value) = settings.flag_or_expression("identity")? else { return Some(Identity::ByDefault) };
    let Some(text) = literal_text(&value) else {
        if matches!(value, Expr::Lit(_)) {
            settings.problem(&value, IDENTITY);
            return None;
        }
        return Some(Identity::Given(value));
    };
    match text.value().to_lowercase().replace('_', " ").as_str() {
        "always" => Some(Identity::Always),
        "by default" => Some(Identity::ByDefault),
        _ => {
            settings.problem(&value, IDENTITY);
            None
        }
    }
}

const IDENTITY: &str = "`identity` stands alone, or is \"always\", \"by default\" or an expression, such as `Identity::always().start(100)`";

/// The variant of `MatchType` that the text names.
fn foreign_key_match(settings: &mut Settings<'_>) -> Option<Ident> {
    let text = settings.text("foreign_key_match", "\"full\"")?;
    let word = text.value().to_lowercase();
    let found = MATCHES.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        settings.problem(&text, "`foreign_key_match` is \"full\", \"partial\" or \"simple\"");
    }
    found.map(|(_, variant)| Ident::new(variant, text.span()))
}

fn deferred(settings: &mut Settings<'_>) -> Option<bool> {
    let text = settings.text("initially", "\"deferred\"")?;
    match text.value().to_lowercase().as_str() {
        "deferred" => Some(true),
        "immediate" => Some(false),
        _ => {
            settings.problem(&text, "`initially` is \"deferred\" or \"immediate\"");
            None
        }
    }
}

/// `server_onupdate`, or `server_onupdate = "CURRENT_TIMESTAMP"`: whether it is there, and the text.
pub(crate) fn server_onupdate(settings: &mut Settings<'_>) -> (bool, Option<LitStr>) {
    match settings.flag_or_expression("server_onupdate") {
        None => (false, None),
        Some(None) => (true, None),
        Some(Some(Expr::Lit(syn::ExprLit { lit: Lit::Bool(LitBool { value, .. }), .. }))) => (value, None),
        Some(Some(value)) => match literal_text(&value) {
            Some(text) => (true, Some(text)),
            None => {
                let message = "`server_onupdate` stands alone, or is SQL, such as `server_onupdate = \"CURRENT_TIMESTAMP\"`";
                settings.problem(&value, message);
                (false, None)
            }
        },
    }
}

fn literal_text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        Expr::Group(group) => literal_text(&group.expr),
        _ => None,
    }
}
