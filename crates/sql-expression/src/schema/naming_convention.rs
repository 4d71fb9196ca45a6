//! [`NamingConvention`]: names for constraints and indexes that have none.

use std::{fmt::Write, sync::Arc};

use super::{Constraint, ConstraintKind, Table};
use crate::{Error, Result, dialect::Dialect, name::Name};

/// Names for constraints and indexes that have none: a template for each kind, as in SQLAlchemy. A constraint that has a name
/// can be altered and dropped on any database without looking at it first.
///
/// | token | what stands in its place |
/// | --- | --- |
/// | `%(table_name)s` | the table |
/// | `%(column_0_name)s`, `%(column_1_name)s` .. | a column by position |
/// | `%(column_0_label)s` | the table and a column |
/// | `%(column_0N_name)s`, `%(column_0N_label)s` | all columns, one after the other |
/// | `%(column_0_N_name)s`, `%(column_0_N_label)s` | all columns, with `_` between |
/// | `%(referred_table_name)s` | the table that a foreign key references |
/// | `%(referred_column_0_name)s`, with `0N` and `0_N` too | the columns that it references |
/// | `%(constraint_name)s` | the name that was given; the template then serves named constraints too |
///
/// A name that is longer than the database allows ends in a hash of itself.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_table, dialect::PostgresDialect, schema::*, types::Integer};
///
/// let metadata = MetaData::new().with_naming_convention(NamingConvention::usual());
/// let t = Table::new("t", &metadata).column(Column::new("id", Integer).primary_key().unique());
/// let sql = create_table(&t).to_sql(&PostgresDialect::default())?;
/// assert!(sql.contains("CONSTRAINT pk_t PRIMARY KEY (id)") && sql.contains("CONSTRAINT uq_t_id UNIQUE (id)"));
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamingConvention {
    /// The template for indexes.
    pub index: Option<Name>,
    /// The template for unique constraints.
    pub unique: Option<Name>,
    /// The template for checks.
    pub check: Option<Name>,
    /// The template for foreign keys.
    pub foreign_key: Option<Name>,
    /// The template for primary keys.
    pub primary_key: Option<Name>,
    /// The template for EXCLUDE constraints.
    pub exclude: Option<Name>,
}

impl Default for NamingConvention {
    /// Indexes are named `ix_table_column`, with all their columns; the database names constraints.
    fn default() -> Self {
        Self {
            index: Some(Name::Static("ix_%(table_name)s_%(column_0_N_name)s")),
            unique: None,
            check: None,
            foreign_key: None,
            primary_key: None,
            exclude: None,
        }
    }
}

/// What a name is made for.
pub(crate) struct Named<'n> {
    pub(crate) table: &'n Table,
    /// The columns, as far as they are columns.
    pub(crate) columns: &'n [Name],
    /// The table and columns that a foreign key references.
    pub(crate) referred: Option<(&'n Name, &'n [Name])>,
    pub(crate) dialect: &'n dyn Dialect,
}

impl NamingConvention {
    /// Indexes are named `ix_table_column`, with all their columns; the database names constraints.
    pub fn new() -> Self {
        Self::default()
    }

    /// The convention that SQLAlchemy and Alembic recommend: `ix_`, `uq_`, `ck_`, `fk_` and `pk_`. Checks need a name to be
    /// part of theirs.
    pub fn usual() -> Self {
        Self {
            index: Some(Name::Static("ix_%(column_0_label)s")),
            unique: Some(Name::Static("uq_%(table_name)s_%(column_0_name)s")),
            check: Some(Name::Static("ck_%(table_name)s_%(constraint_name)s")),
            foreign_key: Some(Name::Static("fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s")),
            primary_key: Some(Name::Static("pk_%(table_name)s")),
            exclude: None,
        }
    }

    /// Says how indexes are named.
    #[must_use]
    pub fn index(mut self, template: impl Into<Name>) -> Self {
        self.index = Some(template.into());
        self
    }

    /// Says how unique constraints are named.
    #[must_use]
    pub fn unique(mut self, template: impl Into<Name>) -> Self {
        self.unique = Some(template.into());
        self
    }

    /// Says how checks are named.
    #[must_use]
    pub fn check(mut self, template: impl Into<Name>) -> Self {
        self.check = Some(template.into());
        self
    }

    /// Says how foreign keys are named.
    #[must_use]
    pub fn foreign_key(mut self, template: impl Into<Name>) -> Self {
        self.foreign_key = Some(template.into());
        self
    }

    /// Says how primary keys are named.
    #[must_use]
    pub fn primary_key(mut self, template: impl Into<Name>) -> Self {
        self.primary_key = Some(template.into());
        self
    }

    /// Says how EXCLUDE constraints are named.
    #[must_use]
    pub fn exclude(mut self, template: impl Into<Name>) -> Self {
        self.exclude = Some(template.into());
        self
    }

    /// The name of a constraint, where it has one or the convention gives it one.
    pub(crate) fn constraint(
        &self,
        kind: ConstraintKind,
        given: Option<&Name>,
        named: &Named<'_>,
    ) -> Result<Option<Name>> {
        let template = match kind {
            ConstraintKind::PrimaryKey => &self.primary_key,
            ConstraintKind::Unique => &self.unique,
            ConstraintKind::Check => &self.check,
            ConstraintKind::ForeignKey => &self.foreign_key,
            ConstraintKind::Exclude => &self.exclude,
        };
        match template {
            Some(template) if given.is_none() || template.contains("%(constraint_name)s") => {
                named.fill(template, given).map(Some)
            }
            _ => Ok(given.cloned()),
        }
    }

    /// Gives a constraint its name.
    pub(crate) fn name(
        &self,
        constraint: &mut Constraint,
        table: &Table,
        dialect: &dyn Dialect,
    ) -> Result<()> {
        let kind = constraint.kind();
        let (given, columns, referred) = match constraint {
            Constraint::PrimaryKey(key) => (&mut key.name, &key.columns[..], None),
            Constraint::Unique(unique) => (&mut unique.name, &unique.columns[..], None),
            Constraint::Check(check) => (&mut check.name, &[][..], None),
            Constraint::ForeignKey(key) => {
                (&mut key.name, &key.columns[..], Some((&key.table, &key.referenced[..])))
            }
            Constraint::Exclude(exclude) => (&mut exclude.name, &[][..], None),
        };
        *given = self.constraint(kind, given.as_ref(), &Named { table, columns, referred, dialect })?;
        Ok(())
    }

    /// The name of an index.
    pub(crate) fn index_name(&self, given: Option<&Name>, named: &Named<'_>) -> Result<Name> {
        match (given, &self.index) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(template)) => named.fill(template, None),
            (None, None) => Err(Error::argument(format!(
                "an index of `{}` has no name, and the naming convention has no template for indexes",
                named.table.name()
            ))),
        }
    }

    /// Shared, for many tables.
    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

impl Named<'_> {
    fn fill(&self, template: &str, given: Option<&Name>) -> Result<Name> {
        let mut name = String::new();
        let mut rest = template;
        while let Some(start) = rest.find("%(") {
            name.push_str(&rest[..start]);
            let Some(length) = rest[start..].find(")s") else {
                return Err(Error::argument(format!(
                    "the naming convention `{template}` has a token without its end `)s`"
                )));
            };
            self.token(&rest[start + 2..start + length], given, template, &mut name)?;
            rest = &rest[start + length + 2..];
        }
        name.push_str(rest);
        Ok(fitting(name, self.dialect.features().max_identifier_length).into())
    }

    fn token(&self, token: &str, given: Option<&Name>, template: &str, name: &mut String) -> Result<()> {
        let wrong = |why: &str| {
            let table = self.table.name();
            Err(Error::argument(format!(
                "the naming convention `{template}` does not serve `{table}`: {why}"
            )))
        };
        match token {
            "table_name" => name.push_str(&self.dialect.physical_name(self.table.name())),
            "constraint_name" => match given {
                Some(given) => name.push_str(given),
                None => return wrong("it takes the constraint's own name, and one of them has none"),
            },
            "referred_table_name" => match self.referred {
                Some((table, _)) => name.push_str(&self.dialect.physical_name(table)),
                None => return wrong("only a foreign key references a table"),
            },
            token => {
                let (columns, of) = match token.strip_prefix("referred_column_") {
                    Some(of) => (self.referred.map_or(&[][..], |(_, columns)| columns), of),
                    None => match token.strip_prefix("column_") {
                        Some(of) => (self.columns, of),
                        None => return wrong(&format!("there is no token `{token}`")),
                    },
                };
                let Some((which, what)) =
                    of.rsplit_once('_').filter(|(_, what)| matches!(*what, "name" | "key" | "label"))
                else {
                    return wrong(&format!("there is no token `{token}`"));
                };
                let chosen = match which {
                    "0N" | "0_N" => columns,
                    which => match which.parse::<usize>().ok().and_then(|place| columns.get(place..=place)) {
                        Some(column) => column,
                        None => return wrong(&format!("there is no column for `{token}`")),
                    },
                };
                if chosen.is_empty() {
                    return wrong(&format!("there is no column for `{token}`"));
                }
                for (place, column) in chosen.iter().enumerate() {
                    if place > 0 && which == "0_N" {
                        name.push('_');
                    }
                    if what == "label" {
                        let _ = write!(name, "{}_", self.dialect.physical_name(self.table.name()));
                    }
                    name.push_str(&self.dialect.physical_name(column));
                }
            }
        }
        Ok(())
    }
}

/// A made-up name that is not too long: a longer one ends in a hash of itself instead.
pub(crate) fn fitting(name: String, most: usize) -> String {
    if name.len() <= most {
        return name;
    }
    // The hash must stay the same for ever, because the name lives in databases: FNV-1a.
    let hash =
        name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut end = most.saturating_sub(9);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{hash:08x}", &name[..end])
}
