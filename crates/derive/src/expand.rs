//! What `#[derive(Mapped)]` emits. Every path is absolute, so that a model may be called `Table`, `Value` or `String`.

mod checks;
mod constants;
mod mapped;
mod model;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::{model::Model, problems::Problems, root::Root, validate::validate};

/// Expands `#[derive(Mapped)]`. When something is wrong, the rest is emitted all the same, so that code which uses the
/// model is not reported too.
pub(crate) fn mapped(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let Some(model) = Model::of(input, &mut problems) else { return problems.into_tokens() };
    validate(&model, &mut problems);
    let root = Root::of_session();
    let mut tokens = constants::expand(&model, &root);
    tokens.extend(model::expand(&model, &root));
    tokens.extend(mapped::expand(&model, &root));
    if problems.is_empty() {
        tokens.extend(checks::expand(&model));
    }
    tokens.extend(problems.into_tokens());
    tokens
}

/// Switches off, in what is emitted, the lints that speak about a person's own style.
fn quiet() -> TokenStream {
    quote! {
        #[allow(
            non_upper_case_globals, non_camel_case_types, dead_code, deprecated, unreachable_pub, unused_qualifications,
            clippy::all, clippy::pedantic, clippy::nursery
        )]
    }
}
