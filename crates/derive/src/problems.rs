//! [`Problems`]: everything that is wrong with one derive's input.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Everything that is wrong with one derive's input, to be shown at once.
#[derive(Default)]
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    /// Adds a message that points at these tokens.
    pub(crate) fn add(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.add_error(syn::Error::new_spanned(place, message));
    }

    /// Adds an error of the parser.
    pub(crate) fn add_error(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The messages, as the compiler shows them.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(|errors| errors.into_compile_error()).unwrap_or_default()
    }
}
