//! [`ColumnSet`]: one column of a model, or several.

use aludel_sql_expression::{Attribute, ColumnType};

use crate::mapping::Mapped;

/// One column of a model, or a tuple of them: `User::name`, `(User::name, User::email)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of columns of `{M}`",
    note = "pass a column such as `{M}::name`, or a tuple of columns"
)]
pub trait ColumnSet<M> {
    /// Adds the columns' positions among the model's columns.
    #[doc(hidden)]
    fn positions(&self, positions: &mut Vec<u16>);
}

impl<M: Mapped, T: ColumnType> ColumnSet<M> for Attribute<M, T> {
    fn positions(&self, positions: &mut Vec<u16>) {
        positions.push(self.index());
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<M: Mapped, $($name: ColumnSet<M>),*> ColumnSet<M> for ($($name,)*) {
            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn positions(&self, positions: &mut Vec<u16>) {
                let ($($name,)*) = self;
                $($name.positions(positions);)*
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

/// The columns of a set, each once, in the model's order.
pub(crate) fn positions_of<M>(columns: &impl ColumnSet<M>) -> Vec<u16> {
    let mut positions = Vec::new();
    columns.positions(&mut positions);
    positions.sort_unstable();
    positions.dedup();
    positions
}
