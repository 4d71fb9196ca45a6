//! The catalogue: [`MetaData`], [`Table`], [`Column`], constraints and indexes.

mod column;
mod constraint;
mod dependency;
mod index;
mod metadata;
mod table;

pub use column::{Column, Computed, ServerDefault};
pub use constraint::{
    CheckConstraint, ForeignKey, ForeignKeyConstraint, ReferentialAction, UniqueConstraint,
};
pub use index::Index;
pub use metadata::{MetaData, Tables};
pub use table::{Table, TableDefinition};
