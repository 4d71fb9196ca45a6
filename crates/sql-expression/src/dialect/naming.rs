//! [`PhysicalNaming`]: how names of tables and columns become names in the database.

use std::borrow::Cow;

/// How names of tables and columns become names in the database.
///
/// One set of models can so be used with databases that follow different habits: `AlbumId` here, `album_id` there.
/// Labels, aliases and other names that a statement makes up are never changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhysicalNaming {
    /// Just as written.
    #[default]
    AsWritten,
    /// `AlbumId` becomes `album_id`, and `HTTPServer` `http_server`.
    SnakeCase,
    /// `album_id` becomes `AlbumId`.
    PascalCase,
}

impl PhysicalNaming {
    /// The name in the database.
    pub fn apply(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::AsWritten => Cow::Borrowed(name),
            Self::SnakeCase if !name.contains(char::is_uppercase) => Cow::Borrowed(name),
            Self::SnakeCase => Cow::Owned(snake_case(name)),
            Self::PascalCase => Cow::Owned(pascal_case(name)),
        }
    }
}

fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (position, &character) in characters.iter().enumerate() {
        if character.is_uppercase() {
            let before = position.checked_sub(1).and_then(|before| characters.get(before));
            let after = characters.get(position + 1);
            let begins = match before {
                None | Some('_') => false,
                Some(before) if before.is_uppercase() => after.is_some_and(|after| after.is_lowercase()),
                Some(_) => true,
            };
            if begins {
                snake.push('_');
            }
            snake.extend(character.to_lowercase());
        } else {
            snake.push(character);
        }
    }
    snake
}

fn pascal_case(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut begins = true;
    for character in name.chars() {
        if character == '_' {
            begins = true;
        } else if begins {
            pascal.extend(character.to_uppercase());
            begins = false;
        } else {
            pascal.push(character);
        }
    }
    pascal
}
