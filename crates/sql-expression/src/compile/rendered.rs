//! [`Rendered`]: what is sent for one statement.

use std::sync::Arc;

use super::{Parameters, RowOrder};
use crate::{Few, statement::StatementKind};

/// What is sent for one statement: nearly always one part with one set of parameters.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The parts, to be sent in order; a large INSERT has several.
    pub parts: Few<RenderedPart>,
    /// What kind of statement it is.
    pub kind: StatementKind,
    /// Whether rows come back. Of SQL written by hand it is a guess from its first word, and `true` when in doubt.
    pub returns_rows: bool,
    /// How the rows that an INSERT gives back find those that were given; none: they need not, because there is one row,
    /// or no RETURNING, or the order does not matter.
    pub row_order: Option<Box<RowOrder>>,
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
    pub parameters: Parameters,
    /// How many sets of parameters there are; the text is executed once for each.
    pub sets: usize,
    /// How many rows of an INSERT it stands for; 0 where it is not known, or no INSERT.
    pub rows: usize,
}
