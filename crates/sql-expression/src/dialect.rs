//! [`Dialect`]: how one database spells SQL, chosen at run time.
//!
//! Most of what differs between databases is plain data, in [`Features`]; a few hooks spell what is no yes or no:
//! placeholders, quotes, literals and type names. A backend from outside implements the hooks and fills in the features.

mod catalogue;
mod constructs;
mod ddl_features;
mod features;
mod literal;
mod mysql;
mod mysql_types;
mod naming;
mod postgres;
mod reserved;
mod schema_translate_map;
mod sqlite;
mod text_style;

use std::{borrow::Cow, fmt, sync::Arc};

pub use constructs::{
    BitwiseStyle, Constructs, DateStyle, FullTextStyle, GroupingStyle, JsonStyle, RegexpStyle, StringsStyle,
    TryCastStyle, UpsertStyle, ValuesStyle,
};
pub use ddl_features::{
    AlterColumnStyle, DdlFeatures, DropConstraintStyle, ExpressionIndexes, RenameIndexStyle, SequenceStyle,
    SetSchemaStyle, TableOptionsOf,
};
pub use features::{
    Autoincrement, Concatenation, DefaultValues, DistinctFrom, EnumerationStyle, Features,
    ForeignKeyIfExists, InsertMany, IntegerSizes, LimitStyle, MultipleTables, RowLocking, TextComparison,
};
pub use mysql::MySqlDialect;
pub use naming::PhysicalNaming;
pub use postgres::PostgresDialect;
pub use schema_translate_map::SchemaTranslateMap;
pub use sqlite::SqliteDialect;

use crate::{
    Error, Result, Value,
    name::Name,
    schema::{Table, Wanted},
    types::SqlType,
};

/// How one database spells SQL. Chosen at run time; a third-party backend brings its own.
///
/// # Examples
/// ```
/// use aludel_sql_expression::dialect::{Dialect, PhysicalNaming, PostgresDialect};
///
/// let dialect = PostgresDialect::default().with_naming(PhysicalNaming::SnakeCase);
/// assert_eq!(dialect.column_name("AlbumId"), "album_id");
/// assert_eq!(dialect.identifier("order"), "\"order\"");
/// ```
pub trait Dialect: fmt::Debug + Send + Sync + 'static {
    /// The name of the dialect, as in a URL: `postgresql`.
    fn name(&self) -> &'static str;

    /// The version of the server, where statements depend on it. Statements are cached apart for each version.
    fn version(&self) -> (u32, u32, u32) {
        (0, 0, 0)
    }

    /// What the database can do, and how it is said.
    fn features(&self) -> &Features;

    /// How names of tables and columns become names in the database.
    fn naming(&self) -> PhysicalNaming;

    /// The same dialect with another naming.
    fn with_naming(&self, naming: PhysicalNaming) -> Arc<dyn Dialect>;

    /// Other schemas than those that tables say, where there are any.
    fn schemas(&self) -> Option<&SchemaTranslateMap> {
        None
    }

    /// The same dialect with other schemas than those that tables say; none: the dialect cannot do that.
    fn with_schemas(&self, schemas: SchemaTranslateMap) -> Option<Arc<dyn Dialect>> {
        let _ = schemas;
        None
    }

    /// The query that shows what the database has of what is wanted; none: it cannot be asked. A row has the kind (a word of
    /// [`ObjectKind`](crate::schema::ObjectKind)), the schema, the name, 1 where the name alone finds it, and 1 where small
    /// and capital letters are the same in names.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for a name that cannot be written.
    fn catalogue_query(&self, wanted: &Wanted) -> Result<Option<String>> {
        let _ = wanted;
        Ok(None)
    }

    /// Writes the placeholder of a parameter; the first has number 1.
    fn write_placeholder(&self, number: usize, sql: &mut String) {
        let _ = number;
        sql.push('?');
    }

    /// Writes the placeholder of a parameter whose type takes another form than its value has. Nothing else asks for it.
    fn write_typed_placeholder(&self, number: usize, sql_type: &SqlType, sql: &mut String) {
        let _ = sql_type;
        self.write_placeholder(number, sql);
    }

    /// Writes a name between the dialect's quotes.
    fn write_quoted(&self, name: &str, sql: &mut String) {
        sql.push('"');
        sql.push_str(&name.replace('"', "\"\""));
        sql.push('"');
    }

    /// Whether a word in small letters must be quoted to be a name.
    fn is_reserved(&self, word: &str) -> bool {
        reserved::is_in(reserved::POSTGRES, word)
    }

    /// Writes a value into the text, escaped so that it stays a value.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for a value that cannot be written, such as an infinite number.
    fn write_literal(&self, value: &Value, sql: &mut String) -> Result<()>;

    /// Writes text where nothing but text between quotes can stand, such as a comment.
    ///
    /// # Errors
    /// As [`Dialect::write_literal`].
    fn write_constant_text(&self, text: &str, sql: &mut String) -> Result<()> {
        self.write_literal(&Value::Text(text.into()), sql)
    }

    /// Writes a value into the text whose type takes another form than the value has. Nothing else asks for it.
    ///
    /// # Errors
    /// As [`Dialect::write_literal`].
    fn write_typed_literal(&self, value: &Value, sql_type: &SqlType, sql: &mut String) -> Result<()> {
        let _ = sql_type;
        self.write_literal(value, sql)
    }

    /// The name of a type, for a column. Of a decorated type it is the name of its [`plain`](SqlType::plain) form.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) where the database has no such type.
    fn type_name(&self, sql_type: &SqlType) -> Result<String>;

    /// The name of a type, for CAST.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) where the database has no such type.
    fn cast_type_name(&self, sql_type: &SqlType) -> Result<String> {
        self.type_name(sql_type)
    }

    /// The name that a table or column has in the database, not quoted.
    fn physical_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        self.naming().apply(name)
    }

    /// Writes a name as it stands, quoted only where it must be: plain words in small letters stay readable.
    fn write_identifier(&self, name: &str, sql: &mut String) {
        if is_plain(name) && !self.is_reserved(name) {
            sql.push_str(name);
        } else {
            self.write_quoted(name, sql);
        }
    }

    /// A name as it stands, quoted where it must be: an alias, a label, an index.
    fn identifier(&self, name: &str) -> String {
        let mut sql = String::new();
        self.write_identifier(name, &mut sql);
        sql
    }

    /// A column's name as it is written: in its physical form, quoted where it must be.
    fn column_name(&self, name: &str) -> String {
        self.identifier(&self.physical_name(name))
    }

    /// The schema that is meant by the one that a table says.
    fn schema_name<'n>(&'n self, schema: Option<&'n Name>) -> Option<Cow<'n, str>> {
        match self.schemas() {
            Some(schemas) => schemas.translate(schema),
            None => schema.map(|name| Cow::Borrowed(&**name)),
        }
    }

    /// A name as it stands, with its schema before it.
    fn qualified(&self, schema: Option<&Name>, name: &str) -> String {
        let mut sql = String::new();
        if let Some(schema) = self.schema_name(schema) {
            self.write_identifier(&schema, &mut sql);
            sql.push('.');
        }
        self.write_identifier(name, &mut sql);
        sql
    }

    /// A query that tells by one truth value whether an INSERT into the table may stand in a WITH, from which its rows are
    /// read; none: WITH takes no INSERT.
    fn insert_in_with_query(&self, table: &Table) -> Option<String> {
        let _ = table;
        None
    }

    /// A table's name as it is written: with its schema, in its physical form, quoted where it must be.
    fn table_name(&self, table: &Table) -> String {
        self.qualified(table.schema(), &self.physical_name(table.name()))
    }
}

/// The error of a type that a dialect does not have.
pub(crate) fn no_type(sql_type: &SqlType, dialect: &str) -> Error {
    Error::unsupported(&format!("the type {sql_type:?}"), dialect)
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
