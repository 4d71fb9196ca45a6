//! [`OnUpdate`]: what an UPDATE puts into a column that it does not name.

use std::{fmt, sync::Arc};

use crate::{Value, expression::Node, typed::ColumnType, types::SqlType};

/// What an UPDATE puts into a column that it does not name itself: what a function gives each time, or an expression.
///
/// Given to a column by [`Column::onupdate`](super::Column::onupdate) and
/// [`Column::onupdate_expression`](super::Column::onupdate_expression). What a foreign key does when the key that it references
/// changes is another thing: [`Column::on_update`](super::Column::on_update).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OnUpdate {
    /// What a function gives.
    Function(ValueFunction),
    /// An expression, which the database calculates.
    Expression(Node),
}

impl OnUpdate {
    /// The new value, for a column of this type.
    pub(crate) fn node(&self, sql_type: &SqlType) -> Node {
        match self {
            Self::Function(function) => Node::typed_bind(function.value(), sql_type.clone()),
            Self::Expression(node) => node.clone(),
        }
    }
}

/// A function that makes a value for a column.
#[derive(Clone)]
pub struct ValueFunction(Arc<dyn Fn() -> Value + Send + Sync>);

impl ValueFunction {
    pub(super) fn new<T: ColumnType>(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || make().into_value()))
    }

    /// A value.
    #[must_use]
    pub fn value(&self) -> Value {
        (self.0)()
    }
}

impl fmt::Debug for ValueFunction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("function")
    }
}
