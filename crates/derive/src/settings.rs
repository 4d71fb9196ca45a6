//! [`Settings`]: the words in one attribute, such as `#[column(length = 120, index)]`.

use std::str::FromStr;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprPath, Lit, LitInt, LitStr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

use crate::{
    problems::Problems,
    spelling::{plain, without_self},
};

/// The words in one attribute. Each is taken out by name; [`Settings::finish`] reports what is left.
pub(crate) struct Settings<'p> {
    problems: &'p mut Problems,
    /// Names what the attribute stands on, for messages: `` `Author::name` ``.
    owner: String,
    attribute: &'static str,
    list: Vec<Setting>,
    known: Vec<&'static str>,
}

struct Setting {
    name: Ident,
    given: Given,
}

enum Given {
    Nothing,
    Value(Expr),
    List(TokenStream),
}

/// A field of a model, named from elsewhere: `Author::id`.
#[derive(Clone)]
pub(crate) struct Reference {
    /// `Author`.
    pub(crate) model: TokenStream,
    /// `id`.
    pub(crate) member: Ident,
}

impl ToTokens for Reference {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { model, member } = self;
        tokens.extend(quote::quote!(#model::#member));
    }
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let given = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Given::Value(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Given::List(content.parse()?)
        } else {
            Given::Nothing
        };
        Ok(Self { name, given })
    }
}

impl<'p> Settings<'p> {
    /// Collects the words of all attributes of this name.
    pub(crate) fn of(
        attributes: &[Attribute],
        attribute: &'static str,
        owner: String,
        problems: &'p mut Problems,
    ) -> Self {
        let mut list = Vec::new();
        for given in attributes.iter().filter(|given| given.path().is_ident(attribute)) {
            let parser = Punctuated::<Setting, Token![,]>::parse_terminated;
            match given.meta.require_list().and_then(|words| parser.parse2(words.tokens.clone())) {
                Ok(words) => list.extend(words),
                Err(error) => {
                    let message = format!("{owner}: `#[{attribute}(..)]` cannot be read: {error}");
                    problems.add_error(syn::Error::new(error.span(), message));
                }
            }
        }
        Self { problems, owner, attribute, list, known: Vec::new() }
    }

    /// Adds a message about what the attribute stands on.
    pub(crate) fn problem(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.problems.add(place, format_args!("{}: {message}", self.owner));
    }

    fn take(&mut self, name: &'static str) -> Option<Setting> {
        self.known.push(name);
        let taken = self.take_again(name)?;
        while let Some(again) = self.take_again(name) {
            self.problem(&again.name, format_args!("`{name}` is given twice"));
        }
        Some(taken)
    }

    fn take_again(&mut self, name: &'static str) -> Option<Setting> {
        let at = self.list.iter().position(|setting| setting.name == name)?;
        Some(self.list.remove(at))
    }

    /// A value after `name =`.
    pub(crate) fn expression(&mut self, name: &'static str, example: &str) -> Option<Expr> {
        match self.take(name)? {
            Setting { given: Given::Value(value), .. } => Some(value),
            setting => {
                self.problem(
                    &setting.name,
                    format_args!("`{name}` needs a value, such as `{name} = {example}`"),
                );
                None
            }
        }
    }

    /// `name`, `name = true` or `name = false`.
    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let setting = self.take(name)?;
        let value = match &setting.given {
            Given::Nothing => return Some(true),
            Given::Value(value) => literal(value),
            Given::List(_) => None,
        };
        if let Some(Lit::Bool(value)) = value {
            return Some(value.value);
        }
        self.problem(
            &setting.name,
            format_args!("`{name}` stands alone, or is `{name} = true` or `{name} = false`"),
        );
        None
    }

    /// `name` alone, or a value after `name =`.
    pub(crate) fn flag_or_expression(&mut self, name: &'static str) -> Option<Option<Expr>> {
        let setting = self.take(name)?;
        match setting.given {
            Given::Nothing => Some(None),
            Given::Value(value) => Some(Some(value)),
            Given::List(_) => {
                self.problem(&setting.name, format_args!("`{name}` stands alone, or has a value"));
                None
            }
        }
    }

    /// Like [`Settings::boolean`], false when it is not there.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        self.boolean(name).unwrap_or(false)
    }

    /// A text in quotation marks.
    pub(crate) fn text(&mut self, name: &'static str, example: &str) -> Option<LitStr> {
        let value = self.expression(name, example)?;
        self.as_text(name, &value, example)
    }

    fn as_text(&mut self, name: &str, value: &Expr, example: &str) -> Option<LitStr> {
        if let Some(Lit::Str(text)) = literal(value) {
            return Some(text.clone());
        }
        self.problem(value, format_args!("`{name}` takes a text, such as `{name} = {example}`"));
        None
    }

    /// Texts, where the word may be repeated.
    pub(crate) fn texts(&mut self, name: &'static str, example: &str) -> Vec<LitStr> {
        self.known.push(name);
        let mut texts = Vec::new();
        while let Some(setting) = self.take_again(name) {
            match setting.given {
                Given::Value(value) => texts.extend(self.as_text(name, &value, example)),
                _ => self.problem(
                    &setting.name,
                    format_args!("`{name}` needs a text, such as `{name} = {example}`"),
                ),
            }
        }
        texts
    }

    /// A whole number that `N` can hold.
    pub(crate) fn number<N: FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
        example: &str,
    ) -> Option<LitInt> {
        let value = self.expression(name, example)?;
        let Some(Lit::Int(number)) = literal(&value) else {
            self.problem(&value, format_args!("`{name}` takes a whole number, such as `{name} = {example}`"));
            return None;
        };
        match number.base10_parse::<N>() {
            Ok(_) => Some(number.clone()),
            Err(error) => {
                self.problem(&value, format_args!("`{name}` cannot be {number}: {error}"));
                None
            }
        }
    }

    /// A path of any kind.
    pub(crate) fn path(&mut self, name: &'static str, example: &str) -> Option<Path> {
        match self.expression(name, example)? {
            Expr::Path(ExprPath { path, qself: None, .. }) => Some(path),
            other => {
                self.problem(&other, format_args!("`{name}` takes a path, such as `{name} = {example}`"));
                None
            }
        }
    }

    /// A field of a model.
    pub(crate) fn reference(
        &mut self,
        name: &'static str,
        example: &str,
        ident: &Ident,
    ) -> Option<Reference> {
        let value = self.expression(name, example)?;
        self.as_reference(name, &value, example, ident)
    }

    /// Takes a value as a field of a model.
    pub(crate) fn as_reference(
        &mut self,
        name: &str,
        value: &Expr,
        example: &str,
        ident: &Ident,
    ) -> Option<Reference> {
        if let Expr::Path(ExprPath { path, qself: None, .. }) = value
            && let Some(member) = path.segments.last()
            && path.segments.len() > 1
        {
            let mut model = path.clone();
            model.segments.pop();
            model.segments.pop_punct();
            return Some(Reference { model: without_self(model, ident), member: member.ident.clone() });
        }
        self.problem(value, format_args!("`{name}` takes a field of a model, such as `{name} = {example}`"));
        None
    }

    /// Names in parentheses, where the word may be repeated.
    pub(crate) fn lists(&mut self, name: &'static str) -> Vec<Vec<Ident>> {
        self.known.push(name);
        let mut lists = Vec::new();
        while let Some(setting) = self.take_again(name) {
            let names = match setting.given {
                Given::List(tokens) => Punctuated::<Ident, Token![,]>::parse_terminated.parse2(tokens).ok(),
                _ => None,
            };
            match names {
                Some(names) if !names.is_empty() => lists.push(names.into_iter().collect()),
                _ => self.problem(
                    &setting.name,
                    format_args!("`{name}` takes fields, such as `{name}(name, born)`"),
                ),
            }
        }
        lists
    }

    /// A word that does not exist on purpose: gives it, with what stands behind it.
    pub(crate) fn refused(&mut self, name: &'static str) -> Option<(Ident, Option<String>)> {
        let setting = self.take_again(name)?;
        let text = match &setting.given {
            Given::Value(Expr::Path(path)) => path.path.segments.last().map(|segment| plain(&segment.ident)),
            Given::Value(value) => literal(value).and_then(|literal| match literal {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            }),
            _ => None,
        };
        Some((setting.name, text))
    }

    /// Like [`Settings::finish`], but leaves alone the words that `#[derive(Mapped)]` on the same struct understands.
    pub(crate) fn finish_of_row(mut self) {
        self.list.retain(|setting| !crate::column::WORDS.contains(&setting.name.to_string().as_str()));
        self.finish();
    }

    /// Reports the words that nobody asked for.
    pub(crate) fn finish(self) {
        let Self { problems, owner, attribute, list, known } = self;
        for Setting { name, .. } in list {
            let message = format!(
                "{owner}: `#[{attribute}(..)]` has no word `{name}`; its words are {}",
                known.join(", ")
            );
            problems.add(name, message);
        }
    }
}

/// The literal, also when a macro of the user passed it on.
fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}
