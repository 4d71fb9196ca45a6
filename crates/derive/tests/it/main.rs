//! `FromRow` and `Enum` against the expression language. `Mapped` is tested with the whole stack, in `tests/`.

mod enumeration;
mod from_row;
mod row;
