//! INSERT.

use super::{
    compiler::Compiler,
    fit::Fit,
    row_order::{RowOrder, Sentinel, Way, Written, column_at, unlimited},
    wrap::Wrap,
    writer::Piece,
};
use crate::{
    Error, Result,
    dialect::{DefaultValues, Dialect, UpsertStyle},
    expression::Node,
    name::Name,
    statement::{InsertNode, InsertRows, RowValues},
    types::{SqlType, Template},
};

/// Most rows of one INSERT, when nothing else is said.
pub(super) const ROWS_AT_ONCE: usize = 1000;

/// How many rows with expressions in them go into one text, where they do not all go into one.
pub(super) fn rows_at_once(insert: &InsertNode, most: usize, dialect: &dyn Dialect) -> Option<usize> {
    let InsertRows::Values(rows) = &insert.rows else { return None };
    if rows.nodes().is_none() || rows.count() < 2 {
        return None;
    }
    let chunk = match Way::of(insert, dialect) {
        Way::OneByOne | Way::GeneratedKey => 1,
        _ => (dialect.features().max_parameters / rows.width().max(1)).clamp(1, most.max(1)),
    };
    (chunk < rows.count()).then_some(chunk)
}

/// The same INSERT for so many rows at once.
pub(super) fn parts(insert: &InsertNode, chunk: usize) -> impl Iterator<Item = InsertNode> + '_ {
    let rows = match &insert.rows {
        InsertRows::Values(rows) => Some(rows),
        _ => None,
    };
    rows.into_iter().flat_map(move |rows| {
        (0..rows.count()).step_by(chunk).map(move |first| {
            let rows = rows.slice(first, chunk.min(rows.count() - first));
            InsertNode { rows: InsertRows::Values(rows), ..insert.clone() }
        })
    })
}

/// How the rows of an INSERT find their places.
pub(super) fn order(insert: &InsertNode, dialect: &dyn Dialect) -> Option<Box<RowOrder>> {
    let rows = match &insert.rows {
        InsertRows::Values(rows) => Some(rows),
        _ => None,
    };
    Sentinel::of(insert, Way::of(insert, dialect)).order(rows)
}

impl<'n> Compiler<'n> {
    /// Writes an INSERT. The rows are given where they are to be written into the text.
    pub(super) fn insert(&mut self, insert: &'n InsertNode, rows: Option<&'n RowValues>) -> Result<()> {
        let table = &insert.table;
        let way = if self.writes_literals() { Way::Plain } else { Way::of(insert, self.dialect) };
        let sentinel = Sentinel::of(insert, way);
        let name = self.dialect.table_name(table);
        let further = insert.further.as_deref();
        if !self.with_written && self.has_changes_in_with(further) {
            // These stand before everything.
            if !self.features.constructs.with_before_insert
                && further.is_some_and(|further| !further.with.is_empty())
            {
                return Err(self.unsupported("WITH before INSERT"));
            }
            self.with()?;
        }
        self.push("INSERT ");
        self.prefixes(further);
        self.push("INTO ");
        self.push(&name);
        match &insert.rows {
            InsertRows::Default => self.defaults(),
            InsertRows::Values(values) if values.width() == 0 => self.defaults(),
            InsertRows::Values(values) => {
                self.columns(insert, Some(values.width()))?;
                let definition = table.definition();
                let types: Vec<Option<&SqlType>> = (0..values.width())
                    .map(|place| column_at(insert, &definition, place).map(|column| &column.sql_type))
                    .collect();
                if values.nodes().is_none() {
                    self.row_fits = (0..values.width())
                        .filter_map(|place| {
                            let column = column_at(insert, &definition, place)?;
                            Fit::of(place, &column.name, &column.sql_type, self.dialect)
                        })
                        .collect();
                }
                match (values.nodes(), way) {
                    (
                        None,
                        Way::Numbered(Written::Columns) | Way::Keyed(Written::Columns) | Way::InArrays,
                    ) => {
                        self.unnested(&sentinel)?;
                    }
                    (None, _) => {
                        self.push(" VALUES ");
                        let wraps = Wrap::of_row(types, self.dialect)?;
                        self.rows(values.width(), rows.filter(|_| self.writes_literals()), wraps)?;
                    }
                    (Some(nodes), _) => {
                        self.push(" VALUES ");
                        self.separated(nodes.chunks(values.width()), |this, row| {
                            this.push("(");
                            this.separated(
                                row.iter().zip(&types).enumerate(),
                                |this, (place, (node, sql_type))| {
                                    if let (Node::Bind(_), Some(column)) =
                                        (node, column_at(insert, &definition, place))
                                    {
                                        let fit =
                                            Fit::of(this.slot, &column.name, &column.sql_type, this.dialect);
                                        this.slot_fits.extend(fit);
                                    }
                                    this.assigned(node, *sql_type)
                                },
                            )?;
                            this.push(")");
                            Ok(())
                        })?;
                    }
                }
            }
            InsertRows::Select(select) => {
                self.columns(insert, None)?;
                let definition = table.definition();
                for (place, item) in select.items.iter().enumerate() {
                    if let Some(column) = column_at(insert, &definition, place) {
                        self.check_scaled(&column.name, &column.sql_type, item)?;
                    }
                }
                self.push(" ");
                // SQLite would take ON CONFLICT for a condition of the last join.
                let ambiguous = further.is_some_and(|further| further.upsert.is_some())
                    && self.features.constructs.upsert
                        == Some(UpsertStyle::OnConflict { constraints: false });
                if ambiguous {
                    self.push("SELECT * FROM (");
                }
                self.select_statement(select)?;
                if ambiguous {
                    self.push(") WHERE TRUE");
                }
            }
            InsertRows::Invalid(message) => {
                return Err(Error::argument(format!("INSERT INTO {}: {message}", table.name())));
            }
        }
        self.upsert(insert)?;
        if way != Way::GeneratedKey {
            self.returning(&insert.returning, table, &[], self.features.insert_returning, "INSERT")?;
            for column in &sentinel.hidden {
                let column = self.dialect.physical_name(column).into_owned();
                self.push(", ");
                self.identifier(&column);
            }
        }
        self.suffixes(further);
        self.sentinel = (way != Way::Plain).then_some(sentinel);
        Ok(())
    }

    /// Writes a row of defaults.
    fn defaults(&mut self) {
        self.push(match self.features.default_values {
            DefaultValues::Keyword => " DEFAULT VALUES",
            DefaultValues::EmptyRow => " () VALUES ()",
        });
    }

    /// Writes the rows as one array a column. The aliases are numbered, since a column may have any name.
    fn unnested(&mut self, sentinel: &Sentinel) -> Result<()> {
        self.push(" SELECT ");
        self.separated(sentinel.types.iter().enumerate(), |this, (column, sql_type)| {
            let template = sql_type.bind_template(this.dialect.name());
            let (before, after) = template.map(Template::parts).transpose()?.unwrap_or_default();
            this.push(&format!("{before}_rows.c{column}{after}"));
            Ok(())
        })?;
        self.push(" FROM UNNEST(");
        self.separated((0..).zip(&sentinel.types), |this, (column, sql_type)| {
            this.writer.piece(Piece::Column(column));
            let name = this.dialect.cast_type_name(&unlimited(sql_type.plain(this.dialect.name())))?;
            this.push(&format!("::{name}[]"));
            Ok(())
        })?;
        self.push(") WITH ORDINALITY AS _rows(");
        self.separated(0..sentinel.types.len(), |this, column| {
            this.push(&format!("c{column}"));
            Ok(())
        })?;
        // The rows are numbered in the order in which the SELECT gives them.
        self.push(", o) ORDER BY _rows.o");
        Ok(())
    }

    /// Writes the columns of the rows.
    fn columns(&mut self, insert: &InsertNode, width: Option<usize>) -> Result<()> {
        let definition = insert.table.definition();
        let own: Vec<Name>;
        let columns = match &insert.columns {
            Some(columns) => columns,
            None => {
                own = definition
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .take(width.unwrap_or(usize::MAX))
                    .collect();
                &own
            }
        };
        if let Some(width) = width.filter(|width| *width != columns.len()) {
            return Err(Error::argument(format!(
                "a row of {width} values was given for {} columns of `{}`",
                columns.len(),
                insert.table.name()
            )));
        }
        self.push(" (");
        self.separated(columns, |this, column| {
            let name = this.table_column(&insert.table, column)?;
            this.identifier(&name);
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }
}
