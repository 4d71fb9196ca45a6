//! [`InsertRow`]: what one row of an INSERT can be.

use super::{InsertNode, InsertRows, RowWriter};
use crate::{
    name::Name,
    typed::{IntoNode, Model, numbered},
};

/// One row of an INSERT: a tuple of values in the order of the columns, a list of names with values, a model, or `()` for
/// a row of defaults.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of values",
    note = "use a tuple in the order of the columns, an array of (\"name\", value) pairs, or a mapped model"
)]
pub trait InsertRow {
    /// The names of the columns; none: the table's, in order. Asked of the first row.
    fn columns(&self) -> Option<Vec<Name>>;

    /// Whether a further row has the same columns as the first, which was of the same type.
    fn has_columns(&self, first: Option<&[Name]>) -> bool;

    /// Writes the values, in the order of the columns.
    fn write(self, row: &mut RowWriter);
}

/// Adds rows to an INSERT. Rows of another shape than the first make it invalid, which compiling reports.
pub(super) fn append<I>(insert: &mut InsertNode, rows: I)
where
    I: IntoIterator,
    I::Item: InsertRow,
{
    let (before, width_before, mut writer) = match std::mem::replace(&mut insert.rows, InsertRows::Default) {
        InsertRows::Values(rows) => (rows.count(), rows.width(), rows.into_writer()),
        InsertRows::Invalid(message) => {
            insert.rows = InsertRows::Invalid(message);
            return;
        }
        _ => (0, 0, RowWriter::default()),
    };
    let mut rows = rows.into_iter();
    let expected = rows.size_hint().0;
    let Some(first) = rows.next() else {
        insert.rows = match before {
            0 => InsertRows::Invalid("there are no rows to insert".into()),
            count => InsertRows::Values(writer.finish(width_before, count)),
        };
        return;
    };
    let named = first.columns();
    let names = named.is_some();
    if insert.columns.is_none() && before == 0 {
        insert.columns = named;
    } else if names && named != insert.columns {
        insert.rows = other_columns(before + 1);
        return;
    }
    let start = writer.len();
    first.write(&mut writer);
    let mut end = writer.len();
    let mut count = before + 1;
    let width = if before == 0 { end - start } else { width_before };
    if end - start != width {
        insert.rows = other_width(count, end - start, width);
        return;
    }
    writer.reserve(width * expected.saturating_sub(1));
    let columns = if names { insert.columns.as_deref() } else { None };
    for row in rows {
        count += 1;
        if !row.has_columns(columns) {
            insert.rows = other_columns(count);
            return;
        }
        row.write(&mut writer);
        let start = std::mem::replace(&mut end, writer.len());
        if end - start != width {
            insert.rows = other_width(count, end - start, width);
            return;
        }
    }
    insert.rows = InsertRows::Values(writer.finish(width, count));
}

#[cold]
fn other_columns(row: usize) -> InsertRows {
    InsertRows::Invalid(
        format!("row {row} has other columns than the first; insert rows of one shape together").into(),
    )
}

#[cold]
fn other_width(row: usize, row_width: usize, width: usize) -> InsertRows {
    InsertRows::Invalid(format!("row {row} has {row_width} values, but the first has {width}").into())
}

impl<M: Model> InsertRow for &M {
    fn columns(&self) -> Option<Vec<Name>> {
        let left_out = if self.is_key_unset() { numbered::<M>() } else { None };
        let definition = M::table().definition();
        let columns = definition.columns.iter().enumerate();
        Some(
            columns
                .filter(|(place, column)| Some(*place) != left_out && !column.is_read_only())
                .map(|(_, column)| column.name.clone())
                .collect(),
        )
    }

    #[inline]
    fn has_columns(&self, first: Option<&[Name]>) -> bool {
        // The first row was of this model too, so that only its key can have been left out.
        first.is_some_and(|first| (first.len() < M::WRITTEN) == self.is_key_unset())
    }

    #[inline]
    fn write(self, row: &mut RowWriter) {
        let leaves_out = self.is_key_unset() && *row.numbers.get_or_insert_with(|| numbered::<M>().is_some());
        row.columns(|values| if leaves_out { self.write_unnumbered(values) } else { M::write(self, values) });
    }
}

impl InsertRow for () {
    fn columns(&self) -> Option<Vec<Name>> {
        None
    }

    fn has_columns(&self, _: Option<&[Name]>) -> bool {
        true
    }

    fn write(self, _: &mut RowWriter) {}
}

fn are_named<'n, N: Into<Name> + Clone + 'n>(
    names: impl ExactSizeIterator<Item = &'n N>,
    first: Option<&[Name]>,
) -> bool {
    first.is_some_and(|first| {
        first.len() == names.len() && names.zip(first).all(|(name, first)| name.clone().into() == *first)
    })
}

impl<N: Into<Name> + Clone, V: IntoNode, const COUNT: usize> InsertRow for [(N, V); COUNT] {
    fn columns(&self) -> Option<Vec<Name>> {
        Some(self.iter().map(|(name, _)| name.clone().into()).collect())
    }

    fn has_columns(&self, first: Option<&[Name]>) -> bool {
        are_named(self.iter().map(|(name, _)| name), first)
    }

    fn write(self, row: &mut RowWriter) {
        self.into_iter().for_each(|(_, value)| value.write_to(row));
    }
}

impl<N: Into<Name> + Clone, V: IntoNode> InsertRow for Vec<(N, V)> {
    fn columns(&self) -> Option<Vec<Name>> {
        Some(self.iter().map(|(name, _)| name.clone().into()).collect())
    }

    fn has_columns(&self, first: Option<&[Name]>) -> bool {
        are_named(self.iter().map(|(name, _)| name), first)
    }

    fn write(self, row: &mut RowWriter) {
        self.into_iter().for_each(|(_, value)| value.write_to(row));
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: IntoNode),*> InsertRow for ($($name,)*) {
            fn columns(&self) -> Option<Vec<Name>> {
                None
            }

            #[inline]
            fn has_columns(&self, _: Option<&[Name]>) -> bool {
                true
            }

            #[inline]
            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn write(self, row: &mut RowWriter) {
                let ($($name,)*) = self;
                $($name.write_to(row);)*
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
