//! [`TextValue`]: text on its way to a statement's parameter.

use std::{fmt, ops::Deref};

use smol_str::SmolStr;

/// The longest text that stands in the value itself, in bytes.
const INLINE: usize = 23;

/// Text on its way to a statement's parameter: up to 23 bytes stand in the value itself, and what is longer is shared
/// between its copies. So names, words and codes need no memory of their own, and no text is copied with its value.
///
/// It reads like a `&str`; make one by `into()`.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextValue(SmolStr);

impl TextValue {
    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for TextValue {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for TextValue {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for TextValue {
    #[inline]
    fn from(text: &str) -> Self {
        // What is made here is made in its place: moving a value that was just written byte by byte stalls the processor.
        Self(if text.len() <= INLINE { SmolStr::new_inline(text) } else { SmolStr::new(text) })
    }
}

impl From<&String> for TextValue {
    #[inline]
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for TextValue {
    #[inline]
    fn from(text: String) -> Self {
        Self(SmolStr::new(text))
    }
}

impl From<TextValue> for String {
    fn from(text: TextValue) -> Self {
        text.0.into()
    }
}

impl PartialEq<str> for TextValue {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for TextValue {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for TextValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl fmt::Debug for TextValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}
