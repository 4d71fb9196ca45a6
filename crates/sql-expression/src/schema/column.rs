//! [`Column`].

use super::{
    Computed, ConflictResolution, ForeignKey, Identity, OnUpdate, ReferentialAction, Sequence, ServerDefault,
    ValueFunction, made::Numbering,
};
use crate::{
    name::Name,
    typed::{ColumnType, IntoNode},
    types::SqlType,
};

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
    /// How the database numbers it, in SQL's own words.
    pub identity: Option<Identity>,
    /// The sequence that it takes its numbers from.
    pub sequence: Option<Sequence>,
    /// What the database puts in when an INSERT leaves the column out.
    pub server_default: Option<ServerDefault>,
    /// What the database puts in at each UPDATE that leaves the column out, as SQL (MySQL, MariaDB).
    pub server_onupdate: Option<Name>,
    /// What an UPDATE puts in when it does not name the column.
    pub onupdate: Option<OnUpdate>,
    /// What the database computes it from; nobody else writes it.
    pub computed: Option<Computed>,
    /// The column of another table that its values must be found in.
    pub foreign_key: Option<ForeignKey>,
    /// Whether every table of the database has it by itself.
    pub system: bool,
    /// How texts are compared: COLLATE.
    pub collation: Option<Name>,
    /// A comment kept in the database where it can.
    pub comment: Option<Name>,
    /// Whether `SELECT *` leaves it out: INVISIBLE (MySQL and MariaDB alone).
    pub mysql_invisible: bool,
    /// What SQLite does with a row without a value where it must have one; none: it refuses it.
    pub sqlite_on_conflict_not_null: Option<ConflictResolution>,
}

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
            identity: None,
            sequence: None,
            server_default: None,
            server_onupdate: None,
            onupdate: None,
            computed: None,
            system: false,
            foreign_key: None,
            collation: None,
            comment: None,
            mysql_invisible: false,
            sqlite_on_conflict_not_null: None,
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

    /// Lets the database number it, in SQL's own words, with a say in how it counts.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Takes its numbers from a sequence: an INSERT that leaves the column out gets the next (PostgreSQL, MariaDB).
    ///
    /// The sequence is the column's default in the database, so that other programs get numbers too. `create_all` makes it.
    #[must_use]
    pub fn sequence(mut self, sequence: &Sequence) -> Self {
        self.sequence = Some(sequence.clone());
        self
    }

    /// Says what the database puts in when an INSERT leaves the column out: as SQL (`"0"`, `"CURRENT_TIMESTAMP"`), or as an
    /// expression.
    #[must_use]
    pub fn server_default(mut self, default: impl Into<ServerDefault>) -> Self {
        self.server_default = Some(default.into());
        self
    }

    /// Says what the database puts in at each UPDATE that leaves the column out, as SQL: `"CURRENT_TIMESTAMP"`. Only MySQL and
    /// MariaDB have it: ON UPDATE.
    #[must_use]
    pub fn server_onupdate(mut self, sql: impl Into<Name>) -> Self {
        self.server_onupdate = Some(sql.into());
        self
    }

    /// Lets each UPDATE that does not name the column put in what a function gives: when the row was changed, and by whom. It is
    /// called once for each execution of an `update` of the table or model, for each row that a session flushes, and for each
    /// row of a `bulk_update`. `None` is NULL.
    ///
    /// An upsert does not look at it, nor does text. For what the database makes by itself there is
    /// [`server_onupdate`](Self::server_onupdate); what a foreign key does is said by [`on_update`](Self::on_update).
    ///
    /// Counterpart of SQLAlchemy's `Column(onupdate=function)`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, schema::{Column, Table}, types::{Integer, Varchar}, update};
    /// let users = Table::unregistered("users")
    ///     .column(Column::new("id", Integer).primary_key())
    ///     .column(Column::new("name", Varchar(50)))
    ///     .column(Column::new("changed_by", Varchar(50)).onupdate(|| "batch".to_owned()));
    /// let dialect = SqliteDialect::default();
    /// assert_eq!(
    ///     update(&users).set("name", "ada").to_sql(&dialect)?,
    ///     "UPDATE users SET name = 'ada', changed_by = 'batch'"
    /// );
    /// assert_eq!(
    ///     update(&users).set("changed_by", "me").to_sql(&dialect)?,
    ///     "UPDATE users SET changed_by = 'me'"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn onupdate<T: ColumnType>(mut self, make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        self.onupdate = Some(OnUpdate::Function(ValueFunction::new(make)));
        self
    }

    /// The same with an expression that the database calculates: `users.c("visits").of::<i64>() + 1`. It is for
    /// `update` alone: the columns of a model have functions.
    ///
    /// Counterpart of SQLAlchemy's `Column(onupdate=func.now())`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, schema::{Column, Table}, types::{Integer, Varchar}, update};
    /// let counted = Table::unregistered("counted").column(Column::new("name", Varchar(50)));
    /// let changes = counted.c("changes").of::<i64>() + 1;
    /// let counted = counted.column(Column::new("changes", Integer).onupdate_expression(changes));
    /// assert_eq!(
    ///     update(&counted).set("name", "ada").to_sql(&SqliteDialect::default())?,
    ///     "UPDATE counted SET name = 'ada', changes = counted.changes + 1"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn onupdate_expression(mut self, expression: impl IntoNode) -> Self {
        self.onupdate = Some(OnUpdate::Expression(expression.into_node()));
        self
    }

    /// Lets the database compute it from other columns of the row: `"price * quantity"`. The value is kept in the row, unless
    /// the [`Computed`] says otherwise, and nobody else writes it. Counterpart of SQLAlchemy's `Computed`.
    #[must_use]
    pub fn computed(mut self, expression: impl Into<Computed>) -> Self {
        self.computed = Some(expression.into());
        self
    }

    /// Says that every table of the database has it by itself, so that it is not created, and nobody writes it: PostgreSQL's
    /// `xmin`, `ctid`, `tableoid` and the like, which get the types that they have there, and SQLite's `rowid`. On a
    /// database that has no such column, statements with the table are refused.
    ///
    /// `xmin` tells the versions of a model's rows on PostgreSQL: `#[column(system, version_id, version_id_generator =
    /// false)] xmin: u32`.
    ///
    /// Counterpart of SQLAlchemy's `Column(system=True)`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::{PostgresDialect, SqliteDialect}, schema::{Column, Table}, select, types::Integer};
    /// let users = Table::unregistered("users")
    ///     .column(Column::new("id", Integer).primary_key())
    ///     .column(Column::new("xmin", Integer).system());
    /// let newer = select(users.c("id")).filter(users.c("xmin").eq(7));
    /// assert_eq!(newer.to_sql(&PostgresDialect::default())?, "SELECT users.id FROM users WHERE users.xmin = 7");
    /// let error = newer.to_sql(&SqliteDialect::default()).unwrap_err();
    /// assert!(error.to_string().contains("the system column `xmin` of the table `users` is not supported by the sqlite dialect"));
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn system(mut self) -> Self {
        self.system = true;
        let own_type = match &*self.name {
            "xmin" | "xmax" => Some("xid"),
            "cmin" | "cmax" => Some("cid"),
            "ctid" => Some("tid"),
            "tableoid" => Some("oid"),
            _ => None,
        };
        if let Some(name) = own_type {
            self.sql_type = SqlType::Custom(name.into());
        }
        self
    }

    /// Says how texts are compared: COLLATE.
    #[must_use]
    pub fn collate(mut self, collation: impl Into<Name>) -> Self {
        self.collation = Some(collation.into());
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

    /// Has `SELECT *` of MySQL (from version 8.0.23 on) and MariaDB leave it out: INVISIBLE.
    #[must_use]
    pub fn mysql_invisible(mut self) -> Self {
        self.mysql_invisible = true;
        self
    }

    /// Says what SQLite does with a row without a value where it must have one: `NOT NULL ON CONFLICT REPLACE` puts in the
    /// default. SQLAlchemy's `sqlite_on_conflict_not_null`.
    #[must_use]
    pub fn sqlite_on_conflict_not_null(mut self, resolution: ConflictResolution) -> Self {
        self.sqlite_on_conflict_not_null = Some(resolution);
        self
    }

    /// Whether the database makes a value where an INSERT leaves the column out, besides numbering a key.
    pub fn is_made_when_missing(&self) -> bool {
        let sequence = self.numbering() != Numbering::Usual;
        self.server_default.is_some() || sequence || (self.identity.is_some() && !self.primary_key)
    }

    /// Whether nobody but the database writes it: it is computed, or a system column.
    pub fn is_read_only(&self) -> bool {
        self.computed.is_some() || self.system
    }

    /// Where its numbers come from: a sequence, or the database's own way of numbering.
    pub(crate) fn numbering(&self) -> Numbering<'_> {
        match &self.sequence {
            Some(sequence) if !sequence.definition().optional => Numbering::Sequence(sequence),
            _ => Numbering::Usual,
        }
    }

    /// Whether each number that the database gives is higher than the one before.
    pub(crate) fn grows(&self) -> bool {
        match (self.numbering(), &self.identity) {
            (Numbering::Sequence(sequence), _) => sequence.definition().options.grows(),
            (Numbering::Usual, Some(identity)) => identity.options.grows(),
            (Numbering::Usual, None) => true,
        }
    }
}
