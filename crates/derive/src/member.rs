//! [`Member`]: what columns and relationships have in common.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Field, LitStr, Type, Visibility};

use crate::{
    settings::Settings,
    spelling::{plain, without_self},
};

/// A field of a mapped struct, with the constant that stands for it.
pub(crate) struct Member {
    pub(crate) field: Ident,
    pub(crate) constant: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) docs: Vec<Attribute>,
    /// The field's type as written, with the struct's name for `Self`.
    pub(crate) of_type: TokenStream,
}

/// Functions that every model has: a constant of the same name would hide them.
const TAKEN: [&str; 3] = ["default", "clone", "new"];

impl Member {
    /// Takes the field, and the word `constant` of its attribute.
    pub(crate) fn of(field: &Field, ident: &Ident, model: &Ident, settings: &mut Settings<'_>) -> Self {
        let constant = settings.text("constant", "\"name_\"").and_then(|text| constant(&text, settings));
        let name = plain(ident);
        if constant.is_none() && TAKEN.contains(&name.as_str()) {
            settings.problem(
                ident,
                format_args!(
                    "the constant `{model}::{name}` would hide the function `{model}::{name}()`; give it another name with \
                     `constant = \"{name}_\"`"
                ),
            );
        }
        Self {
            field: ident.clone(),
            constant: constant.unwrap_or_else(|| ident.clone()),
            visibility: field.vis.clone(),
            docs: field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
            of_type: without_self(&field.ty, model),
        }
    }

    /// The field's name, without `r#`.
    pub(crate) fn name(&self) -> String {
        plain(&self.field)
    }

    /// Where the field's type stands, so that what the compiler says of it points there.
    pub(crate) fn type_span(&self) -> Span {
        self.of_type.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
    }
}

fn constant(text: &LitStr, settings: &mut Settings<'_>) -> Option<Ident> {
    let parsed = text.parse::<Ident>();
    if parsed.is_err() {
        settings.problem(text, format_args!("{} cannot be the name of a constant", text.to_token_stream()));
    }
    parsed.ok()
}

/// How messages name a field: `` `Author::name` ``.
pub(crate) fn owner(model: &Ident, field: &Ident) -> String {
    format!("`{}::{}`", plain(model), plain(field))
}

/// Whether the type is one of these names, alone or in `Option`.
pub(crate) fn is_named(of: &Type, names: &[&str]) -> bool {
    use crate::spelling::{last_segment, option_argument};
    let base = option_argument(of).unwrap_or(of);
    last_segment(base).is_some_and(|(name, _)| names.iter().any(|known| name == known))
}
