//! [`RowValues`]: the rows of an INSERT; [`RowWriter`]: where a row writes its values.

use std::sync::Arc;

use crate::{SqlType, expression::Node, value::Value};

/// The rows of an INSERT, all of one width, one after the other.
///
/// Rows of nothing but values are kept as values: they go to the driver from here, without being copied.
#[derive(Clone, Debug)]
pub struct RowValues {
    cells: Cells,
    width: usize,
    count: usize,
    /// Whether they were cut off from more rows.
    cut: bool,
}

/// What stands in the rows.
#[derive(Clone, Debug)]
enum Cells {
    Values(Arc<Vec<Value>>),
    Nodes(Vec<Node>),
}

/// Where a row writes its values, in the order of the columns.
#[derive(Debug, Default)]
pub struct RowWriter {
    values: Vec<Value>,
    /// All of them, from the first expression on that is no value.
    nodes: Option<Vec<Node>>,
    /// Whether the database numbers a column of the model, once it was looked for.
    pub(super) numbers: Option<bool>,
}

impl RowValues {
    /// Rows of so many values each, one after the other; what is left over is no row.
    pub fn new(values: Vec<Value>, width: usize) -> Self {
        let count = values.len().checked_div(width).unwrap_or_default();
        Self { cells: Cells::Values(Arc::new(values)), width, count, cut: false }
    }

    /// One value, or one expression: the first of a row.
    pub(super) fn one(node: Node) -> Self {
        let mut writer = RowWriter::default();
        writer.node(node);
        writer.finish(1, 1)
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The values of all rows, where they are nothing but values.
    pub fn values(&self) -> Option<&Arc<Vec<Value>>> {
        match &self.cells {
            Cells::Values(values) => Some(values),
            Cells::Nodes(_) => None,
        }
    }

    /// The expressions of all rows, where some are not values.
    pub fn nodes(&self) -> Option<&[Node]> {
        match &self.cells {
            Cells::Values(_) => None,
            Cells::Nodes(nodes) => Some(nodes),
        }
    }

    /// The value at a place of a row; none where an expression stands there, or nothing.
    pub fn value(&self, row: usize, place: usize) -> Option<&Value> {
        let position = row * self.width + place;
        match &self.cells {
            Cells::Values(values) => values.get(position),
            Cells::Nodes(nodes) => match nodes.get(position) {
                Some(Node::Bind(bind)) => Some(&bind.value),
                _ => None,
            },
        }
    }

    /// Keeps all of them as expressions, so that each has a place of its own in the text.
    pub(super) fn make_nodes(&mut self) {
        if let Cells::Values(values) = &self.cells {
            self.cells = Cells::Nodes(values.iter().cloned().map(Node::bind).collect());
        }
    }

    /// Whether they were cut off from more rows.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// So many rows from one on, by themselves.
    pub(crate) fn slice(&self, first: usize, count: usize) -> Self {
        let range = first * self.width..(first + count) * self.width;
        let cells = match &self.cells {
            Cells::Values(values) => Cells::Values(Arc::new(values[range].to_vec())),
            Cells::Nodes(nodes) => Cells::Nodes(nodes[range].to_vec()),
        };
        Self { cells, width: self.width, count, cut: true }
    }

    /// Takes the values out, to add to them.
    pub(super) fn into_writer(self) -> RowWriter {
        match self.cells {
            Cells::Values(values) => RowWriter {
                values: Arc::try_unwrap(values).unwrap_or_else(|shared| (*shared).clone()),
                ..RowWriter::default()
            },
            Cells::Nodes(nodes) => RowWriter { nodes: Some(nodes), ..RowWriter::default() },
        }
    }
}

impl RowWriter {
    /// One that keeps everything as expressions, so that values keep the types that were said of them.
    pub(super) fn typed() -> Self {
        Self { nodes: Some(Vec::new()), ..Self::default() }
    }

    /// One that adds to values that are there.
    pub fn behind(values: Vec<Value>) -> Self {
        Self { values, ..Self::default() }
    }

    /// The values, where nothing but values was written; else none.
    pub fn into_values(self) -> Option<Vec<Value>> {
        if self.nodes.is_none() { Some(self.values) } else { None }
    }

    /// Adds a value.
    #[inline]
    pub fn value(&mut self, value: Value) {
        match &mut self.nodes {
            None => self.values.push(value),
            Some(nodes) => nodes.push(Node::bind(value)),
        }
    }

    /// Adds a value with its type, which is only asked for where the value is kept as an expression.
    #[inline]
    pub(crate) fn typed_value(&mut self, value: Value, sql_type: impl FnOnce() -> SqlType) {
        match &mut self.nodes {
            None => self.values.push(value),
            Some(nodes) => nodes.push(Node::typed_bind(value, sql_type())),
        }
    }

    /// Adds an expression, which may be a value.
    pub fn node(&mut self, node: Node) {
        match (&mut self.nodes, node) {
            (None, Node::Bind(bind)) => self.values.push(bind.value),
            (None, node) => {
                let mut nodes: Vec<Node> = self.values.drain(..).map(Node::bind).collect();
                nodes.push(node);
                self.nodes = Some(nodes);
            }
            (Some(nodes), node) => nodes.push(node),
        }
    }

    /// Room for so many more values.
    pub(super) fn reserve(&mut self, values: usize) {
        if self.nodes.is_none() {
            self.values.reserve(values);
        }
    }

    /// Lets a model write its columns.
    #[inline]
    pub(super) fn columns(&mut self, write: impl FnOnce(&mut Vec<Value>)) {
        match &mut self.nodes {
            None => write(&mut self.values),
            Some(nodes) => {
                let mut values = Vec::new();
                write(&mut values);
                nodes.extend(values.into_iter().map(Node::bind));
            }
        }
    }

    /// How many values there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.nodes.as_ref().map_or(self.values.len(), Vec::len)
    }

    /// All of them as expressions.
    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.nodes.unwrap_or_else(|| self.values.into_iter().map(Node::bind).collect())
    }

    pub(super) fn finish(self, width: usize, count: usize) -> RowValues {
        let cells = match self.nodes {
            None => Cells::Values(Arc::new(self.values)),
            Some(nodes) => Cells::Nodes(nodes),
        };
        RowValues { cells, width, count, cut: false }
    }
}
