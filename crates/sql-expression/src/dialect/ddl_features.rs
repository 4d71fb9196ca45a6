//! [`DdlFeatures`]: what DDL a database knows, and how it is said.

/// What DDL a database knows, and how it is said.
///
/// A dialect from outside begins with [`DdlFeatures::standard`] and changes what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DdlFeatures {
    /// CREATE SCHEMA and DROP SCHEMA.
    pub schemas: bool,
    /// CASCADE after DROP SCHEMA.
    pub drop_schema_cascade: bool,
    /// Whether a foreign key can name the schema of the table that it references.
    pub qualified_references: bool,
    /// Whether the schema stands before the name of an index that is created, and not before that of the table.
    pub schema_of_index: bool,
    /// How the next number of a sequence is asked for; none: there are no sequences.
    pub sequences: Option<SequenceStyle>,
    /// Whether a computed column can be computed when it is read.
    pub virtual_columns: bool,
    /// ON UPDATE in the definition of a column.
    pub on_update: bool,
    /// COLLATE in the definition of a column.
    pub column_collation: bool,
    /// DEFERRABLE after a foreign key.
    pub deferrable_foreign_keys: bool,
    /// DEFERRABLE after other constraints.
    pub deferrable_constraints: bool,
    /// MATCH after a foreign key.
    pub match_clause: bool,
    /// NOT VALID and VALIDATE CONSTRAINT.
    pub not_valid: bool,
    /// NO INHERIT after a check.
    pub no_inherit: bool,
    /// NOT ENFORCED after a check.
    pub not_enforced: bool,
    /// Columns after ON DELETE SET NULL and SET DEFAULT.
    pub on_delete_columns: bool,
    /// NOT NULL of a computed column.
    pub computed_not_null: bool,
    /// The word for an index that queries take no notice of; none: there is no such thing.
    pub invisible_index: Option<&'static str>,
    /// INVISIBLE in the definition of a column.
    pub invisible_columns: bool,
    /// WITH CHECK OPTION after a view.
    pub check_option: bool,
    /// CREATE DOMAIN and DROP DOMAIN.
    pub domains: bool,
    /// EXCLUDE.
    pub exclude: bool,
    /// NULLS NOT DISTINCT.
    pub nulls_not_distinct: bool,
    /// WHERE after an index.
    pub partial_indexes: bool,
    /// How an index is over an expression.
    pub expression_indexes: ExpressionIndexes,
    /// NULLS FIRST and NULLS LAST in an index.
    pub index_nulls: bool,
    /// COLLATE in an index.
    pub index_collation: bool,
    /// INCLUDE after an index.
    pub index_include: bool,
    /// CREATE OR REPLACE VIEW.
    pub replace_view: bool,
    /// CREATE VIEW IF NOT EXISTS.
    pub view_if_not_exists: bool,
    /// CREATE MATERIALIZED VIEW.
    pub materialized_views: bool,
    /// How columns are altered.
    pub alter_column: AlterColumnStyle,
    /// How constraints are dropped; none: they are neither added nor dropped.
    pub drop_constraint: Option<DropConstraintStyle>,
    /// RENAME CONSTRAINT.
    pub rename_constraint: bool,
    /// How an index gets another name.
    pub rename_index: Option<RenameIndexStyle>,
    /// How a table gets another schema.
    pub set_schema: Option<SetSchemaStyle>,
    /// IF EXISTS and IF NOT EXISTS for columns, constraints and tables of ALTER TABLE.
    pub alter_if_exists: bool,
    /// CASCADE after DROP.
    pub drop_cascade: bool,
    /// Whether a table's words are those of one database.
    pub table_options: TableOptionsOf,
    /// Whether the limit of names counts characters, not bytes.
    pub names_in_characters: bool,
    /// The columns that every table has by itself: those that can be [`Column::system`](crate::schema::Column::system).
    pub system_columns: &'static [&'static str],
}

/// How the next number of a sequence is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SequenceStyle {
    /// `nextval('name')`, and `NO CYCLE`.
    Text,
    /// `nextval(name)`, and `NOCYCLE`.
    Name,
}

/// How an index is over an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionIndexes {
    /// Not at all.
    Missing,
    /// In parentheses, but for a function call.
    Written,
    /// In parentheses.
    Parenthesized,
}

/// How columns are altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlterColumnStyle {
    /// Not at all.
    Missing,
    /// ALTER COLUMN, for each change.
    Clauses,
    /// MODIFY and CHANGE, which say all of the column again.
    Restate,
}

/// How constraints are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropConstraintStyle {
    /// DROP CONSTRAINT.
    Constraint,
    /// DROP FOREIGN KEY, DROP PRIMARY KEY, DROP INDEX, DROP CHECK.
    EachKind,
    /// The same, but DROP CONSTRAINT for a check.
    EachKindButChecks,
}

/// How an index gets another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenameIndexStyle {
    /// ALTER INDEX .. RENAME TO.
    AlterIndex,
    /// ALTER TABLE .. RENAME INDEX .. TO.
    AlterTable,
}

/// How a table gets another schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetSchemaStyle {
    /// SET SCHEMA.
    Clause,
    /// RENAME TO schema.name.
    Rename,
}

/// Whose words of `TableOptions` are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableOptionsOf {
    /// Nobody's.
    Nobody,
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgresql,
    /// MySQL's and MariaDB's.
    Mysql,
}

impl DdlFeatures {
    /// What the SQL standard has, and most databases.
    pub const fn standard() -> Self {
        Self {
            schemas: true,
            drop_schema_cascade: true,
            qualified_references: true,
            schema_of_index: false,
            sequences: None,
            virtual_columns: true,
            on_update: false,
            column_collation: true,
            deferrable_foreign_keys: true,
            deferrable_constraints: false,
            match_clause: false,
            not_valid: false,
            no_inherit: false,
            not_enforced: false,
            on_delete_columns: false,
            computed_not_null: true,
            invisible_index: None,
            invisible_columns: false,
            check_option: false,
            domains: false,
            exclude: false,
            nulls_not_distinct: false,
            partial_indexes: false,
            expression_indexes: ExpressionIndexes::Missing,
            index_nulls: false,
            index_collation: false,
            index_include: false,
            replace_view: true,
            view_if_not_exists: false,
            materialized_views: false,
            alter_column: AlterColumnStyle::Clauses,
            drop_constraint: Some(DropConstraintStyle::Constraint),
            rename_constraint: false,
            rename_index: None,
            set_schema: None,
            alter_if_exists: false,
            drop_cascade: true,
            table_options: TableOptionsOf::Nobody,
            names_in_characters: false,
            system_columns: &[],
        }
    }

    /// SQLite.
    pub(super) const fn sqlite() -> Self {
        Self {
            schemas: false,
            drop_schema_cascade: false,
            qualified_references: false,
            schema_of_index: true,
            partial_indexes: true,
            expression_indexes: ExpressionIndexes::Written,
            index_collation: true,
            replace_view: false,
            view_if_not_exists: true,
            alter_column: AlterColumnStyle::Missing,
            drop_constraint: None,
            drop_cascade: false,
            table_options: TableOptionsOf::Sqlite,
            system_columns: &["rowid", "oid", "_rowid_"],
            ..Self::standard()
        }
    }

    /// PostgreSQL.
    pub(super) const fn postgres() -> Self {
        Self {
            sequences: Some(SequenceStyle::Text),
            deferrable_constraints: true,
            match_clause: true,
            not_valid: true,
            no_inherit: true,
            on_delete_columns: true,
            check_option: true,
            domains: true,
            exclude: true,
            nulls_not_distinct: true,
            partial_indexes: true,
            expression_indexes: ExpressionIndexes::Written,
            index_nulls: true,
            index_collation: true,
            index_include: true,
            materialized_views: true,
            rename_constraint: true,
            rename_index: Some(RenameIndexStyle::AlterIndex),
            set_schema: Some(SetSchemaStyle::Clause),
            alter_if_exists: true,
            table_options: TableOptionsOf::Postgresql,
            system_columns: &["xmin", "xmax", "cmin", "cmax", "ctid", "tableoid"],
            ..Self::standard()
        }
    }

    /// MySQL.
    pub(super) const fn mysql() -> Self {
        Self {
            drop_schema_cascade: false,
            not_enforced: true,
            invisible_index: Some("INVISIBLE"),
            invisible_columns: true,
            check_option: true,
            on_update: true,
            deferrable_foreign_keys: false,
            expression_indexes: ExpressionIndexes::Parenthesized,
            alter_column: AlterColumnStyle::Restate,
            drop_constraint: Some(DropConstraintStyle::EachKind),
            rename_index: Some(RenameIndexStyle::AlterTable),
            set_schema: Some(SetSchemaStyle::Rename),
            drop_cascade: false,
            table_options: TableOptionsOf::Mysql,
            names_in_characters: true,
            ..Self::standard()
        }
    }

    /// MariaDB.
    pub(super) const fn mariadb() -> Self {
        Self {
            sequences: Some(SequenceStyle::Name),
            not_enforced: false,
            computed_not_null: false,
            invisible_index: Some("IGNORED"),
            expression_indexes: ExpressionIndexes::Missing,
            view_if_not_exists: true,
            drop_constraint: Some(DropConstraintStyle::EachKindButChecks),
            alter_if_exists: true,
            ..Self::mysql()
        }
    }
}
