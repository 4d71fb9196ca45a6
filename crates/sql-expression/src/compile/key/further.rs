//! What hardly any statement has, and what aliases stand for, in the key.

use super::Walk;
use crate::{
    expression::AliasTarget,
    statement::{ChangeClauses, Conflict, FurtherClauses, Hint, OnConflict, StatementNode, Upsert},
};

impl<'n> Walk<'n> {
    /// Walks what an alias stands for.
    pub(in crate::compile) fn alias_target(&mut self, target: &'n AliasTarget) {
        match target {
            AliasTarget::Table(table) => {
                self.tag(1);
                self.table(table);
            }
            AliasTarget::Subquery(select) => {
                self.tag(2);
                self.select(select);
            }
            AliasTarget::CommonTableExpression { select, recursive, materialized } => {
                let materialized = materialized.map_or(0, |materialized| 1 + u8::from(materialized));
                self.tags([3 + u8::from(*recursive), materialized]);
                self.select(select);
            }
            AliasTarget::Lateral(select) => {
                self.tag(5);
                self.select(select);
            }
            AliasTarget::Values(values) => {
                self.tag(6);
                self.count(values.columns.len());
                values.columns.iter().for_each(|column| self.text(column));
                self.nodes(&values.values);
            }
            AliasTarget::Function(function) => {
                self.tags([7, u8::from(function.ordinality)]);
                self.count(function.columns.len());
                function.columns.iter().for_each(|column| self.text(column));
                self.count(function.types.len());
                function.types.iter().for_each(|sql_type| self.sql_type(sql_type));
                self.node(&function.call);
            }
            AliasTarget::Named(inner) => {
                self.tag(13);
                self.alias(inner);
            }
            AliasTarget::Text { text, in_with } => {
                self.tags([12, u8::from(*in_with)]);
                self.text_statement(text);
            }
            AliasTarget::Changes(statement) => match statement {
                StatementNode::Insert(insert) => {
                    self.tag(8);
                    self.insert(insert);
                }
                StatementNode::Update(update) => {
                    self.tag(9);
                    self.update(update);
                }
                StatementNode::Delete(delete) => {
                    self.tag(10);
                    self.delete(delete);
                }
                // Nothing else is put there.
                _ => self.tag(11),
            },
        }
    }

    pub(super) fn further(&mut self, further: &'n FurtherClauses) {
        self.hints(&further.prefixes);
        self.hints(&further.suffixes);
        self.count(further.table_hints.len());
        for (source, hint) in &further.table_hints {
            self.source(source);
            self.hint(hint);
        }
        self.tag(u8::from(further.with_ties));
        match &further.correlate {
            Some(sources) => {
                self.tag(1);
                self.count(sources.len());
                sources.iter().for_each(|source| self.source(source));
            }
            None => self.tag(0),
        }
    }

    /// Walks the windows that have names.
    pub(super) fn windows(&mut self, further: &'n FurtherClauses) {
        self.count(further.windows.len());
        for (name, window) in &further.windows {
            self.text(name);
            self.window(window);
        }
    }

    /// Walks what stands before a change and after it.
    pub(super) fn changes(&mut self, further: Option<&'n ChangeClauses>) {
        let Some(further) = further else {
            self.tag(0);
            return;
        };
        self.tag(1);
        self.count(further.with.len());
        further.with.iter().for_each(|entry| self.alias(&entry.alias));
        self.hints(&further.prefixes);
        self.hints(&further.suffixes);
    }

    pub(super) fn upsert(&mut self, further: Option<&'n ChangeClauses>) {
        match further.and_then(|further| further.upsert.as_ref()) {
            None => self.tag(0),
            Some(Upsert::OnConflict { target, update: None }) => {
                self.tag(1);
                self.conflict(target);
            }
            Some(Upsert::OnConflict { target, update: Some(update) }) => {
                self.tag(2);
                self.conflict(target);
                self.on_conflict(update);
            }
            Some(Upsert::OnDuplicateKey(update)) => {
                self.tag(3);
                self.on_conflict(update);
            }
        }
    }

    fn conflict(&mut self, conflict: &'n Conflict) {
        self.nodes(&conflict.columns);
        self.optional(conflict.index_where.as_ref());
        match &conflict.constraint {
            Some(name) => {
                self.tag(1);
                self.text(name);
            }
            None => self.tag(0),
        }
    }

    fn on_conflict(&mut self, update: &'n OnConflict) {
        self.count(update.assignments.len());
        for (column, node) in &update.assignments {
            self.text(column);
            self.node(node);
        }
        self.nodes(&update.filters);
    }

    fn hints(&mut self, hints: &'n [Hint]) {
        self.count(hints.len());
        hints.iter().for_each(|hint| self.hint(hint));
    }

    fn hint(&mut self, hint: &'n Hint) {
        self.text(&hint.text);
        match &hint.dialect {
            Some(dialect) => {
                self.tag(1);
                self.text(dialect);
            }
            None => self.tag(0),
        }
    }
}
