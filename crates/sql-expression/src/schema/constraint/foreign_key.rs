//! [`ForeignKey`], of one column, and [`ForeignKeyConstraint`], of several.

use super::{
    key::commented,
    timing::{Timing, timed},
};
use crate::{
    Error,
    name::Name,
    schema::Table,
    typed::{Attribute, Model},
};

/// The column that a column references.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// The schema of the referenced table.
    pub schema: Option<Name>,
    /// The referenced table.
    pub table: Name,
    /// The referenced column.
    pub column: Name,
    /// What happens to the row when the referenced row is deleted.
    pub on_delete: ReferentialAction,
    /// What happens to the row when the referenced key changes.
    pub on_update: ReferentialAction,
    /// The constraint's name; none: the naming convention or the database chooses one.
    pub name: Option<Name>,
    /// What is rarely said.
    pub options: ForeignKeyOptions,
}

/// What is rarely said of a foreign key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKeyOptions {
    /// When it is checked (PostgreSQL, SQLite).
    pub timing: Timing,
    /// Which keys with NULLs are looked up; none: nothing is said.
    pub match_type: Option<MatchType>,
    /// Whether rows that are there already are not looked at: NOT VALID, in ALTER TABLE (PostgreSQL).
    pub not_valid: bool,
    /// Whether it is added by ALTER TABLE after all tables, where the database can do that.
    pub use_alter: bool,
}

/// Which keys with NULLs in them are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchType {
    /// Those without any NULL: MATCH SIMPLE, as it is by itself.
    Simple,
    /// All but those of NULLs alone: MATCH FULL (PostgreSQL).
    Full,
    /// MATCH PARTIAL, which no database has yet.
    Partial,
}

impl MatchType {
    /// In SQL's word.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Simple => "SIMPLE",
            Self::Full => "FULL",
            Self::Partial => "PARTIAL",
        }
    }
}

/// The methods of what is rarely said, for whoever has a field `options`.
macro_rules! rarely_said {
    () => {
        timed!(options.timing);

        /// Says which keys with NULLs in them are looked up.
        #[must_use]
        pub fn match_type(mut self, match_type: MatchType) -> Self {
            self.options.match_type = Some(match_type);
            self
        }

        /// Does not look at rows that are there already, when it is added by ALTER TABLE (PostgreSQL).
        #[must_use]
        pub fn not_valid(mut self) -> Self {
            self.options.not_valid = true;
            self
        }

        /// Adds it by ALTER TABLE after all tables, where the database can do that. Circles need no such word.
        #[must_use]
        pub fn use_alter(mut self) -> Self {
            self.options.use_alter = true;
            self
        }

        /// Names it.
        #[must_use]
        pub fn named(mut self, name: impl Into<Name>) -> Self {
            self.name = Some(name.into());
            self
        }

        /// Says what happens when the referenced row is deleted.
        #[must_use]
        pub fn on_delete(mut self, action: ReferentialAction) -> Self {
            self.on_delete = action;
            self
        }

        /// Says what happens when the referenced key changes.
        #[must_use]
        pub fn on_update(mut self, action: ReferentialAction) -> Self {
            self.on_update = action;
            self
        }
    };
}

impl ForeignKey {
    /// References a column of a table.
    pub fn new(table: impl Into<Name>, column: impl Into<Name>) -> Self {
        Self {
            schema: None,
            table: table.into(),
            column: column.into(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            name: None,
            options: ForeignKeyOptions::default(),
        }
    }

    /// Says which schema the referenced table is in; none is said: that of the table.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    rarely_said!();
}

impl<M: Model, T> From<Attribute<M, T>> for ForeignKey {
    /// Takes the column of a model: `Author::id`.
    fn from(attribute: Attribute<M, T>) -> Self {
        let key = Self::new(Name::Static(M::TABLE_NAME), Name::Static(attribute.column_name()));
        Self { schema: M::SCHEMA.map(Name::Static), ..key }
    }
}

impl From<&str> for ForeignKey {
    /// Takes `table.column` or `schema.table.column`; what has no point in it names a column of no table, which DDL then
    /// reports.
    fn from(target: &str) -> Self {
        let (table, column) = target.rsplit_once('.').unwrap_or(("", target));
        match table.split_once('.') {
            Some((schema, table)) => Self { schema: Some(schema.into()), ..Self::new(table, column) },
            None => Self::new(table, column),
        }
    }
}

/// What happens to a row when the row it references is deleted or gets another key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferentialAction {
    /// It is an error, at the latest at the end of the transaction.
    #[default]
    NoAction,
    /// It is an error at once.
    Restrict,
    /// The row goes, or follows.
    Cascade,
    /// The key becomes NULL.
    SetNull,
    /// The key becomes its default.
    SetDefault,
}

impl ReferentialAction {
    /// The action in SQL's words.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

impl std::str::FromStr for ReferentialAction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::NoAction, Self::Restrict, Self::Cascade, Self::SetNull, Self::SetDefault]
            .into_iter()
            .find(|action| action.as_sql().eq_ignore_ascii_case(&text.replace('_', " ")))
            .ok_or_else(|| {
                Error::argument(format!(
                    "`{text}` is not a referential action such as `cascade` or `set null`"
                ))
            })
    }
}

/// Several columns that together reference several columns of another table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ForeignKeyConstraint {
    /// The constraint's name; none: the naming convention or the database chooses one.
    pub name: Option<Name>,
    /// The columns of this table.
    pub columns: Vec<Name>,
    /// The schema of the referenced table.
    pub schema: Option<Name>,
    /// The referenced table.
    pub table: Name,
    /// The referenced columns.
    pub referenced: Vec<Name>,
    /// What happens to the row when the referenced row is deleted.
    pub on_delete: ReferentialAction,
    /// What happens to the row when the referenced key changes.
    pub on_update: ReferentialAction,
    /// The columns that ON DELETE SET NULL and SET DEFAULT set; empty: all of the key (PostgreSQL, from version 15 on).
    pub on_delete_columns: Vec<Name>,
    /// What is rarely said.
    pub options: ForeignKeyOptions,
    /// A comment kept in the database where it can (PostgreSQL).
    pub comment: Option<Name>,
}

impl ForeignKeyConstraint {
    /// References columns of a table.
    pub fn new<N: Into<Name>, R: Into<Name>>(
        columns: impl IntoIterator<Item = N>,
        table: impl Into<Name>,
        referenced: impl IntoIterator<Item = R>,
    ) -> Self {
        Self {
            name: None,
            columns: columns.into_iter().map(Into::into).collect(),
            schema: None,
            table: table.into(),
            referenced: referenced.into_iter().map(Into::into).collect(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            on_delete_columns: Vec::new(),
            options: ForeignKeyOptions::default(),
            comment: None,
        }
    }

    /// The same, for the foreign key of a single column.
    pub(crate) fn of_column(column: &Name, key: &ForeignKey) -> Self {
        Self {
            name: key.name.clone(),
            columns: vec![column.clone()],
            schema: key.schema.clone(),
            table: key.table.clone(),
            referenced: vec![key.column.clone()],
            on_delete: key.on_delete,
            on_update: key.on_update,
            on_delete_columns: Vec::new(),
            options: key.options,
            comment: None,
        }
    }

    /// Whether a key of this table references that one.
    pub fn is_to(&self, of: &Table, target: &Table) -> bool {
        let schema = self.schema.as_ref().or(of.schema());
        *self.table == **target.name() && schema.map(|name| &**name) == target.schema().map(|name| &**name)
    }

    /// Says which schema the referenced table is in; none is said: that of the table.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Says which of its columns ON DELETE SET NULL and SET DEFAULT set (PostgreSQL, from version 15 on). Nothing is said: all.
    #[must_use]
    pub fn on_delete_columns<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.on_delete_columns.extend(columns.into_iter().map(Into::into));
        self
    }

    commented!();
    rarely_said!();
}
