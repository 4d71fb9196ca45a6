//! [`Relationship`]: `Author::books`, a relationship of a model.

use std::sync::Arc;

use aludel_sql_expression::{
    Expression, Name,
    expression::{Alias, AliasTarget, BinaryOperator, ColumnReference, Node, Source},
    statement::{Join, JoinCondition, JoinKind, JoinTarget, SelectItem, SelectNode},
    typed::Condition,
};

use crate::{
    Instance,
    link::{Link, Many, One},
    mapping::{Direction, Mapped, Mapper, RelationshipConfiguration},
};

/// A relationship of a model, as the derive gives it: `Author::books`.
pub struct Relationship<M, L> {
    name: &'static str,
    index: u16,
    back_populates: Option<&'static str>,
    get: fn(&M) -> &L,
    get_mut: fn(&mut M) -> &mut L,
}

impl<M, L> Relationship<M, L> {
    /// A relationship: the field's name, its number, the one that leads back, and how to reach the field.
    pub const fn new(
        name: &'static str,
        index: u16,
        back_populates: Option<&'static str>,
        get: fn(&M) -> &L,
        get_mut: fn(&mut M) -> &mut L,
    ) -> Self {
        Self { name, index, back_populates, get, get_mut }
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The number among the model's relationships.
    pub const fn index(&self) -> u16 {
        self.index
    }

    /// The model's type, as a null pointer, for the checks that the derive writes.
    #[doc(hidden)]
    pub const fn model_type(&self) -> *const M {
        std::ptr::null()
    }

    /// The type of the model it leads to, as a null pointer, for the checks that the derive writes.
    #[doc(hidden)]
    pub const fn target_type(&self) -> *const L::Target
    where
        L: Link,
    {
        std::ptr::null()
    }

    /// Whether its `back_populates` names this relationship. The derive asks on both sides, at compile time.
    #[doc(hidden)]
    pub const fn is_back_of(&self, name: &str) -> bool {
        is_some(self.back_populates, name)
    }

    /// The field of a value.
    pub fn get<'m>(&self, model: &'m M) -> &'m L {
        (self.get)(model)
    }

    /// The field of a value, to be changed.
    pub fn get_mut<'m>(&self, model: &'m mut M) -> &'m mut L {
        (self.get_mut)(model)
    }
}

impl<M, L> Clone for Relationship<M, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, L> Copy for Relationship<M, L> {}

impl<M, L> std::fmt::Debug for Relationship<M, L> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl<M: Mapped, T: Mapped> Relationship<M, Many<T>> {
    /// Whether one of the linked rows fulfils the condition: `EXISTS (SELECT ..)`.
    pub fn any(self, condition: impl Condition) -> Expression<bool> {
        exists(M::mapper(), self.index, Some(condition.into_condition()))
    }

    /// Whether there are linked rows at all.
    pub fn any_at_all(self) -> Expression<bool> {
        exists(M::mapper(), self.index, None)
    }

    /// Whether this object is among the linked rows.
    pub fn contains(self, object: &Instance<T>) -> Expression<bool> {
        exists(M::mapper(), self.index, Some(is_object(object)))
    }
}

impl<M: Mapped, T: Mapped> Relationship<M, One<T>> {
    /// Whether the linked row fulfils the condition: `EXISTS (SELECT ..)`.
    pub fn has(self, condition: impl Condition) -> Expression<bool> {
        exists(M::mapper(), self.index, Some(condition.into_condition()))
    }

    /// Whether it leads to this object.
    pub fn eq(self, object: &Instance<T>) -> Expression<bool> {
        exists(M::mapper(), self.index, Some(is_object(object)))
    }
}

fn is_object<T: Mapped>(object: &Instance<T>) -> Node {
    let slot = object.erased();
    let mapper = T::mapper();
    let conditions = mapper.key().iter().map(|column| {
        let definition = &mapper.definition().columns[usize::from(*column)];
        let value = Node::typed_bind(slot.value(*column), definition.sql_type.clone());
        Node::binary(column_of(&mapper.table().into(), mapper, *column), BinaryOperator::Equal, value)
    });
    Node::all(conditions).unwrap_or(Node::Boolean(false))
}

/// A mapped column of a source.
pub(crate) fn column_of(source: &Source, mapper: &Mapper, column: u16) -> Node {
    let name = Name::Static(mapper.columns()[usize::from(column)].column);
    Node::Column(ColumnReference { source: source.clone(), name })
}

fn named(source: &Source, name: &Name) -> Node {
    Node::Column(ColumnReference { source: source.clone(), name: name.clone() })
}

fn equal(left: Node, right: Node) -> Node {
    Node::binary(left, BinaryOperator::Equal, right)
}

/// The condition that links two sources along a relationship without a secondary table.
pub(crate) fn link_condition(
    configuration: &RelationshipConfiguration,
    (own, own_source): (&'static Mapper, &Source),
    (target, target_source): (&'static Mapper, &Source),
) -> Node {
    let conditions = configuration.pairs.iter().map(|(child, parent)| {
        if configuration.direction == Direction::ManyToOne {
            equal(column_of(target_source, target, *parent), column_of(own_source, own, *child))
        } else {
            equal(column_of(target_source, target, *child), column_of(own_source, own, *parent))
        }
    });
    Node::all(conditions).unwrap_or(Node::Boolean(true))
}

/// The conditions of both joins over a secondary table: to this side, and to the other.
pub(crate) fn secondary_conditions(
    configuration: &RelationshipConfiguration,
    secondary: &Source,
    (own, own_source): (&'static Mapper, &Source),
    (target, target_source): (&'static Mapper, &Source),
) -> (Node, Node) {
    let Some(through) = &configuration.secondary else { return (Node::Boolean(true), Node::Boolean(true)) };
    let to_own = through
        .to_own
        .iter()
        .map(|(name, column)| equal(named(secondary, name), column_of(own_source, own, *column)));
    let to_target = through
        .to_target
        .iter()
        .map(|(name, column)| equal(column_of(target_source, target, *column), named(secondary, name)));
    (Node::all(to_own).unwrap_or(Node::Boolean(true)), Node::all(to_target).unwrap_or(Node::Boolean(true)))
}

fn exists(mapper: &'static Mapper, relationship: u16, condition: Option<Node>) -> Expression<bool> {
    let mapping = &mapper.relationships()[usize::from(relationship)];
    let target = (mapping.target)();
    let configuration = match mapper.configuration() {
        Ok(configuration) => &configuration.relationships[usize::from(relationship)],
        Err(error) => return Expression::new(Node::Invalid(error.to_string().into())),
    };
    let own_source: Source = mapper.table().into();
    // A model that leads to itself needs a second name for its table; the condition speaks of that one then.
    let self_referential = mapper == target;
    let target_source = if self_referential {
        Source::Alias(Alias::new(None, AliasTarget::Table(target.table().clone())))
    } else {
        target.table().into()
    };
    let condition = condition
        .map(|node| if self_referential { rebase(&node, &own_source, &target_source) } else { node });
    let own = (mapper, &own_source);
    let other = (target, &target_source);
    let mut select = SelectNode {
        items: [SelectItem::Expression { node: Node::Integer(1), nullable: true }].into_iter().collect(),
        ..SelectNode::default()
    };
    select.from.push(target_source.clone());
    if let Some(secondary) = &configuration.secondary {
        let secondary: Source = Source::Alias(Alias::new(None, AliasTarget::Table(secondary.table.clone())));
        let (to_own, to_target) = secondary_conditions(configuration, &secondary, own, other);
        let join = Join::new(JoinKind::Inner, secondary, JoinCondition::On(to_target));
        select.joins.push(join.starting_from(target_source.clone()));
        select.filters.push(to_own);
    } else {
        select.filters.push(link_condition(configuration, own, other));
    }
    select.filters.extend(condition);
    Expression::new(Node::Exists(Arc::new(select)))
}

impl<M: Mapped, L: Link> JoinTarget for Relationship<M, L>
where
    L::Target: Mapped,
{
    fn joins(self, kind: JoinKind, joins: &mut Vec<Join>) {
        let (own, target) = (M::mapper(), <L::Target as Mapped>::mapper());
        let own_source: Source = own.table().into();
        let target_source: Source = target.table().into();
        joins.extend(joins_along(own, self.index, &own_source, &target_source, kind));
    }
}

/// The joins from one source to another along a relationship: one, or two over a secondary table.
pub(crate) fn joins_along(
    own: &'static Mapper,
    relationship: u16,
    own_source: &Source,
    target_source: &Source,
    kind: JoinKind,
) -> Vec<Join> {
    let target = (own.relationships()[usize::from(relationship)].target)();
    let join = |left: &Source, right: &Source, on: Node| {
        Join::new(kind, right.clone(), JoinCondition::On(on)).starting_from(left.clone())
    };
    let configuration = match own.configuration() {
        Ok(configuration) => &configuration.relationships[usize::from(relationship)],
        Err(error) => {
            return vec![join(own_source, target_source, Node::Invalid(error.to_string().into()))];
        }
    };
    let (from, to) = ((own, own_source), (target, target_source));
    let Some(secondary) = &configuration.secondary else {
        return vec![join(own_source, target_source, link_condition(configuration, from, to))];
    };
    let secondary = Source::Alias(Alias::new(None, AliasTarget::Table(secondary.table.clone())));
    let (to_own, to_target) = secondary_conditions(configuration, &secondary, from, to);
    vec![join(own_source, &secondary, to_own), join(&secondary, target_source, to_target)]
}

/// The same expression, with columns of one source taken from another.
pub(crate) fn rebase(node: &Node, from: &Source, to: &Source) -> Node {
    node.map_columns(&mut |column| {
        let source = if column.source == *from { to.clone() } else { column.source.clone() };
        ColumnReference { source, name: column.name.clone() }
    })
}

const fn is_some(name: Option<&str>, wanted: &str) -> bool {
    let Some(name) = name else { return false };
    let (left, right) = (name.as_bytes(), wanted.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut position = 0;
    while position < left.len() {
        if left[position] != right[position] {
            return false;
        }
        position += 1;
    }
    true
}
