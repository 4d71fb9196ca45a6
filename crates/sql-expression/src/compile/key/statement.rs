//! Statements in the key.

use super::{Slot, Walk};
use crate::compile::row_order::facts;
use crate::{
    expression::Source,
    statement::{
        DeleteNode, InsertNode, InsertRows, Join, JoinCondition, SelectClauses, SelectItem, SelectNode,
        TextNode, UpdateNode,
    },
};

impl<'n> Walk<'n> {
    pub(super) fn items(&mut self, items: &'n [SelectItem]) {
        self.count(items.len());
        for item in items {
            match item {
                SelectItem::Expression { node, nullable } => {
                    self.tag(u8::from(*nullable));
                    self.node(node);
                }
                // Nearly always a table under its own name.
                SelectItem::Entity { source: Source::Table(source), table, nullable } if source == table => {
                    self.tag(4 + u8::from(*nullable));
                    self.table(table);
                }
                SelectItem::Entity { source, table, nullable } => {
                    self.tag(2 + u8::from(*nullable));
                    self.source(source);
                    self.table(table);
                }
            }
        }
    }

    pub(super) fn joins(&mut self, joins: &'n [Join]) {
        self.count(joins.len());
        for join in joins {
            self.join(join);
        }
    }

    /// Walks a join: what is in its parentheses before its own condition, as they are written.
    pub(in crate::compile) fn join(&mut self, join: &'n Join) {
        self.tag(join.kind as u8);
        match &join.left {
            Some(left) => self.source(left),
            None => self.tag(0),
        }
        self.source(&join.right);
        self.joins(&join.within);
        match &join.condition {
            JoinCondition::None => self.tag(0),
            JoinCondition::ForeignKey => self.tag(1),
            JoinCondition::On(on) => {
                self.tag(2);
                self.node(on);
            }
            JoinCondition::Using(columns) => {
                self.tag(3);
                self.count(columns.len());
                columns.iter().for_each(|column| self.text(column));
            }
            JoinCondition::Natural => self.tag(4),
        }
    }

    /// Walks a select, in the order in which its clauses are rendered. Which clauses there are comes first, so that those
    /// which are not there, as most, take no time.
    pub(in crate::compile) fn select(&mut self, select: &'n SelectNode) {
        let Some(clauses) = select.clauses.get() else {
            self.tag(0);
            self.items(&select.items);
            self.nodes(&select.filters);
            return;
        };
        let are_there = [
            !clauses.with.is_empty(),
            clauses.first.is_some(),
            clauses.distinct,
            !clauses.distinct_on.is_empty(),
            !clauses.from.is_empty(),
            !clauses.joins.is_empty(),
            !clauses.group_by.is_empty(),
            !clauses.having.is_empty(),
            !clauses.set_operations.is_empty(),
            !clauses.order_by.is_empty(),
            clauses.limit.is_some(),
            clauses.offset.is_some(),
            clauses.locking.is_some(),
            clauses.further.is_some(),
        ];
        let bits = are_there.iter().rev().fold(0_u16, |bits, is_there| (bits << 1) | u16::from(*is_there));
        if bits == 0 {
            self.tag(0);
        } else {
            let [low, high] = bits.to_le_bytes();
            self.tags([1, low, high]);
        }
        if let Some(further) = &clauses.further {
            self.further(further);
        }
        if !clauses.with.is_empty() {
            self.count(clauses.with.len());
            for entry in &clauses.with {
                self.alias(&entry.alias);
            }
        }
        let mut items = None;
        match &clauses.first {
            // The items of such a select only repeat those of its first part.
            Some(first) => {
                self.tag(u8::from(select.has_core()));
                self.select(first);
            }
            None => items = self.core(select, clauses),
        }
        if !clauses.set_operations.is_empty() {
            self.count(clauses.set_operations.len());
            for operation in &clauses.set_operations {
                self.tag(operation.operator as u8);
                self.select(&operation.select);
            }
        }
        if !clauses.order_by.is_empty() {
            if let Some(items) = items {
                self.repeats(select, items, clauses.order_by.iter().map(|order| &order.node));
            }
            self.orders(&clauses.order_by);
        }
        for node in clauses.limit.iter().chain(&clauses.offset) {
            self.node(node);
        }
        if let Some(locking) = &clauses.locking {
            self.tags([locking.strength as u8, locking.wait as u8]);
            self.count(locking.of.len());
            for source in &locking.of {
                self.source(source);
            }
        }
    }

    /// Walks what says which rows there are. Gives where the select list's values begin, if something may repeat them.
    fn core(&mut self, select: &'n SelectNode, clauses: &'n SelectClauses) -> Option<usize> {
        if !clauses.distinct_on.is_empty() {
            self.nodes(&clauses.distinct_on);
        }
        let before = self.slots.len();
        self.items(&select.items);
        let items = Self::may_repeat(clauses, before, self.slots.len());
        if !clauses.from.is_empty() {
            self.count(clauses.from.len());
            for source in &clauses.from {
                self.source(source);
            }
        }
        if !clauses.joins.is_empty() {
            self.joins(&clauses.joins);
        }
        self.nodes(&select.filters);
        if let Some(items) = items {
            self.repeats(select, items, clauses.group_by.iter());
        }
        for nodes in [&clauses.group_by, &clauses.having] {
            if !nodes.is_empty() {
                self.nodes(nodes);
            }
        }
        if let Some(further) = &clauses.further {
            self.windows(further);
        }
        items
    }

    pub(super) fn insert(&mut self, insert: &'n InsertNode) {
        self.changes(insert.further.as_deref());
        self.table(&insert.table);
        match &insert.columns {
            Some(columns) => {
                self.tag(1);
                self.count(columns.len());
                for column in columns {
                    self.text(column);
                }
            }
            None => self.tag(0),
        }
        match &insert.rows {
            InsertRows::Default => self.tag(0),
            // Rows of nothing but values have one shape, however many they are. Their values are taken from the rows
            // themselves.
            InsertRows::Values(rows) => {
                self.tag(1 + u8::from(rows.nodes().is_some()));
                self.count(rows.width());
                if let Some(nodes) = rows.nodes() {
                    self.nodes(nodes);
                }
            }
            InsertRows::Select(select) => {
                self.tag(3);
                self.select(select);
            }
            InsertRows::Invalid(message) => {
                self.tag(4);
                self.text(message);
            }
        }
        self.upsert(insert.further.as_deref());
        self.items(&insert.returning);
        // Many rows that come back in order are written otherwise than one.
        self.tag(facts(insert));
    }

    pub(super) fn update(&mut self, update: &'n UpdateNode) {
        self.changes(update.further.as_deref());
        self.table(&update.table);
        self.count(update.assignments.len());
        for (column, node) in &update.assignments {
            self.text(column);
            self.node(node);
        }
        self.nodes(&update.filters);
        self.items(&update.returning);
    }

    pub(super) fn delete(&mut self, delete: &'n DeleteNode) {
        self.changes(delete.further.as_deref());
        self.table(&delete.table);
        self.nodes(&delete.filters);
        self.items(&delete.returning);
    }

    pub(super) fn text_statement(&mut self, text: &'n TextNode) {
        self.text(&text.sql);
        self.count(text.parameters.len());
        for (name, value) in &text.parameters {
            self.text(name);
            self.slots.push(Slot::Value(value));
        }
        self.count(text.lists.len());
        for (name, list) in &text.lists {
            self.text(name);
            self.tag(u8::from(list.values.is_empty()));
            self.optional_type(list.sql_type.as_ref());
            self.slots.push(Slot::List(list));
        }
    }
}
