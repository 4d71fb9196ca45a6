//! What type an expression has, as far as its structure tells.

use crate::{
    expression::{AliasTarget, BinaryOperator, Construct, JsonRead, Node, Source},
    statement::{SelectItem, StatementNode},
    types::SqlType,
};

/// The type of an expression, where the structure tells.
pub(super) fn type_of(node: &Node) -> Option<SqlType> {
    match node {
        Node::Column(column) => column_type(&column.source, &column.name),
        Node::Bind(bind) => bind.sql_type.clone(),
        Node::Integer(_) => Some(SqlType::BigInteger),
        Node::Boolean(_) | Node::In(_) | Node::Between(_) | Node::Exists(_) => Some(SqlType::Boolean),
        Node::Cast(cast) => Some(cast.sql_type.clone()),
        Node::Label(label) => type_of(&label.node),
        Node::Binary(binary) => match binary.operator {
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Modulo => {
                // What is calculated has not the form that is kept in the column.
                Some(wider(type_of(&binary.left)?, type_of(&binary.right)?)?.base().clone())
            }
            BinaryOperator::Divide => {
                let sql_type = wider(type_of(&binary.left)?, type_of(&binary.right)?)?;
                Some(if is_integer(&sql_type) { SqlType::Double } else { sql_type.base().clone() })
            }
            BinaryOperator::Concatenate => Some(SqlType::Text),
            BinaryOperator::Custom(_) => None,
            _ => Some(SqlType::Boolean),
        },
        Node::Function(function) => match &*function.name {
            "count" | "row_number" | "rank" | "dense_rank" | "ntile" | "char_length" => {
                Some(SqlType::BigInteger)
            }
            "lower" | "upper" => Some(SqlType::Text),
            "min" | "max" => type_of(function.arguments.first()?),
            "sum" | "avg" => match type_of(function.arguments.first()?)?.plain("sqlite") {
                // Ours give text there.
                SqlType::DecimalText | SqlType::ScaledInteger(_) => Some(
                    SqlType::Numeric { precision: None, scale: None }
                        .with_variant(SqlType::DecimalText, "sqlite"),
                ),
                _ => None,
            },
            "abs" => type_of(function.arguments.first()?).map(as_number),
            "coalesce" | "nullif" => {
                let [first, others @ ..] = &function.arguments[..] else { return None };
                let sql_type = type_of(first)?;
                let is_alike = |other: &Node| {
                    matches!(other, Node::Bind(_) | Node::Null) || type_of(other).as_ref() == Some(&sql_type)
                };
                Some(if others.iter().all(is_alike) { sql_type } else { as_number(sql_type) })
            }
            _ => None,
        },
        Node::Construct(node) => match &node.construct {
            Construct::Regexp { .. } | Construct::FullText { rank: false, .. } => Some(SqlType::Boolean),
            Construct::Bitwise(_) => type_of(node.operands.first()?).map(as_number),
            Construct::Extract(_) | Construct::Between(_) => Some(SqlType::BigInteger),
            Construct::Later(sql_type) | Construct::Now(sql_type) | Construct::TryCast(sql_type) => {
                Some(sql_type.clone())
            }
            Construct::Collate(_) | Construct::Text(_) => Some(SqlType::Text),
            Construct::Json { read, .. } => Some(match read {
                JsonRead::Json => SqlType::Json,
                JsonRead::Text => SqlType::Text,
                JsonRead::Integer => SqlType::BigInteger,
                JsonRead::Float => SqlType::Double,
                JsonRead::Boolean => SqlType::Boolean,
            }),
            _ => None,
        },
        Node::Case(case) => type_of(&case.branches.first()?.1).map(as_number),
        Node::Subquery(select) => match select.items.first()? {
            SelectItem::Expression { node, .. } => type_of(node),
            SelectItem::Entity { .. } => None,
        },
        _ => None,
    }
}

/// The type of what is calculated from decimals that are kept as whole numbers; other types stay.
fn as_number(sql_type: SqlType) -> SqlType {
    match sql_type.plain("sqlite") {
        SqlType::ScaledInteger(_) => sql_type.base().clone(),
        _ => sql_type,
    }
}

fn column_type(source: &Source, name: &str) -> Option<SqlType> {
    if let Some(table) = source.table() {
        return table.definition().find(name).map(|column| column.sql_type.clone());
    }
    let Source::Alias(alias) = source else { return None };
    match alias.target() {
        AliasTarget::Subquery(select)
        | AliasTarget::Lateral(select)
        | AliasTarget::CommonTableExpression { select, .. } => item_type(&select.items, name),
        AliasTarget::Changes(StatementNode::Insert(insert)) => item_type(&insert.returning, name),
        AliasTarget::Changes(StatementNode::Update(update)) => item_type(&update.returning, name),
        AliasTarget::Changes(StatementNode::Delete(delete)) => item_type(&delete.returning, name),
        AliasTarget::Values(values) => {
            let position = values.columns.iter().position(|column| **column == *name)?;
            type_of(values.values.get(position)?)
        }
        AliasTarget::Named(inner) => column_type(&inner.into(), name),
        AliasTarget::Function(function) => {
            let position = function.columns.iter().position(|column| **column == *name)?;
            function.types.get(position).cloned()
        }
        _ => None,
    }
}

/// The type of the column that a select list gives under a name.
fn item_type(items: &[SelectItem], name: &str) -> Option<SqlType> {
    items.iter().find_map(|item| match item {
        SelectItem::Expression { node: Node::Label(label), .. } if *label.name == *name => {
            type_of(&label.node)
        }
        SelectItem::Expression { node: Node::Column(column), .. } if *column.name == *name => {
            column_type(&column.source, name)
        }
        SelectItem::Entity { table, .. } => {
            table.definition().find(name).map(|column| column.sql_type.clone())
        }
        SelectItem::Expression { .. } => None,
    })
}

/// Whether it is a whole number.
pub(super) fn is_integer(sql_type: &SqlType) -> bool {
    rank(sql_type).is_some_and(|rank| rank <= 4)
}

/// Whether it is a number.
pub(super) fn is_number(sql_type: &SqlType) -> bool {
    rank(sql_type).is_some()
}

/// Whether a number of one type does not fit into another.
pub(super) fn is_wider(sql_type: &SqlType, than: &SqlType) -> bool {
    matches!((rank(sql_type), rank(than)), (Some(left), Some(right)) if left > right)
}

fn wider(left: SqlType, right: SqlType) -> Option<SqlType> {
    Some(if rank(&left)? >= rank(&right)? { left } else { right })
}

fn rank(sql_type: &SqlType) -> Option<u8> {
    Some(match sql_type.base() {
        SqlType::TinyInteger | SqlType::UnsignedTinyInteger | SqlType::SmallInteger => 1,
        SqlType::UnsignedSmallInteger | SqlType::Integer => 2,
        SqlType::UnsignedInteger | SqlType::BigInteger => 3,
        SqlType::UnsignedBigInteger => 4,
        SqlType::Numeric { .. } => 5,
        SqlType::Float => 6,
        SqlType::Double => 7,
        _ => return None,
    })
}
