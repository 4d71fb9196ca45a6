//! The derives of Aludel: [`FromRow`], [`Enum`] and [`Mapped`](macro@Mapped).
//!
//! Depend on `aludel` (or on the crate of the stack that you use) and take the derives from there.
//!
//! A derive goes through three steps: *parse* the struct and its attributes into plain data, *validate* it, and
//! *expand* it. Everything that is wrong is collected on the way and shown at once, and the expansion is emitted all
//! the same where that is possible, so that one mistake gives one message.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `problems`, `settings` | the errors of one derive; the words in an attribute |
//! | `member`, `column`, `made`, `relationship`, `model`, `table_options` | a mapped struct as plain data |
//! | `validate` | what only the whole struct shows |
//! | `expand` | what `Mapped` emits, one file for each part |
//! | `from_row`, `enumeration` | the two small derives |
//! | `root`, `spelling` | paths to Aludel; names in other spellings |

mod column;
mod column_type;
mod enumeration;
mod expand;
mod from_row;
mod made;
mod member;
mod model;
mod problems;
mod relationship;
mod root;
mod settings;
mod spelling;
mod table_options;
mod validate;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Maps a struct to a table, so that a session can hold its rows.
///
/// The struct has named fields and no type parameters, and implements `Clone`. A field of type `Many<Model>` or
/// `One<Model>` is a relationship; every other field is a column, whose type implements `ColumnType`.
///
/// For `struct Author` it writes the constant `Author` (what `select(Author)` takes), a constant for each field
/// (`Author::name`, `Author::books`), and the traits `Model` and `Mapped`. The compiler then checks what refers to
/// another model: the type of a foreign key, and that both sides of `back_populates` name each other.
///
/// # `#[table(..)]`, on the struct
///
/// | word | meaning |
/// | --- | --- |
/// | `name = "author"` | the table's name; else the struct's in snake case |
/// | `schema = "library"` | the table's schema |
/// | `unique(name, born)` | the values of these fields are unique together; may be repeated |
/// | `index(name, born)` | an index over these fields; may be repeated |
/// | `check = "born > 0"` | a condition in SQL; may be repeated |
/// | `table_args = further` | a function `fn further(table: Table) -> Table` that says the rest: named constraints, partial, expression and covering indexes, EXCLUDE, DDL of its own |
/// | `view`, `view_query = "SELECT .."` | a view, made elsewhere or by `create_all`: it is read, and a flush does not write to it |
/// | `materialized` | a view whose rows are kept until it is refreshed (PostgreSQL) |
/// | `comment = ".."` | a comment kept in the database |
/// | `temporary` | lives as long as the connection |
/// | `sqlite_strict`, `sqlite_without_rowid`, `sqlite_autoincrement` | how SQLite keeps it; others take no notice |
/// | `mysql_engine`, `mysql_charset`, `mysql_collate`, `mysql_further`, `mysql_partition_by` | the same for MySQL and MariaDB, as SQL |
/// | `postgresql_unlogged`, `postgresql_partition_by`, `postgresql_using`, `postgresql_with`, `postgresql_on_commit`, `postgresql_tablespace` | the same for PostgreSQL |
/// | `eager_defaults = false` | what the database made is not brought back by a flush: the object is expired |
///
/// # `#[column(..)]`, on a field
///
/// | word | meaning |
/// | --- | --- |
/// | `primary_key` | part of the primary key; several fields make a composite key |
/// | `autoincrement = true` | whether the database numbers it; else the lone integer key is numbered |
/// | `name = "author_name"` | the column's name; else the field's |
/// | `length = 120` | `VARCHAR(120)` |
/// | `precision = 10`, `scale = 2` | `NUMERIC(10, 2)` |
/// | `sql_type = Timestamp` | any other SQL type, as an expression |
/// | `nullable = false` | NOT NULL, though the field is an `Option` |
/// | `index`, `unique` | an index, or a unique constraint, over this column |
/// | `foreign_key = Author::id` | references a column of a model, which must have the same type |
/// | `on_delete = "cascade"`, `on_update = ".."` | also `set null`, `set default`, `restrict`, `no action` |
/// | `server_default = "0"` | SQL that the database puts in when an INSERT leaves the column out |
/// | `default = now`, `default = 5` | a function or a value for an INSERT, when the field is `None`; a key, when it is zero or empty |
/// | `onupdate = now` | a function or a value for an UPDATE that does not change the field, by a flush or by `update(Model)` |
/// | `server_onupdate` | the database makes a value at an UPDATE (a trigger), which is brought back |
/// | `server_onupdate = "CURRENT_TIMESTAMP"` | the same by ON UPDATE, which MySQL and MariaDB have |
/// | `identity`, `identity = "always"` | numbered in SQL's own words: BY DEFAULT or ALWAYS AS IDENTITY; an expression says how: `identity = Identity::always().start(100)` |
/// | `sequence = "numbers"` | takes its numbers from a sequence (PostgreSQL, MariaDB); an expression says how it counts: `sequence = Sequence::new("numbers").increment(5)` |
/// | `collate = "nocase"` | how texts are compared |
/// | `deferrable`, `initially = "deferred"` | when the foreign key is checked |
/// | `foreign_key_name = "fk_book_author"` | the foreign key's name |
/// | `foreign_key_match = "full"` | when a foreign key of NULLs holds (PostgreSQL); also `partial`, `simple` |
/// | `computed = "price * quantity"` | the database computes it from the row: it is never written, and brought back; `persisted = false`: computed when it is read |
/// | `system` | every table of the database has it by itself, and nobody writes it: PostgreSQL's `xmin` and the like |
/// | `validate = check` | a function that refuses values: `fn check(value: &str) -> Result<(), String>`, or any error that can be shown. It is asked when the field is set, and before it is written. `None` is not shown to it |
/// | `version_id` | counts the row's versions: an UPDATE or DELETE that finds another version is `StaleData` |
/// | `version_id_generator = now` | a function makes the versions; `false`: the database or the program does, as with PostgreSQL's own versions: `#[column(system, version_id, version_id_generator = false)] xmin: u32` |
/// | `comment = ".."` | a comment kept in the database |
/// | `constant = "name_"` | the constant's name, where the field's name is taken by a function of the struct |
///
/// # `#[relationship(..)]`, on a field of type `Many<..>` or `One<..>`
///
/// | word | meaning |
/// | --- | --- |
/// | `back_populates = Book::author` | the relationship on the other side, which must name this one |
/// | `secondary = BookTag` | the model of the table between the two, for many-to-many |
/// | `cascade = "all, delete-orphan"` | also `save-update`, `merge`, `refresh-expire`, `expunge`, `delete`, `none` |
/// | `foreign_key = Book::author_id` | the foreign key that is meant, where several fit |
/// | `order_by = Book::title`, `order_by = Book::title.desc()` | orders the collection |
/// | `lazy = "selectin"` | also `select`, `joined`, `raise` |
/// | `passive_deletes`, `post_update` | as in SQLAlchemy |
/// | `passive_updates = false` | a changed key reaches the rows that refer to it by UPDATEs of the session, not by ON UPDATE |
/// | `constant = ".."` | as for a column |
#[proc_macro_derive(Mapped, attributes(table, column, relationship))]
pub fn derive_mapped(input: TokenStream) -> TokenStream {
    expand::mapped(&parse_macro_input!(input as DeriveInput)).into()
}

/// Reads a whole row into a struct: by column name for named fields, by position for a tuple struct.
///
/// | word | meaning |
/// | --- | --- |
/// | `#[column(name = "total")]` | the column's name; else the field's |
#[proc_macro_derive(FromRow, attributes(column))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    from_row::expand(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum without fields a column type: its variants are stored as words.
///
/// The enum implements `Clone`.
///
/// | word | meaning |
/// | --- | --- |
/// | `#[enumeration(name = "status")]`, on the enum | the type's name in the database; else the enum's in snake case |
/// | `#[enumeration(schema = "library")]`, on the enum | the type's schema, where enumerations are types of their own (PostgreSQL) |
/// | `#[value(name = "in print")]`, on a variant | the stored word; else the variant's name as written |
#[proc_macro_derive(Enum, attributes(enumeration, value))]
pub fn derive_enum(input: TokenStream) -> TokenStream {
    enumeration::expand(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a struct around one value a column type of its own: `struct Email(String)`. It is kept as its value is, and a column
/// of it is compared with nothing else.
///
/// With `stored`, any type that converts: what is sent is made by `From<Self> for Stored`, what is read by
/// `TryFrom<Stored> for Self`, whose error names what was refused. Counterpart of SQLAlchemy's `TypeDecorator`.
///
/// The type implements `Clone`.
///
/// | word | meaning |
/// | --- | --- |
/// | `#[column_type(stored = String)]` | the column type that values are kept as; `"Vec<u8>"` where it has parameters |
/// | `#[column_type(sql_type = Varchar(120))]` | the SQL type, as an expression; else that of the stored type |
#[proc_macro_derive(ColumnType, attributes(column_type))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    column_type::expand(&parse_macro_input!(input as DeriveInput)).into()
}
