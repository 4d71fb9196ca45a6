//! [`Column`].

use super::{ForeignKey, ReferentialAction};
use crate::{name::Name, types::SqlType};

/// A column of a [`Table`](super::Table).
///
/// # Examples
/// ```
/// use aludel_sql_expression::{schema::Column, types::{Integer, Varchar}};
///
/// let id = Column::new("id", Integer).primary_key();
/// let name = Column::new("name", Varchar(50)).not_null();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Column {
    /// The name.
    pub name: Name,
    /// The type.
    pub sql_type: SqlType,
    /// Whether it may hold NULL. A column may, unless told otherwise or part of the primary key.
    pub nullable: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether the database numbers it. None: it does when it is the lone integer of the primary key and references
    /// nothing.
    pub autoincrement: Option<bool>,
    /// Whether its values are unique.
    pub unique: bool,
    /// Whether it has an index of its own.
    pub index: bool,
    /// What the database puts in when an INSERT leaves the column out.
    pub server_default: Option<ServerDefault>,
    /// What the database computes it from; nobody else writes it.
    pub computed: Option<Computed>,
    /// The column of another table that its values must be found in.
    pub foreign_key: Option<ForeignKey>,
    /// A comment kept in the database where it can.
    pub comment: Option<Name>,
}

/// What the database puts in when an INSERT leaves a column out: SQL text, as written in DDL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDefault(pub Name);

/// What the database computes a column from, and keeps: `GENERATED ALWAYS AS (..) STORED`, as SQL text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed(pub Name);

impl Column {
    /// A column that may hold NULL.
    pub fn new(name: impl Into<Name>, sql_type: impl Into<SqlType>) -> Self {
        Self {
            name: name.into(),
            sql_type: sql_type.into(),
            nullable: true,
            primary_key: false,
            autoincrement: None,
            unique: false,
            index: false,
            server_default: None,
            computed: None,
            foreign_key: None,
            comment: None,
        }
    }

    /// Makes it part of the primary key, and NOT NULL.
    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self.nullable = false;
        self
    }

    /// Makes it NOT NULL.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Says whether it may hold NULL.
    #[must_use]
    pub fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Says whether the database numbers it.
    #[must_use]
    pub fn autoincrement(mut self, autoincrement: bool) -> Self {
        self.autoincrement = Some(autoincrement);
        self
    }

    /// Makes its values unique.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Gives it an index of its own.
    #[must_use]
    pub fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// Says what the database puts in when an INSERT leaves the column out, as SQL: `"0"`, `"CURRENT_TIMESTAMP"`.
    #[must_use]
    pub fn server_default(mut self, sql: impl Into<Name>) -> Self {
        self.server_default = Some(ServerDefault(sql.into()));
        self
    }

    /// Lets the database compute it from other columns of the row, as SQL: `"price * quantity"`. The value is kept in the
    /// row, and nobody else writes it. Counterpart of SQLAlchemy's `Computed(.., persisted=True)`.
    #[must_use]
    pub fn computed(mut self, sql: impl Into<Name>) -> Self {
        self.computed = Some(Computed(sql.into()));
        self
    }

    /// Makes it reference a column: `"author.id"`, or `"schema.author.id"`.
    #[must_use]
    pub fn foreign_key(mut self, target: impl Into<ForeignKey>) -> Self {
        self.foreign_key = Some(target.into());
        self
    }

    /// Says what happens to the row when the referenced row is deleted. Without a foreign key it says nothing.
    #[must_use]
    pub fn on_delete(mut self, action: ReferentialAction) -> Self {
        if let Some(key) = &mut self.foreign_key {
            key.on_delete = action;
        }
        self
    }

    /// Says what happens to the row when the referenced key changes. Without a foreign key it says nothing.
    #[must_use]
    pub fn on_update(mut self, action: ReferentialAction) -> Self {
        if let Some(key) = &mut self.foreign_key {
            key.on_update = action;
        }
        self
    }

    /// Keeps a comment in the database where it can.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}
