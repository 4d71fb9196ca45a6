//! [`InsertRow`]: what one row of an INSERT can be.

use super::{InsertNode, InsertRows};
use crate::{
    expression::Node,
    name::Name,
    typed::{IntoNode, Model},
};

/// One row of an INSERT: a tuple of values in the order of the columns, a list of names with values, or a model.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of values",
    note = "use a tuple in the order of the columns, an array of (\"name\", value) pairs, or a model"
)]
pub trait InsertRow {
    /// The names of the columns; none: the table's, in order.
    fn columns(&self) -> Option<Vec<Name>>;

    /// Adds the values, in the order of the columns.
    fn nodes(self, nodes: &mut Vec<Node>);
}

/// Adds rows to an INSERT. Rows of another shape than the first make it invalid, which compiling reports.
pub(super) fn append<I>(insert: &mut InsertNode, rows: I)
where
    I: IntoIterator,
    I::Item: InsertRow,
{
    let (mut nodes, mut width) = match std::mem::replace(&mut insert.rows, InsertRows::Default) {
        InsertRows::Values { nodes, width } => (nodes, width),
        _ => (Vec::new(), 0),
    };
    let mut count = 0;
    for row in rows {
        count += 1;
        let columns = row.columns();
        if insert.columns.is_none() {
            insert.columns = columns;
        } else if columns.is_some() && columns != insert.columns {
            insert.rows = InsertRows::Invalid(
                format!("row {count} has other columns than the first; insert rows of one shape together")
                    .into(),
            );
            return;
        }
        let before = nodes.len();
        row.nodes(&mut nodes);
        let row_width = nodes.len() - before;
        if width == 0 {
            width = row_width;
        }
        if width != row_width {
            insert.rows = InsertRows::Invalid(
                format!("row {count} has {row_width} values, but the first has {width}").into(),
            );
            return;
        }
    }
    insert.rows = if count == 0 && nodes.is_empty() {
        InsertRows::Invalid("there are no rows to insert".into())
    } else {
        InsertRows::Values { nodes, width }
    };
}

impl<M: Model> InsertRow for &M {
    fn columns(&self) -> Option<Vec<Name>> {
        let definition = M::table().definition();
        let unset = self
            .is_key_unset()
            .then(|| definition.autoincrement_column().map(|column| column.name.clone()))
            .flatten();
        Some(
            definition
                .columns
                .iter()
                .map(|column| column.name.clone())
                .filter(|name| Some(name) != unset.as_ref())
                .collect(),
        )
    }

    fn nodes(self, nodes: &mut Vec<Node>) {
        let definition = M::table().definition();
        let unset = self
            .is_key_unset()
            .then(|| definition.autoincrement_column().map(|column| column.name.clone()))
            .flatten();
        let mut values = Vec::with_capacity(M::COLUMNS);
        self.write(&mut values);
        nodes.extend(
            definition
                .columns
                .iter()
                .zip(values)
                .filter(|(column, _)| Some(&column.name) != unset.as_ref())
                .map(|(column, value)| Node::typed_bind(value, column.sql_type.clone())),
        );
    }
}

impl<N: Into<Name> + Clone, V: IntoNode, const COUNT: usize> InsertRow for [(N, V); COUNT] {
    fn columns(&self) -> Option<Vec<Name>> {
        Some(self.iter().map(|(name, _)| name.clone().into()).collect())
    }

    fn nodes(self, nodes: &mut Vec<Node>) {
        nodes.extend(self.into_iter().map(|(_, value)| value.into_node()));
    }
}

impl<N: Into<Name> + Clone, V: IntoNode> InsertRow for Vec<(N, V)> {
    fn columns(&self) -> Option<Vec<Name>> {
        Some(self.iter().map(|(name, _)| name.clone().into()).collect())
    }

    fn nodes(self, nodes: &mut Vec<Node>) {
        nodes.extend(self.into_iter().map(|(_, value)| value.into_node()));
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: IntoNode),*> InsertRow for ($($name,)*) {
            fn columns(&self) -> Option<Vec<Name>> {
                None
            }

            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn nodes(self, nodes: &mut Vec<Node>) {
                let ($($name,)*) = self;
                $(nodes.push($name.into_node());)*
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
