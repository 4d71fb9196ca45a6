//! [`Key`]: the type of a primary key; [`IntoKey`]: what `get` takes.

use super::ColumnType;
use crate::Value;

/// The type of a primary key: a column type, or a tuple of them.
pub trait Key: Clone + Send + Sync + 'static {
    /// Its values, on the stack.
    type Values: AsRef<[Value]> + Send;

    /// The value of each key column, in order.
    fn values(&self) -> Self::Values;
}

impl<T: ColumnType<Base = T>> Key for T {
    type Values = [Value; 1];

    #[inline]
    fn values(&self) -> [Value; 1] {
        [self.to_value()]
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $index:tt)*;)*) => {$(
        impl<$($name: ColumnType<Base = $name>),*> Key for ($($name,)*) {
            type Values = [Value; $count];

            fn values(&self) -> [Value; $count] {
                [$(self.$index.to_value()),*]
            }
        }
    )*};
}

tuples! {
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
}

/// What `session.get` takes for a key of type `K`: the key itself, `&str` for `String`, a tuple for a composite key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a primary key of type `{K}`",
    label = "expected `{K}`",
    note = "pass a value of the key's type, or a tuple for a key over several columns"
)]
pub trait IntoKey<K> {
    /// The key.
    fn into_key(self) -> K;
}

impl<K: ColumnType<Base = K>> IntoKey<K> for K {
    fn into_key(self) -> K {
        self
    }
}

impl<K: ColumnType<Base = K>> IntoKey<K> for &K {
    fn into_key(self) -> K {
        self.clone()
    }
}

impl IntoKey<String> for &str {
    fn into_key(self) -> String {
        self.to_owned()
    }
}

macro_rules! into_tuples {
    ($(($($name:ident $from:ident $index:tt)*))*) => {$(
        impl<$($name, $from: IntoKey<$name>),*> IntoKey<($($name,)*)> for ($($from,)*) {
            fn into_key(self) -> ($($name,)*) {
                ($(self.$index.into_key(),)*)
            }
        }
    )*};
}

into_tuples! {
    (A FromA 0 B FromB 1)
    (A FromA 0 B FromB 1 C FromC 2)
    (A FromA 0 B FromB 1 C FromC 2 D FromD 3)
    (A FromA 0 B FromB 1 C FromC 2 D FromD 3 E FromE 4)
    (A FromA 0 B FromB 1 C FromC 2 D FromD 3 E FromE 4 F FromF 5)
}
