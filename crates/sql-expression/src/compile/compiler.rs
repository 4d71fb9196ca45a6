//! [`Compiler`]: renders one statement.

use hashbrown::{HashMap, HashSet};

use super::{
    compiled::Compiled,
    fit::Fit,
    key::{Slot, Walk},
    names,
    row_order::Sentinel,
    wrap::{RowWraps, Wrap, result_lists},
    writer::{Piece, Writer},
};
use crate::{
    Error, Result, Value,
    dialect::{Dialect, Features},
    expression::{Alias, AliasTarget, Node, Source},
    name::Name,
    statement::{Hint, InsertNode, RowValues, SelectItem, StatementKind, StatementNode},
    types::SqlType,
};

/// Renders one statement.
///
/// It visits values in the order in which [`Walk`] collected them: `slot` is the number of the next one. Where a clause is
/// rendered out of that order, `slot` is set to where its values begin.
pub(super) struct Compiler<'n> {
    pub(super) dialect: &'n dyn Dialect,
    pub(super) features: &'n Features,
    pub(super) writer: Writer,
    /// The number of the next value.
    pub(super) slot: usize,
    slots: Vec<Slot<'n>>,
    /// Expressions that stand in the select list already, by the numbers of their first values: and the numbers of its.
    repeated: HashMap<usize, usize>,
    /// Where the values of what an alias stands for begin.
    alias_slots: HashMap<u64, usize>,
    alias_names: HashMap<u64, Name>,
    /// All aliases of the statement, in the order in which they were found.
    pub(super) aliases: Vec<&'n Alias>,
    /// The sources of the selects around the present place, the innermost last.
    pub(super) scopes: Vec<Vec<Source>>,
    /// Whether columns are written without their table.
    pub(super) unqualified: bool,
    /// Whether WITH was written further out.
    pub(super) with_written: bool,
    /// The element types of lists that are sent as one array.
    pub(super) arrays: Vec<(u32, SqlType)>,
    /// The INSERT whose upsert is being written.
    pub(super) upsert_of: Option<&'n InsertNode>,
    /// The words that stand after tables of FROM.
    pub(super) table_hints: &'n [(Source, Hint)],
    /// What the columns of an INSERT's rows take.
    pub(super) row_fits: Vec<Fit>,
    /// What columns take that are set to values which stand in the text.
    pub(super) slot_fits: Vec<Fit>,
    /// What tells the rows of an INSERT apart.
    pub(super) sentinel: Option<Sentinel>,
    /// Whether values are written into the text.
    literals: bool,
    /// Whether the next expression is written as its values are kept.
    pub(super) keeps: bool,
    /// The lists of expressions that come out of the database.
    result_lists: Vec<&'n [SelectItem]>,
}

impl<'n> Compiler<'n> {
    pub(super) fn new(dialect: &'n dyn Dialect, walk: &Walk<'n>, statement: &'n StatementNode) -> Self {
        let aliases: Vec<&'n Alias> = walk.aliases.iter().map(|found| found.alias).collect();
        Self {
            dialect,
            features: dialect.features(),
            writer: Writer::default(),
            slot: 0,
            slots: walk.slots.to_vec(),
            repeated: walk.repeated.iter().copied().collect(),
            alias_slots: walk.aliases.iter().map(|found| (found.alias.id(), found.slot)).collect(),
            alias_names: name_aliases(&aliases, statement, dialect),
            aliases,
            scopes: Vec::new(),
            unqualified: false,
            with_written: false,
            arrays: Vec::new(),
            upsert_of: None,
            table_hints: &[],
            row_fits: Vec::new(),
            slot_fits: Vec::new(),
            sentinel: None,
            literals: false,
            keeps: false,
            result_lists: result_lists(statement),
        }
    }

    /// Renders the statement.
    pub(super) fn compile(mut self, statement: &'n StatementNode) -> Result<Compiled> {
        names::check_tables(statement, self.dialect)?;
        names::check_aliases(&self.aliases, self.dialect)?;
        let (kind, returns_rows) = self.statement(statement, None)?;
        let compiled =
            Compiled::new(kind, returns_rows, self.writer.finish(), self.arrays, self.sentinel, self.dialect);
        Ok(compiled.with_fits(self.row_fits, self.slot_fits))
    }

    /// Renders an expression of the statement alone.
    #[cfg(feature = "sea-query-1")]
    pub(super) fn expression_pieces(mut self, node: &'n crate::expression::Node) -> Result<Vec<Piece>> {
        self.node(node)?;
        Ok(self.writer.finish())
    }

    /// Renders the statement with its values written into the text.
    pub(super) fn literal(
        mut self,
        statement: &'n StatementNode,
        rows: Option<&'n RowValues>,
    ) -> Result<String> {
        self.literals = true;
        names::check_tables(statement, self.dialect)?;
        names::check_aliases(&self.aliases, self.dialect)?;
        self.statement(statement, rows)?;
        Ok(self.writer.into_text())
    }

    /// Renders an expression alone, with its values written into the text and its columns without their table.
    pub(super) fn inline(mut self, node: &'n Node) -> Result<String> {
        self.literals = true;
        self.unqualified = true;
        self.kept(node)?;
        Ok(self.writer.into_text())
    }

    fn statement(
        &mut self,
        statement: &'n StatementNode,
        rows: Option<&'n RowValues>,
    ) -> Result<(StatementKind, bool)> {
        Ok(match statement {
            StatementNode::Select(select) => {
                self.select_statement(select)?;
                (StatementKind::Select, true)
            }
            StatementNode::Insert(insert) => {
                self.insert(insert, rows)?;
                (StatementKind::Insert, !insert.returning.is_empty())
            }
            StatementNode::Update(update) => {
                self.update(update)?;
                (StatementKind::Update, !update.returning.is_empty())
            }
            StatementNode::Delete(delete) => {
                self.delete(delete)?;
                (StatementKind::Delete, !delete.returning.is_empty())
            }
            StatementNode::Text(text) => (StatementKind::Text, self.text_statement(text)?),
            StatementNode::Ddl(_) => (StatementKind::Ddl, false),
            StatementNode::External(_) => {
                return Err(Error::compile("what another library writes cannot be a part of a statement"));
            }
        })
    }

    /// Whether values are written into the text.
    pub(super) fn writes_literals(&self) -> bool {
        self.literals
    }

    /// Writes text.
    pub(super) fn push(&mut self, text: &str) {
        self.writer.push(text);
    }

    /// Writes a name as it stands, quoted where it must be.
    pub(super) fn identifier(&mut self, name: &str) {
        self.dialect.write_identifier(name, self.writer.text());
    }

    /// The error of what the dialect cannot say.
    pub(super) fn unsupported(&self, construct: &str) -> Error {
        match self.dialect.version() {
            (0, 0, 0) => Error::unsupported(construct, self.dialect.name()),
            (major, minor, patch) => Error::compile(format!(
                "{construct} is not supported by the {} dialect (version {major}.{minor}.{patch})",
                self.dialect.name()
            )),
        }
    }

    /// Writes what comes between commas.
    pub(super) fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            write(self, item)?;
        }
        Ok(())
    }

    /// Writes the place of the next value.
    pub(super) fn value(&mut self) -> Result<()> {
        let slot = self.slot;
        self.slot += 1;
        self.value_at(slot)
    }

    /// The next value, where it is to be written into the text.
    pub(super) fn next_literal(&mut self) -> Option<&'n Value> {
        match self.slots.get(self.slot) {
            Some(Slot::Value(value)) if self.literals => {
                self.slot += 1;
                Some(value)
            }
            _ => None,
        }
    }

    /// Whether the expressions of a list come out of the database.
    pub(super) fn is_result(&self, items: &[SelectItem]) -> bool {
        self.result_lists.iter().any(|list| std::ptr::eq(*list, items))
    }

    /// Writes the place of a value.
    pub(super) fn value_at(&mut self, slot: usize) -> Result<()> {
        if self.literals
            && let Some(Slot::Value(value)) = self.slots.get(slot)
        {
            return self.dialect.write_literal(value, self.writer.text());
        }
        self.writer.piece(Piece::Slot(slot as u32));
        Ok(())
    }

    /// Writes the place of a list that is one parameter.
    pub(super) fn array(&mut self, element: Option<SqlType>) -> Result<()> {
        let slot = self.slot;
        self.slot += 1;
        if self.literals {
            if matches!(self.slots.get(slot), Some(Slot::List(list)) if list.values.is_empty()) {
                // This takes its type from what it is compared with.
                self.push("'{}'");
                return Ok(());
            }
            self.push("ARRAY[");
            self.list_literals(slot, 1, &None)?;
            self.push("]");
            return Ok(());
        }
        self.arrays.extend(element.map(|element| (slot as u32, element)));
        self.writer.piece(Piece::Slot(slot as u32));
        Ok(())
    }

    /// Writes the places of a list, one for each value.
    pub(super) fn list(&mut self, width: usize, wraps: RowWraps) -> Result<()> {
        let slot = self.slot;
        self.slot += 1;
        if self.literals {
            return self.list_literals(slot, width, &wraps);
        }
        self.writer.piece(Piece::List { slot: slot as u32, width: width as u32, wraps });
        Ok(())
    }

    fn list_literals(&mut self, slot: usize, width: usize, wraps: &RowWraps) -> Result<()> {
        if let Some(Slot::List(list)) = self.slots.get(slot).copied() {
            return self.row_literals(list.binds(), width, width > 1, wraps);
        }
        Ok(())
    }

    /// Writes the places of an INSERT's rows, or the rows themselves.
    pub(super) fn rows(&mut self, width: usize, rows: Option<&'n RowValues>, wraps: RowWraps) -> Result<()> {
        if let Some(rows) = rows {
            let values = rows.values().map_or(&[][..], |values| values);
            // Most values are short, and grow the text less often so.
            self.writer.text().reserve(values.len() * 12);
            if wraps.is_none() {
                return self.plain_rows(values, width);
            }
            return self.row_literals(values.iter(), width, true, &wraps);
        }
        self.writer.piece(Piece::Rows { width: width as u32, wraps });
        Ok(())
    }

    /// Writes rows whose values stand for themselves.
    fn plain_rows(&mut self, values: &[Value], width: usize) -> Result<()> {
        let (dialect, text) = (self.dialect, self.writer.text());
        let mut number = itoa::Buffer::new();
        for (row, values) in values.chunks(width.max(1)).enumerate() {
            text.push_str(if row > 0 { "), (" } else { "(" });
            for (column, value) in values.iter().enumerate() {
                if column > 0 {
                    text.push_str(", ");
                }
                match value {
                    // These are written alike in every SQL.
                    Value::Null => text.push_str("NULL"),
                    Value::I64(whole) => text.push_str(number.format(*whole)),
                    value => dialect.write_literal(value, text)?,
                }
            }
        }
        if !values.is_empty() {
            text.push(')');
        }
        Ok(())
    }

    fn row_literals<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value>,
        width: usize,
        parentheses: bool,
        wraps: &RowWraps,
    ) -> Result<()> {
        let wrap = |column: usize| -> Option<&Wrap> { wraps.as_ref()?.get(column)?.as_ref() };
        let (mut column, mut is_first) = (0, true);
        for value in values {
            let text = self.writer.text();
            match (column > 0, is_first, parentheses) {
                (true, _, _) | (_, false, false) => text.push_str(", "),
                (_, true, true) => text.push('('),
                (_, false, true) => text.push_str("), ("),
                (_, true, false) => {}
            }
            match wrap(column) {
                None => self.dialect.write_literal(value, text)?,
                Some(wrap) => self.wrapped_literal(value, wrap)?,
            }
            is_first = false;
            column += 1;
            if column >= width {
                column = 0;
            }
        }
        if parentheses && !is_first {
            self.push(")");
        }
        Ok(())
    }

    /// Runs something at the values of an alias's definition, and comes back.
    pub(super) fn at_alias(
        &mut self,
        alias: &Alias,
        run: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let slot = self.alias_slots.get(&alias.id()).copied().unwrap_or(self.slot);
        let before = std::mem::replace(&mut self.slot, slot);
        run(self)?;
        self.slot = before;
        Ok(())
    }

    /// Writes an expression of GROUP BY or ORDER BY: with the values of the select list, where it stands there too.
    pub(super) fn maybe_repeated(&mut self, node: &'n Node) -> Result<()> {
        let Some(&slot) = self.repeated.get(&self.slot) else { return self.kept(node) };
        let before = std::mem::replace(&mut self.slot, slot);
        self.kept(node)?;
        self.slot = before + (self.slot - slot);
        Ok(())
    }

    /// Runs something, and gives how many values it used; the numbers go on from where they were.
    pub(super) fn skipping(&mut self, walk: impl FnOnce(&mut Walk<'n>)) {
        let mut skipped = Walk::new(Vec::new());
        walk(&mut skipped);
        self.slot += skipped.slots.len();
    }

    /// The name of an alias in this statement.
    pub(super) fn alias_name(&self, alias: &Alias) -> Name {
        self.alias_names.get(&alias.id()).cloned().unwrap_or(Name::Static("anon"))
    }

    /// Writes the name that a source's columns are written with.
    pub(super) fn source_name(&mut self, source: &Source) {
        match source {
            Source::Table(table) => {
                let name = self.dialect.table_name(table);
                self.push(&name);
            }
            Source::Alias(alias) => {
                let name = self.alias_name(alias);
                self.identifier(&name);
            }
        }
    }

    /// A source in words, for messages.
    pub(super) fn describe(&self, source: &Source) -> String {
        match source {
            Source::Table(table) => table.name().to_string(),
            Source::Alias(alias) => self.alias_name(alias).to_string(),
        }
    }
}

/// Gives each alias a name: its own, or one made of what it stands for and a number, such as `author_1`.
fn name_aliases(aliases: &[&Alias], statement: &StatementNode, dialect: &dyn Dialect) -> HashMap<u64, Name> {
    let mut taken: HashSet<String> =
        aliases.iter().filter_map(|alias| alias.name()).map(|name| name.to_string()).collect();
    if aliases.iter().any(|alias| alias.name().is_none()) {
        taken.extend(
            Walk::tables_of(statement).iter().map(|table| dialect.physical_name(table.name()).into_owned()),
        );
    }
    let mut names = HashMap::with_capacity(aliases.len());
    for alias in aliases {
        let name = match (alias.name(), alias.target()) {
            (Some(name), _) => name.clone(),
            (None, AliasTarget::Table(table)) => free_name(&dialect.physical_name(table.name()), &mut taken),
            (None, _) => free_name("anon", &mut taken),
        };
        names.insert(alias.id(), name);
    }
    names
}

fn free_name(base: &str, taken: &mut HashSet<String>) -> Name {
    let mut number = 1;
    loop {
        let name = format!("{base}_{number}");
        if taken.insert(name.clone()) {
            return name.into();
        }
        number += 1;
    }
}
