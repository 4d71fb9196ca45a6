//! Names in other spellings, and types as a user writes them.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type, ext::IdentExt};

/// `BookTag` as `book_tag`, `HTTPServer` as `http_server`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied().unwrap_or('_');
        let ends_capitals =
            before.is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_capitals) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The tokens as a user writes them: `Many<Book>`, not `Many < Book >`.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "").replace(',', ", ")
}

/// The identifier without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Writes the struct's name for `Self`, which the functions inside of constants do not know.
pub(crate) fn without_self(tokens: impl ToTokens, ident: &Ident) -> TokenStream {
    let replace = |tree| match tree {
        TokenTree::Ident(word) if word == "Self" => Ident::new(&ident.to_string(), word.span()).into(),
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), without_self(group.stream(), ident));
            replaced.set_span(group.span());
            replaced.into()
        }
        other => other,
    };
    tokens.into_token_stream().into_iter().map(replace).collect()
}

/// The same tokens, as if they stood at a place of the user's code, so that messages about them point there.
pub(crate) fn placed(tokens: impl ToTokens, span: Span) -> TokenStream {
    let place = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &tree {
            tree = Group::new(group.delimiter(), placed(group.stream(), span)).into();
        }
        tree.set_span(span);
        tree
    };
    tokens.into_token_stream().into_iter().map(place).collect()
}

/// The last name in a type's path, and its lone type argument: `Many` and `Book` of `aludel::Many<Book>`.
pub(crate) fn last_segment(of: &Type) -> Option<(&Ident, Option<&Type>)> {
    let path = match of {
        Type::Path(path) => &path.path,
        Type::Group(group) => return last_segment(&group.elem),
        Type::Paren(paren) => return last_segment(&paren.elem),
        _ => return None,
    };
    let segment = path.segments.last()?;
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(list) => list.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        }),
        _ => None,
    };
    Some((&segment.ident, argument))
}

/// The type inside of `Option<..>`.
pub(crate) fn option_argument(of: &Type) -> Option<&Type> {
    last_segment(of).filter(|(name, _)| *name == "Option").and_then(|(_, argument)| argument)
}
