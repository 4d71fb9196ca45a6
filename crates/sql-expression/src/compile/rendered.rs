//! [`Rendered`]: what is sent for one statement.

use std::sync::Arc;

use crate::{Value, statement::StatementKind};

/// What is sent for one statement: nearly always one part with one set of parameters.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The parts, to be sent in order; a large INSERT has several.
    pub parts: Vec<RenderedPart>,
    /// What kind of statement it is.
    pub kind: StatementKind,
    /// Whether rows come back. Of SQL written by hand it is a guess from its first word, and `true` when in doubt.
    pub returns_rows: bool,
}

/// One text with its parameters.
#[derive(Clone, Debug)]
pub struct RenderedPart {
    /// The text, in the dialect's placeholder style.
    pub sql: Arc<str>,
    /// A hash of the text: the key of its prepared form. Equal texts have equal keys.
    pub key: u64,
    /// Whether its prepared form is worth keeping: the same text is likely to come again.
    pub cacheable: bool,
    /// The parameters; with several sets, one set after the other.
    pub parameters: Vec<Value>,
    /// How many sets of parameters there are. More than one never gives rows back.
    pub sets: usize,
}
