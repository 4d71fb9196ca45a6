//! Statements in the key.

use super::{Slot, Walk};
use crate::statement::{
    DeleteNode, InsertNode, InsertRows, Join, SelectItem, SelectNode, TextNode, UpdateNode,
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
            self.tag(join.kind as u8);
            match &join.left {
                Some(left) => self.source(left),
                None => self.tag(0),
            }
            self.source(&join.right);
            self.optional(join.on.as_ref());
        }
    }

    /// Walks a select, in the order in which its clauses are rendered.
    pub(in crate::compile) fn select(&mut self, select: &'n SelectNode) {
        self.count(select.with.len());
        for entry in &select.with {
            self.alias(&entry.alias);
        }
        match &select.first {
            // The items of such a select only repeat those of its first part.
            Some(first) => {
                self.tag(1 + u8::from(select.has_core()));
                self.select(first);
            }
            None => {
                self.tag(0);
                self.tag(u8::from(select.distinct));
                self.nodes(&select.distinct_on);
                self.items(&select.items);
                self.count(select.from.len());
                for source in &select.from {
                    self.source(source);
                }
                self.joins(&select.joins);
                self.nodes(&select.filters);
                self.nodes(&select.group_by);
                self.nodes(&select.having);
            }
        }
        self.count(select.set_operations.len());
        for operation in &select.set_operations {
            self.tag(operation.operator as u8);
            self.select(&operation.select);
        }
        self.orders(&select.order_by);
        self.optional(select.limit.as_ref());
        self.optional(select.offset.as_ref());
        match &select.locking {
            Some(locking) => {
                self.tag(1 + locking.strength as u8);
                self.tag(locking.wait as u8);
                self.count(locking.of.len());
                for source in &locking.of {
                    self.source(source);
                }
            }
            None => self.tag(0),
        }
    }

    pub(super) fn insert(&mut self, insert: &'n InsertNode) {
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
            InsertRows::Values { width, .. } if insert.rows.is_of_values() => {
                self.tag(1);
                self.count(*width);
            }
            InsertRows::Values { nodes, width } => {
                self.tag(2);
                self.count(*width);
                self.nodes(nodes);
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
        self.items(&insert.returning);
    }

    pub(super) fn update(&mut self, update: &'n UpdateNode) {
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
    }
}
