//! The inside of JSON documents, typed on the way out.

use super::{Attribute, ColumnExpression, ColumnType, Expression, IntoNode, Model};
use crate::{
    expression::{Construct, JsonRead, JsonStep, Node},
    name::Name,
};

/// A Rust type whose columns hold JSON documents.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` column holds no JSON document",
    label = "not JSON",
    note = "`serde_json::Value` does, with the feature `serde_json-1`; of an untyped column it is enough to write `.json()`"
)]
pub trait JsonDocument {}

#[cfg(feature = "serde_json-1")]
impl JsonDocument for serde_json_1::Value {}

/// A place in a JSON document: `book.c("data").json().key("authors").index(0)`. What it is read as comes last.
///
/// The way is written into the text, so that an index on the expression can serve it. What is not there is NULL, as is JSON's
/// null except where it is read [as JSON](Self::as_json).
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
/// # let book = Table::unregistered("book").column(Column::new("data", Json));
/// let pages = book.c("data").json().key("print").key("pages").as_integer();
/// let statement = select(pages.clone()).filter(pages.gt(300));
/// assert_eq!(
///     statement.to_sql(&SqliteDialect::default())?,
///     "SELECT CAST(json_extract(book.data, '$.\"print\".\"pages\"') AS INTEGER) FROM book WHERE \
///      CAST(json_extract(book.data, '$.\"print\".\"pages\"') AS INTEGER) > 300"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct JsonPath {
    document: Node,
    path: Vec<JsonStep>,
}

impl JsonPath {
    fn of(document: Node) -> Self {
        Self { document, path: Vec::new() }
    }

    /// The value of a key of the object.
    pub fn key(mut self, key: impl Into<Name>) -> Self {
        self.path.push(JsonStep::Member(key.into()));
        self
    }

    /// The value at a position of the array, from 0 up.
    pub fn index(mut self, position: u32) -> Self {
        self.path.push(JsonStep::Position(position));
        self
    }

    /// The value as text, without quotes; an object or an array in JSON.
    #[must_use]
    pub fn as_string(self) -> Expression<Option<String>> {
        self.read(JsonRead::Text)
    }

    /// The value as a whole number.
    #[must_use]
    pub fn as_integer(self) -> Expression<Option<i64>> {
        self.read(JsonRead::Integer)
    }

    /// The value as a floating-point number.
    #[must_use]
    pub fn as_float(self) -> Expression<Option<f64>> {
        self.read(JsonRead::Float)
    }

    /// The value as a truth value.
    #[must_use]
    pub fn as_boolean(self) -> Expression<Option<bool>> {
        self.read(JsonRead::Boolean)
    }

    /// The value as it is, in JSON: null is JSON's null here, and NULL is what is not there.
    #[must_use]
    pub fn as_json<T: ColumnType<Base = T>>(self) -> Expression<Option<T>> {
        self.read(JsonRead::Json)
    }

    fn read<T>(self, read: JsonRead) -> Expression<Option<T>> {
        Expression::new(Node::construct(Construct::Json { path: self.path, read }, vec![self.document]))
    }
}

impl<M: Model, T: ColumnType> Attribute<M, T>
where
    T::Base: JsonDocument,
{
    /// The inside of the document.
    pub fn json(self) -> JsonPath {
        JsonPath::of(self.node())
    }
}

impl<T: ColumnType> Expression<T>
where
    T::Base: JsonDocument,
{
    /// The inside of the document.
    pub fn json(self) -> JsonPath {
        JsonPath::of(IntoNode::into_node(self))
    }
}

impl ColumnExpression {
    /// The inside of the JSON document.
    pub fn json(self) -> JsonPath {
        JsonPath::of(self.node())
    }
}
