//! What nearly every program uses: `use aludel::prelude::*;`.

pub use aludel_engine_pool::{
    Connection, CreateAll, CursorResult, Engine, Error, ErrorKind, Inspector, IsolationLevel, Reflect,
    ReflectOptions, Result, Transaction,
};
#[cfg(feature = "orm")]
pub use aludel_orm_session::{
    Instance, LoadOptions, Many, Mapped, One, Session, SessionMaker, Snapshot, SynchronizeSession,
    joinedload, raiseload, selectinload,
};
pub use aludel_sql_expression::{
    ColumnType, DynamicRow, Enum, FromRow, aliased, avg, case, coalesce, count, count_all, delete, exists,
    func, insert, literal, lower, max, min, reusable,
    schema::{
        CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, MetaData, ReferentialAction, Table,
        UniqueConstraint,
    },
    select, sum, text,
    types::{BigInteger, Boolean, Double, Integer, LargeBinary, Numeric, SmallInteger, Varchar},
    update, upper,
};

pub use crate::create_engine;

/// The default value, in fewer letters: `Author { name: "x".into(), ..default() }`.
pub fn default<T: Default>() -> T {
    T::default()
}
