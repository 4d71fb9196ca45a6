//! [`Synchronization`]: how the objects that a statement means are found, and what becomes of them.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result, Row};
use aludel_engine_pool::Connection;
use aludel_sql_expression::{
    Name, SqlType, StatementNode, Value,
    dialect::{Features, MultipleTables, TextComparison},
    expression::{BinaryOperator, Node},
};

use super::{
    SynchronizeSession,
    evaluate::StoredRow,
    keys::{key_items, names_others, read_key, select_keys},
    term::{Term, Terms},
};
use crate::{
    graph::{AnySlot, Graph, Rewrite, Slots},
    mapping::Mapper,
};

/// How the objects that a statement means are found, and what becomes of them.
pub(crate) struct Synchronization {
    mapper: &'static Mapper,
    finding: Finding,
    /// The new values; none: the rows are deleted.
    assignments: Option<Vec<Assignment>>,
    texts: TextComparison,
    /// The keys come back with the rows.
    is_asked: bool,
}

/// How the objects are found.
enum Finding {
    /// By looking at all that there are.
    Conditions(Vec<Term>),
    /// By the keys that were asked for before, or that come back.
    Keys(Vec<Vec<Value>>),
    /// They are what the statement itself gives back.
    Given,
}

/// A column, and its new value; none: memory cannot calculate it.
struct Assignment {
    column: u16,
    value: Option<Term>,
}

impl Synchronization {
    /// Makes ready to follow an UPDATE or DELETE: where the database is to tell which rows are meant, it is asked now, or by
    /// further columns that the statement gives back. None where there is nothing to follow.
    pub(crate) async fn begin(
        connection: &mut Connection,
        graph: &Graph,
        node: &mut StatementNode,
        roots: &[&'static Mapper],
        strategy: SynchronizeSession,
    ) -> Result<Option<Self>> {
        let (table, conditions, assignments) = match &*node {
            StatementNode::Update(update) => (&update.table, &update.filters, Some(&update.assignments)),
            StatementNode::Delete(delete) => (&delete.table, &delete.filters, None),
            _ => return Ok(None),
        };
        if strategy == SynchronizeSession::None {
            return Ok(None);
        }
        let given = roots.iter().copied().find(|root| root.table() == table);
        let Some(mapper) = given.or_else(|| graph.mapper_of(table)) else { return Ok(None) };
        let dialect = connection.dialect();
        let features = dialect.features();
        let terms = Terms { mapper, texts: features.text_comparison };
        let assigned = assignments.map(|assignments| assigned(terms, assignments));
        let condition: Result<Vec<Term>, String> =
            conditions.iter().map(|node| terms.condition(node)).collect();
        // Objects that refer to a row without an object are found by its key.
        let is_followed =
            assignments.is_none() && strategy == SynchronizeSession::Auto && graph.has_dependents(mapper);
        let mut is_asked = false;
        let finding = match (given, strategy, condition) {
            (Some(_), ..) => Finding::Given,
            (None, SynchronizeSession::Auto | SynchronizeSession::Evaluate, Ok(terms)) if !is_followed => {
                Finding::Conditions(terms)
            }
            (None, SynchronizeSession::Evaluate, Err(reason)) => {
                return Err(cannot_evaluate(mapper, &reason));
            }
            _ => {
                let moves =
                    assigned.iter().flatten().any(|assignment| mapper.key().contains(&assignment.column));
                is_asked = !moves && returns_keys(features, mapper, node);
                if is_asked {
                    ask_for_keys(node, mapper);
                    Finding::Keys(Vec::new())
                } else {
                    Finding::Keys(select_keys(connection, mapper, conditions).await?)
                }
            }
        };
        let texts = features.text_comparison;
        Ok(Some(Self { mapper, finding, assignments: assigned, texts, is_asked }))
    }

    /// Whether the objects that come back are those that are meant.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.finding, Finding::Given)
    }

    /// How many cells stand in each row behind what the statement itself gives back.
    pub(crate) fn added_cells(&self) -> usize {
        if self.is_asked { self.mapper.key().len() } else { 0 }
    }

    /// Takes in the key of a row that came back; it begins at a cell.
    pub(crate) fn read_key(&mut self, row: &dyn Row, at: usize) -> Result<()> {
        if self.is_asked
            && let Finding::Keys(keys) = &mut self.finding
        {
            keys.push(read_key(row, at, self.mapper)?);
        }
        Ok(())
    }

    /// The statement is done: tells the objects.
    pub(crate) fn finish(self, graph: &Graph, given: Slots) {
        let mut unsure = Slots::new();
        let meant = match &self.finding {
            Finding::Given => given,
            Finding::Keys(keys) => graph.find_all(self.mapper, keys),
            Finding::Conditions(conditions) => {
                let mut meant = Slots::new();
                for slot in self.candidates(graph, conditions) {
                    match self.is_meant(&*slot, conditions) {
                        Some(true) => meant.push(slot),
                        Some(false) => {}
                        None => unsure.push(slot),
                    }
                }
                meant
            }
        };
        match &self.assignments {
            None => {
                graph.were_deleted(self.mapper, &meant);
                let keys = match &self.finding {
                    Finding::Keys(keys) => keys.as_slice(),
                    _ => &[],
                };
                graph.follow_deletes(self.mapper, &meant, keys);
            }
            Some(assignments) => self.rewrite(graph, assignments, meant, &mut unsure),
        }
        graph.may_be_old(&unsure);
    }

    /// The objects that may be meant: one alone, where the conditions name a key.
    fn candidates(&self, graph: &Graph, conditions: &[Term]) -> Slots {
        match self.key_of(conditions) {
            Some(key) => graph.find_all(self.mapper, &[key]),
            None => graph.persistent_of(self.mapper),
        }
    }

    /// The key that the conditions name, where they do.
    fn key_of(&self, conditions: &[Term]) -> Option<Vec<Value>> {
        let named = |column: u16| {
            let value = conditions.iter().find_map(|condition| equal_value(condition, column))?;
            // The database may find a text by another one.
            if matches!(value, Value::Text(_)) && self.texts == TextComparison::Collation {
                return None;
            }
            (self.mapper.functions().read_column)(column, value.as_cell()).ok()
        };
        self.mapper.key().iter().map(|column| named(*column)).collect()
    }

    fn is_meant(&self, slot: &dyn AnySlot, conditions: &[Term]) -> Option<bool> {
        let row = StoredRow { slot, is_expired: slot.is_expired(), texts: self.texts };
        let mut is_known = true;
        for condition in conditions {
            match row.holds(condition) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => is_known = false,
            }
        }
        is_known.then_some(true)
    }

    /// Puts the new values into the objects.
    fn rewrite(&self, graph: &Graph, assignments: &[Assignment], meant: Slots, unsure: &mut Slots) {
        let columns: Vec<u16> = assignments.iter().map(|assignment| assignment.column).collect();
        let made = self.mapper.configuration().map_or(&[][..], |configuration| &configuration.made_by_update);
        let made: Vec<u16> = made.iter().filter(|column| !columns.contains(column)).copied().collect();
        let mut rewrites = Vec::with_capacity(meant.len());
        for slot in &meant {
            // What came back holds the new values already, unless it kept a change of its own.
            if self.is_given() && !slot.is_changed() {
                continue;
            }
            let row = StoredRow { slot: &**slot, is_expired: slot.is_expired(), texts: self.texts };
            let mut rewrite = Rewrite { slot: slot.clone(), values: Vec::new(), unknown: made.clone() };
            for Assignment { column, value } in assignments {
                let value = value.as_ref().and_then(|value| row.value(value));
                match value.filter(|value| self.is_kept_as_it_is(*column, value)) {
                    Some(value) => rewrite.values.push((*column, value)),
                    None => rewrite.unknown.push(*column),
                }
            }
            rewrites.push(rewrite);
        }
        unsure.extend(graph.were_rewritten(self.mapper, rewrites));
        graph.links_may_be_old(self.mapper, &meant, &columns);
        graph.links_may_be_old(self.mapper, unsure, &columns);
    }

    /// Whether the database keeps a value as it is given: it rounds decimals to the column's digits.
    fn is_kept_as_it_is(&self, column: u16, value: &Value) -> bool {
        match (value, &self.mapper.definition().columns[usize::from(column)].sql_type) {
            (Value::Decimal(number), SqlType::Numeric { scale: Some(scale), .. }) => {
                number.normalize().scale() <= u32::from(*scale)
            }
            _ => true,
        }
    }
}

/// The value that a condition asks of a column, where it asks just that.
fn equal_value(condition: &Term, column: u16) -> Option<&Value> {
    match condition {
        Term::And(left, right) => equal_value(left, column).or_else(|| equal_value(right, column)),
        Term::Compare(BinaryOperator::Equal, left, right) => match (&**left, &**right) {
            (Term::Column(found), Term::Value(value)) | (Term::Value(value), Term::Column(found))
                if *found == column =>
            {
                Some(value)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The assignments of the model's columns.
fn assigned(terms: Terms, assignments: &[(Name, Node)]) -> Vec<Assignment> {
    let columns = terms.mapper.columns();
    let position = |name: &Name| {
        let position = columns.iter().position(|mapping| mapping.column == &**name)?;
        u16::try_from(position).ok()
    };
    let assigned: Vec<u16> = assignments.iter().filter_map(|(name, _)| position(name)).collect();
    let assignments = assignments.iter().filter_map(|(name, node)| {
        let column = position(name)?;
        let value = terms.term(node).ok().map(|(term, _)| term);
        // MySQL calculates with the new value of a column that was assigned before, others with the old one.
        let value = value.filter(|term| {
            let mut depends = false;
            term.columns(&mut |other| depends |= other != column && assigned.contains(&other));
            !depends
        });
        Some(Assignment { column, value })
    });
    assignments.collect()
}

/// Whether the statement can give back the keys of its rows.
fn returns_keys(features: &Features, mapper: &Mapper, node: &StatementNode) -> bool {
    match node {
        StatementNode::Update(_) => features.update_returning,
        StatementNode::Delete(delete) => {
            // Where further tables stand in one list with it, RETURNING has no place.
            features.delete_returning
                && !(features.delete_using == Some(MultipleTables::List)
                    && names_others(mapper, delete.filters.iter()))
        }
        _ => false,
    }
}

/// Has the statement give back the keys behind whatever else it gives back.
fn ask_for_keys(node: &mut StatementNode, mapper: &'static Mapper) {
    match node {
        StatementNode::Update(update) => Arc::make_mut(update).returning.extend(key_items(mapper)),
        StatementNode::Delete(delete) => Arc::make_mut(delete).returning.extend(key_items(mapper)),
        _ => {}
    }
}

fn cannot_evaluate(mapper: &Mapper, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!(
            "the loaded objects of {} cannot follow the statement in memory: its condition has {reason}; use \
             `synchronize_session(SynchronizeSession::Fetch)` to have the database tell which rows it means",
            mapper.name()
        ),
    )
}
