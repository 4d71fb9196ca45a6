//! The catalogue: [`MetaData`], [`Table`], [`Column`], constraints, indexes, sequences and views.

mod attached;
mod column;
mod constraint;
mod ddl_expression;
mod dependency;
mod domain;
mod enumeration;
mod identity;
mod index;
mod made;
mod metadata;
mod naming_convention;
mod onupdate;
mod plan;
mod present;
mod resolved;
mod sequence;
mod table;
mod table_options;
mod view;

pub use attached::{AttachedDdl, DdlEvent, DdlStep, DdlTarget};
pub use column::Column;
pub use constraint::{
    CheckConstraint, ConflictResolution, Constraint, ConstraintKind, ExcludeConstraint, ExcludeElement,
    ForeignKey, ForeignKeyConstraint, ForeignKeyOptions, Initially, MatchType, PostgresqlKeyOptions,
    PrimaryKeyConstraint, ReferentialAction, Timing, UniqueConstraint,
};
pub use ddl_expression::DdlExpression;
pub use domain::Domain;
pub use enumeration::Enumeration;
pub use identity::Identity;
pub use index::{Index, IndexElement, IndexTarget, MysqlIndexOptions, PostgresqlIndexOptions};
pub use made::{Computed, ServerDefault};
pub use metadata::{MetaData, Tables};
pub use naming_convention::NamingConvention;
pub use onupdate::{OnUpdate, ValueFunction};
pub use present::{ObjectKind, Present, Wanted};
pub use resolved::TableConstraints;
pub(crate) use sequence::counting;
pub use sequence::{Sequence, SequenceDefinition, SequenceOptions, SequenceOwner};
pub use table::{Table, TableDefinition};
pub use table_options::{
    MysqlTableOptions, PartitionOf, PostgresqlTableOptions, SqliteTableOptions, TableOptions,
};
pub use view::{ViewDefinition, ViewQuery};

pub(crate) use made::Numbering;
