//! [`SessionSelectable`]: what a session gives for what is selected.

use aludel_sql_expression::{
    Attribute, ColumnExpression, ColumnType, Decode, Entity, Expression, Selectable,
    typed::{Aliased, DynamicColumns, Nullable},
};

use super::RowAdmission;
use crate::{
    Instance,
    mapping::{Mapped, Mapper},
};

/// What a session gives for what is selected: a handle for a model, the value for everything else.
pub trait SessionSelectable: Selectable {
    /// What one row gives.
    type Object: Send + 'static;

    /// Adds the models whose rows become objects, in the order of the selection.
    #[doc(hidden)]
    fn roots(mappers: &mut Vec<&'static Mapper>);

    /// Takes what was read from a row into the session.
    #[doc(hidden)]
    fn admit(value: Self::Value, admission: &mut RowAdmission<'_>) -> Self::Object;
}

/// A selection of one thing: what `session.scalars` takes.
#[diagnostic::on_unimplemented(
    message = "`scalars` takes a statement that selects one thing, not `{Self}`",
    note = "use `session.execute(..)` for tuples"
)]
pub trait SingleSelectable: SessionSelectable {}

macro_rules! models {
    ($($type:ty),*) => {$(
        impl<M: Mapped> SessionSelectable for $type {
            type Object = Instance<M>;

            fn roots(mappers: &mut Vec<&'static Mapper>) {
                mappers.push(M::mapper());
            }

            fn admit(model: M, admission: &mut RowAdmission<'_>) -> Instance<M> {
                admission.admit(model)
            }
        }

        impl<M: Mapped> SessionSelectable for Nullable<$type> {
            type Object = Option<Instance<M>>;

            fn roots(mappers: &mut Vec<&'static Mapper>) {
                mappers.push(M::mapper());
            }

            fn admit(model: Option<M>, admission: &mut RowAdmission<'_>) -> Option<Instance<M>> {
                if model.is_none() {
                    admission.miss();
                }
                model.map(|model| admission.admit(model))
            }
        }

        impl<M: Mapped> SingleSelectable for $type {}
        impl<M: Mapped> SingleSelectable for Nullable<$type> {}
    )*};
}

models! { Entity<M>, Aliased<M> }

macro_rules! values {
    ($([$($generic:tt)*] $type:ty;)*) => {$(
        impl<$($generic)*> SessionSelectable for $type {
            type Object = <Self as Selectable>::Value;

            fn roots(_: &mut Vec<&'static Mapper>) {}

            fn admit(value: Self::Value, _: &mut RowAdmission<'_>) -> Self::Object {
                value
            }
        }

        impl<$($generic)*> SingleSelectable for $type {}
    )*};
}

values! {
    [M: Mapped, T: ColumnType] Attribute<M, T>;
    [T: Decode + Send + 'static] Expression<T>;
    [] ColumnExpression;
    [] DynamicColumns;
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: SessionSelectable),*> SessionSelectable for ($($name,)*) {
            type Object = ($($name::Object,)*);

            fn roots(mappers: &mut Vec<&'static Mapper>) {
                $($name::roots(mappers);)*
            }

            #[expect(non_snake_case, reason = "values are named like their types")]
            fn admit(($($name,)*): Self::Value, admission: &mut RowAdmission<'_>) -> Self::Object {
                ($($name::admit($name, admission),)*)
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O) (A B C D E F G H I J K L M N O P)
}
