//! Constraints of a table.

mod check;
mod exclude;
mod foreign_key;
mod key;
mod primary_key;
mod timing;
mod unique;

pub use check::CheckConstraint;
pub use exclude::{ExcludeConstraint, ExcludeElement};
pub use foreign_key::{ForeignKey, ForeignKeyConstraint, ForeignKeyOptions, MatchType, ReferentialAction};
pub use key::{ConflictResolution, PostgresqlKeyOptions};
pub use primary_key::PrimaryKeyConstraint;
pub use timing::{Initially, Timing};
pub use unique::UniqueConstraint;

use crate::name::Name;

/// A constraint of any kind, as ALTER TABLE adds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Constraint {
    /// PRIMARY KEY.
    PrimaryKey(PrimaryKeyConstraint),
    /// UNIQUE.
    Unique(UniqueConstraint),
    /// CHECK.
    Check(CheckConstraint),
    /// FOREIGN KEY.
    ForeignKey(ForeignKeyConstraint),
    /// EXCLUDE (PostgreSQL).
    Exclude(ExcludeConstraint),
}

/// What kind of constraint it is: MySQL has a word for each to drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// CHECK.
    Check,
    /// FOREIGN KEY.
    ForeignKey,
    /// EXCLUDE (PostgreSQL).
    Exclude,
}

impl Constraint {
    /// What kind it is.
    pub fn kind(&self) -> ConstraintKind {
        match self {
            Self::PrimaryKey(_) => ConstraintKind::PrimaryKey,
            Self::Unique(_) => ConstraintKind::Unique,
            Self::Check(_) => ConstraintKind::Check,
            Self::ForeignKey(_) => ConstraintKind::ForeignKey,
            Self::Exclude(_) => ConstraintKind::Exclude,
        }
    }

    /// Its comment, where it has one.
    pub fn comment(&self) -> Option<&Name> {
        match self {
            Self::PrimaryKey(key) => key.comment.as_ref(),
            Self::Unique(unique) => unique.comment.as_ref(),
            Self::Check(check) => check.comment.as_ref(),
            Self::ForeignKey(key) => key.comment.as_ref(),
            Self::Exclude(exclude) => exclude.comment.as_ref(),
        }
    }

    /// Its name, where it has one.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::PrimaryKey(key) => key.name.as_ref(),
            Self::Unique(unique) => unique.name.as_ref(),
            Self::Check(check) => check.name.as_ref(),
            Self::ForeignKey(key) => key.name.as_ref(),
            Self::Exclude(exclude) => exclude.name.as_ref(),
        }
    }
}

macro_rules! constraints {
    ($($variant:ident: $of:ident;)*) => {$(
        impl From<$of> for Constraint {
            fn from(constraint: $of) -> Self {
                Self::$variant(constraint)
            }
        }
    )*};
}

constraints! {
    PrimaryKey: PrimaryKeyConstraint;
    Unique: UniqueConstraint;
    Check: CheckConstraint;
    ForeignKey: ForeignKeyConstraint;
    Exclude: ExcludeConstraint;
}
