//! [`TableConstraints`]: the constraints and indexes of a table, with their names.

use std::sync::{Arc, LazyLock};

use super::{
    CheckConstraint, ConstraintKind, ExcludeConstraint, ForeignKeyConstraint, Index, IndexTarget,
    NamingConvention, PrimaryKeyConstraint, Table, UniqueConstraint, naming_convention::Named,
};
use crate::{Result, dialect::Dialect, name::Name};

/// The constraints and indexes of a table as a database gets them: those of columns too, and each with the name that it was
/// given or that the naming convention makes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableConstraints {
    /// The primary key.
    pub primary_key: Option<PrimaryKeyConstraint>,
    /// The unique constraints: those of single columns first.
    pub uniques: Vec<UniqueConstraint>,
    /// The conditions.
    pub checks: Vec<CheckConstraint>,
    /// The foreign keys: those of single columns first.
    pub foreign_keys: Vec<ForeignKeyConstraint>,
    /// The EXCLUDE constraints.
    pub excludes: Vec<ExcludeConstraint>,
    /// The indexes: those of single columns first.
    pub indexes: Vec<Index>,
}

static DEFAULT: LazyLock<Arc<NamingConvention>> = LazyLock::new(|| Arc::new(NamingConvention::default()));

impl Table {
    /// The constraints and indexes as a database gets them, with their names.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) where the naming convention does not serve.
    pub fn constraints(&self, dialect: &dyn Dialect) -> Result<TableConstraints> {
        self.constraints_by(None, dialect)
    }

    /// The same with a naming convention, where the table has none of its own.
    pub(crate) fn constraints_by(
        &self,
        convention: Option<&Arc<NamingConvention>>,
        dialect: &dyn Dialect,
    ) -> Result<TableConstraints> {
        let definition = self.definition();
        let convention = definition.naming_convention.as_ref().or(convention).unwrap_or(&DEFAULT);
        let name = |kind: ConstraintKind, given: Option<&Name>, columns: &[Name]| {
            convention.constraint(kind, given, &Named { table: self, columns, referred: None, dialect })
        };
        let marked: Vec<Name> = definition.primary_key().map(|column| column.name.clone()).collect();
        let mut primary_key = definition.primary_key_constraint.clone();
        if primary_key.is_none() && !marked.is_empty() {
            primary_key = Some(PrimaryKeyConstraint::new(Vec::<Name>::new()));
        }
        if let Some(key) = &mut primary_key {
            if key.columns.is_empty() {
                key.columns = marked;
            }
            key.name = name(ConstraintKind::PrimaryKey, key.name.as_ref(), &key.columns)?;
        }
        let lone = definition.columns.iter().filter(|column| column.unique && !column.index);
        let lone = lone.map(|column| UniqueConstraint::new([column.name.clone()]));
        let mut uniques: Vec<UniqueConstraint> = lone.chain(definition.uniques.iter().cloned()).collect();
        for unique in &mut uniques {
            unique.name = name(ConstraintKind::Unique, unique.name.as_ref(), &unique.columns)?;
        }
        let mut checks = definition.checks.clone();
        for check in &mut checks {
            check.name = name(ConstraintKind::Check, check.name.as_ref(), &[])?;
        }
        let mut foreign_keys = self.foreign_keys();
        for key in &mut foreign_keys {
            let referred = Some((&key.table, &key.referenced[..]));
            let named = Named { table: self, columns: &key.columns, referred, dialect };
            key.name = convention.constraint(ConstraintKind::ForeignKey, key.name.as_ref(), &named)?;
        }
        let mut excludes = definition.excludes.clone();
        for exclude in &mut excludes {
            let columns: Vec<Name> = exclude
                .elements
                .iter()
                .filter_map(|element| match &element.element.target {
                    IndexTarget::Column(name) => Some(name.clone()),
                    IndexTarget::Expression(_) => None,
                })
                .collect();
            exclude.name = name(ConstraintKind::Exclude, exclude.name.as_ref(), &columns)?;
        }
        let own = definition.columns.iter().filter(|column| column.index).map(|column| {
            let index = Index::over([column.name.clone()]);
            if column.unique { index.unique() } else { index }
        });
        let mut indexes: Vec<Index> = own.chain(definition.indexes.iter().cloned()).collect();
        for index in &mut indexes {
            index.name = Some(self.index_name(index, convention, dialect)?);
        }
        Ok(TableConstraints { primary_key, uniques, checks, foreign_keys, excludes, indexes })
    }

    fn index_name(
        &self,
        index: &Index,
        convention: &NamingConvention,
        dialect: &dyn Dialect,
    ) -> Result<Name> {
        let columns: Vec<Name> = index
            .elements
            .iter()
            .filter_map(|element| match &element.target {
                IndexTarget::Column(name) => Some(name.clone()),
                IndexTarget::Expression(_) => None,
            })
            .collect();
        let named = Named { table: self, columns: &columns, referred: None, dialect };
        convention.index_name(index.name.as_ref(), &named)
    }

    /// The name of an index of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) where the naming convention does not serve.
    pub(crate) fn name_of_index(&self, index: &Index, dialect: &dyn Dialect) -> Result<Name> {
        let definition = self.definition();
        let convention = definition.naming_convention.as_ref().unwrap_or(&DEFAULT);
        self.index_name(index, convention, dialect)
    }

    /// All indexes: those that its columns ask for first, and each with its name.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) where the naming convention does not serve.
    pub fn indexes(&self, dialect: &dyn Dialect) -> Result<Vec<Index>> {
        Ok(self.constraints(dialect)?.indexes)
    }
}
