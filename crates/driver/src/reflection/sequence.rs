//! [`ReflectedSequence`].

/// A sequence (PostgreSQL and MariaDB).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReflectedSequence {
    /// The name.
    pub name: String,
    /// The type of its numbers, in the server's words; none where there is but one.
    pub type_name: Option<String>,
    /// The first number.
    pub start: i64,
    /// How far it is to the next.
    pub increment: i64,
    /// The lowest number.
    pub minvalue: i64,
    /// The highest number.
    pub maxvalue: i64,
    /// Whether it begins again at its end.
    pub cycle: bool,
    /// How many numbers a connection takes at once.
    pub cache: i64,
    /// The table and column that it goes with (OWNED BY).
    pub owned_by: Option<(String, String)>,
    /// The comment.
    pub comment: Option<String>,
}
