//! How models map to tables: [`Mapped`], [`Mapper`], and what the derive tells of columns and relationships.

mod cascade;
mod configuration;
mod mapper;
mod reference;
mod relationship_mapping;

pub use aludel_sql_expression::typed::{IntoKey, Key};
pub use cascade::Cascade;
pub(crate) use configuration::{Configuration, Direction, RelationshipConfiguration, SecondaryConfiguration};
pub use mapper::{ColumnMapping, Mapped, Mapper, ModelFunctions, VersionId};
pub(crate) use reference::Reference;
pub use relationship_mapping::{Lazy, RelationshipMapping};
