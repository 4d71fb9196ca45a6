//! The SQL text of each shape of row, written once for a session maker.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use aludel_driver::{Result, Statement};
use aludel_sql_expression::{
    CompiledCache, Dialect, Executable, Value,
    compile::{around_column, around_value, unlimited, write_bound},
    dialect::UpsertStyle,
    insert,
    schema::Table,
    statement::{InsertRows, RowValues, StatementNode},
};

use super::{
    columns::ColumnShape,
    made::{items, render},
};
use crate::mapping::Mapper;

/// The texts written so far.
#[derive(Debug, Default)]
pub(crate) struct StatementCache {
    statements: Mutex<HashMap<Shape, Statement>>,
    /// What Core writes: INSERTs, and statements with expressions in them.
    compiled: CompiledCache,
    /// The models whose new rows were told apart by their numbers.
    told: Mutex<HashSet<&'static Mapper>>,
    /// Of which models an INSERT may stand in a WITH, as far as the database was asked.
    in_with: Mutex<HashMap<&'static Mapper, bool>>,
}

/// What a text depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) table: Table,
    /// The columns that are written.
    pub(super) columns: Vec<ColumnShape>,
    /// The columns that find the row, or that come back.
    pub(super) keys: Vec<ColumnShape>,
    /// The columns that come back from an UPDATE.
    pub(super) returning: Vec<ColumnShape>,
    /// How many rows one statement holds, where each is written out.
    pub(super) rows: usize,
}

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// `INSERT .. VALUES (..), (..)`.
    InsertValues,
    /// The same without the rows that are there already.
    InsertMissingValues,
    /// `INSERT .. SELECT .. FROM UNNEST(..)`: any number of rows in one parameter a column.
    InsertUnnest,
    /// The same without the rows that are there already.
    InsertMissingUnnest,
    /// The same, with the numbers of all rows in one array: a row for each costs more than the number in it.
    InsertUnnestNumbers,
    /// `UPDATE .. WHERE key = ..`: one row.
    UpdateOne,
    /// `UPDATE .. FROM UNNEST(..)`.
    UpdateUnnest,
    /// `UPDATE .. JOIN (SELECT .. UNION ALL ..)`.
    UpdateJoin,
    /// `DELETE .. WHERE key = ..`: one row.
    DeleteOne,
    /// `DELETE .. USING UNNEST(..)`.
    DeleteUnnest,
    /// `DELETE .. WHERE key IN (..)`.
    DeleteIn,
}

impl StatementCache {
    pub(super) fn compiled(&self) -> &CompiledCache {
        &self.compiled
    }

    /// Whether new rows of a model were told apart before, so that a COMMIT need not wait until it is seen that these are.
    pub(super) fn is_told(&self, mapper: &'static Mapper) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(mapper)
    }

    /// New rows of a model were told apart.
    pub(super) fn tell(&self, mapper: &'static Mapper) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(mapper);
    }

    /// Whether an INSERT of a model's rows may stand in a WITH; none: the database was not asked.
    pub(super) fn is_in_with(&self, mapper: &'static Mapper) -> Option<bool> {
        self.in_with.lock().unwrap_or_else(PoisonError::into_inner).get(mapper).copied()
    }

    /// The database was asked that.
    pub(super) fn set_in_with(&self, mapper: &'static Mapper, is_in_with: bool) {
        self.in_with.lock().unwrap_or_else(PoisonError::into_inner).insert(mapper, is_in_with);
    }

    pub(super) fn get(&self, shape: Shape, dialect: &Arc<dyn Dialect>) -> Result<Statement> {
        if dialect.schemas().is_some() {
            // The same shape is another text in other schemas.
            return self.write(&shape, dialect);
        }
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statement) = statements.get(&shape) {
            return Ok(statement.clone());
        }
        let statement = self.write(&shape, dialect)?;
        statements.insert(shape, statement.clone());
        Ok(statement)
    }

    fn write(&self, shape: &Shape, dialect: &Arc<dyn Dialect>) -> Result<Statement> {
        let writer = Writer { compiled: &self.compiled, dialect, shape, sql: String::new(), parameters: 0 };
        Ok(Statement::new(writer.write()?))
    }
}

struct Writer<'a> {
    compiled: &'a CompiledCache,
    dialect: &'a Arc<dyn Dialect>,
    shape: &'a Shape,
    sql: String,
    parameters: usize,
}

impl Writer<'_> {
    fn write(mut self) -> Result<String> {
        match self.shape.kind {
            Kind::InsertValues | Kind::InsertMissingValues => return self.insert(false),
            Kind::InsertUnnest | Kind::InsertMissingUnnest => return self.insert(true),
            Kind::InsertUnnestNumbers => return self.insert_for_numbers(),
            Kind::UpdateOne => self.update_one()?,
            Kind::UpdateUnnest => self.update_unnest()?,
            Kind::UpdateJoin => self.update_join()?,
            Kind::DeleteOne => self.delete_one()?,
            Kind::DeleteUnnest => self.delete_unnest()?,
            Kind::DeleteIn => self.delete_in()?,
        }
        Ok(self.sql)
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn table(&mut self) {
        let name = self.dialect.table_name(&self.shape.table);
        self.push(&name);
    }

    fn column(&mut self, column: &ColumnShape) {
        let name = self.dialect.column_name(&column.name);
        self.push(&name);
    }

    /// The placeholder of an array, or of a value in a row of a table of its own.
    fn parameter(&mut self) {
        self.parameters += 1;
        self.dialect.write_placeholder(self.parameters, &mut self.sql);
    }

    /// The placeholder of a value for a column, with what its type puts around it.
    fn bound(&mut self, column: &ColumnShape) -> Result<()> {
        self.parameters += 1;
        Ok(write_bound(&**self.dialect, &column.sql_type, self.parameters, &mut self.sql)?)
    }

    /// A value of the rows that were joined, with what the column's type puts around it.
    fn joined(&mut self, column: &ColumnShape, position: usize) -> Result<()> {
        let (before, after) = around_value(&**self.dialect, &column.sql_type)?.unwrap_or_default();
        let _ = write!(self.sql, "{before}_rows.c{position}{after}");
        Ok(())
    }

    /// A column that comes back, after the name of its table where it needs one.
    fn returned(&mut self, column: &ColumnShape, qualified: bool) -> Result<()> {
        let around = around_column(&**self.dialect, &column.sql_type)?;
        self.push(around.map_or("", |(before, _)| before));
        if qualified {
            self.table();
            self.push(".");
        }
        self.column(column);
        if let Some((_, after)) = around {
            self.push(after);
            self.push(" AS ");
            self.column(column);
        }
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.push(separator);
            }
            write(self, item);
        }
    }

    /// The same where writing can fail.
    fn written<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.push(separator);
            }
            write(self, item)?;
        }
        Ok(())
    }

    fn columns(&mut self, columns: &[ColumnShape]) {
        self.list(columns, ", ", Self::column);
    }

    /// An INSERT is written by Core. What stands in the rows does not matter, only how many they are.
    fn insert(self, in_arrays: bool) -> Result<String> {
        let Shape { table, columns, keys, rows, kind, .. } = self.shape;
        if in_arrays {
            // Core would write the rows out instead.
            columns.iter().try_for_each(|column| element_name(&**self.dialect, column).map(drop))?;
        }
        let mut statement = insert(table);
        if matches!(kind, Kind::InsertMissingValues | Kind::InsertMissingUnnest) {
            statement = match (self.dialect.features().constructs.upsert, columns.first()) {
                (Some(UpsertStyle::OnConflict { .. }), _) => statement.on_conflict_do_nothing(()),
                // IGNORE would pass over a foreign key that leads nowhere, too.
                (Some(_), Some(column)) => {
                    statement.on_duplicate_key_update(|update| update.set_excluded(&*column.name))
                }
                _ => statement,
            };
        }
        let mut node = statement.node();
        if let StatementNode::Insert(insert) = &mut node {
            let insert = Arc::make_mut(insert);
            if !columns.is_empty() {
                insert.columns = Some(columns.iter().map(|column| column.name.clone()).collect());
                let values = vec![Value::Null; columns.len() * (*rows).max(1)];
                insert.rows = InsertRows::Values(RowValues::new(values, columns.len()));
            }
            insert.returning = items(table, keys.iter().map(|column| &column.name)).into_iter().collect();
            // The flush tells the rows apart by itself.
            (insert.unordered, insert.in_arrays) = (true, in_arrays);
        }
        let (statement, _) = render(self.compiled, &node, self.dialect)?;
        Ok(statement.sql().to_string())
    }

    fn insert_for_numbers(self) -> Result<String> {
        let key = self.dialect.column_name(&self.shape.keys[0].name);
        let insert = self.insert(true)?;
        Ok(format!("WITH _rows AS ({insert}) SELECT array_agg(_rows.{key}) FROM _rows"))
    }

    /// One array parameter a column; the aliases are numbered, since a column may have any name.
    fn unnest(&mut self, columns: &[ColumnShape]) -> Result<()> {
        self.push("UNNEST(");
        self.written(columns, ", ", Self::array)?;
        self.push(") AS _rows(");
        self.list(0..columns.len(), ", ", |writer, position| {
            let _ = write!(writer.sql, "c{position}");
        });
        self.push(")");
        Ok(())
    }

    fn array(&mut self, column: &ColumnShape) -> Result<()> {
        self.parameter();
        let name = element_name(&**self.dialect, column)?;
        let _ = write!(self.sql, "::{name}[]");
        Ok(())
    }

    fn where_key(&mut self) -> Result<()> {
        self.push(" WHERE ");
        self.written(&self.shape.keys, " AND ", |writer, key| {
            writer.column(key);
            writer.push(" = ");
            writer.bound(key)
        })
    }

    fn update_one(&mut self) -> Result<()> {
        self.push("UPDATE ");
        self.table();
        self.push(" SET ");
        self.written(&self.shape.columns, ", ", |writer, column| {
            writer.column(column);
            writer.push(" = ");
            writer.bound(column)
        })?;
        self.where_key()?;
        self.returning_made()
    }

    /// The table's name before each column, because the rows that are joined may have columns of the same names.
    fn returning_made(&mut self) -> Result<()> {
        if !self.shape.returning.is_empty() {
            self.push(" RETURNING ");
            self.written(&self.shape.returning, ", ", |writer, column| writer.returned(column, true))?;
        }
        Ok(())
    }

    fn update_unnest(&mut self) -> Result<()> {
        self.push("UPDATE ");
        self.table();
        self.push(" SET ");
        let width = self.shape.columns.len();
        self.written(self.shape.columns.iter().enumerate(), ", ", |writer, (position, column)| {
            writer.column(column);
            writer.push(" = ");
            writer.joined(column, position)
        })?;
        self.push(" FROM ");
        let all: Vec<ColumnShape> = self.shape.columns.iter().chain(&self.shape.keys).cloned().collect();
        self.unnest(&all)?;
        self.unnest_keys(width)?;
        self.returning_made()
    }

    fn unnest_keys(&mut self, first: usize) -> Result<()> {
        self.push(" WHERE ");
        self.joined_keys(first)
    }

    fn joined_keys(&mut self, first: usize) -> Result<()> {
        self.written(self.shape.keys.iter().enumerate(), " AND ", |writer, (position, key)| {
            writer.table();
            writer.push(".");
            writer.column(key);
            writer.push(" = ");
            writer.joined(key, first + position)
        })
    }

    fn update_join(&mut self) -> Result<()> {
        self.push("UPDATE ");
        self.table();
        self.push(" JOIN (");
        let width = self.shape.columns.len() + self.shape.keys.len();
        // No row of the table itself, only its types: a parameter alone would take the type of the first row's value.
        self.push("SELECT ");
        let all = self.shape.columns.iter().chain(&self.shape.keys).enumerate();
        self.list(all, ", ", |writer, (position, column)| {
            writer.column(column);
            let _ = write!(writer.sql, " AS c{position}");
        });
        self.push(" FROM ");
        self.table();
        self.push(" WHERE 1 = 0");
        for _ in 0..self.shape.rows {
            self.push(" UNION ALL SELECT ");
            self.list(0..width, ", ", |writer, _| writer.parameter());
        }
        self.push(") AS _rows ON ");
        let first = self.shape.columns.len();
        self.joined_keys(first)?;
        self.push(" SET ");
        self.written(self.shape.columns.iter().enumerate(), ", ", |writer, (position, column)| {
            writer.table();
            writer.push(".");
            writer.column(column);
            writer.push(" = ");
            writer.joined(column, position)
        })
    }

    fn delete_from(&mut self) {
        self.push("DELETE FROM ");
        self.table();
    }

    fn delete_one(&mut self) -> Result<()> {
        self.delete_from();
        self.where_key()
    }

    fn delete_unnest(&mut self) -> Result<()> {
        self.delete_from();
        if let [key] = self.shape.keys.as_slice()
            && around_value(&**self.dialect, &key.sql_type)?.is_none()
        {
            self.push(" WHERE ");
            self.column(key);
            self.push(" = ANY(");
            self.array(key)?;
            self.push(")");
            return Ok(());
        }
        self.push(" USING ");
        self.unnest(&self.shape.keys)?;
        self.unnest_keys(0)
    }

    fn delete_in(&mut self) -> Result<()> {
        self.delete_from();
        self.push(" WHERE ");
        let width = self.shape.keys.len();
        if let [key] = self.shape.keys.as_slice() {
            self.column(key);
        } else {
            self.push("(");
            self.columns(&self.shape.keys);
            self.push(")");
        }
        self.push(" IN (");
        let keys = &self.shape.keys;
        self.written(0..self.shape.rows, ", ", |writer, _| {
            if width > 1 {
                writer.push("(");
            }
            writer.written(keys, ", ", Self::bound)?;
            if width > 1 {
                writer.push(")");
            }
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }
}

/// The type of the elements of a column's array.
fn element_name(dialect: &dyn Dialect, column: &ColumnShape) -> Result<String> {
    Ok(dialect.cast_type_name(&unlimited(column.sql_type.plain(dialect.name())))?)
}
