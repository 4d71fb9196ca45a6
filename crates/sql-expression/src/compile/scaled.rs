//! Decimals that are kept as whole numbers ([`SqlType::ScaledInteger`]): where they stand as they are kept, and where they
//! stand as the numbers they mean.
//!
//! What only compares, orders or passes them on takes them as they are kept, so that it is exact and finds an index. Whatever
//! calculates with them is given the number, as a double.

use super::{compiler::Compiler, inference, precedence::Precedence};
use crate::{
    Error, Result,
    expression::{BinaryOperator, Construct, FunctionNode, Node},
    statement::{SelectItem, SelectNode},
    types::SqlType,
};

/// Functions that give one of their arguments back.
const PASSING: [&str; 4] = ["min", "max", "coalesce", "nullif"];

impl<'n> Compiler<'n> {
    /// How many digits an expression's values have after the point, where they are kept as whole numbers.
    pub(super) fn scale_of(&self, node: &Node) -> Option<u16> {
        if !self.features.scaled_integers {
            return None;
        }
        match node {
            Node::Construct(construct) => match &construct.construct {
                Construct::Excluded(name) => {
                    let definition = self.upsert_of?.table.definition();
                    self.scale_of_type(&definition.find(name)?.sql_type)
                }
                _ => None,
            },
            Node::Column(_) | Node::Function(_) | Node::Subquery(_) => {
                self.scale_of_type(&inference::type_of(node)?)
            }
            Node::Label(label) => self.scale_of(&label.node),
            _ => None,
        }
    }

    pub(super) fn scale_of_type(&self, sql_type: &SqlType) -> Option<u16> {
        match sql_type.plain(self.dialect.name()) {
            SqlType::ScaledInteger(scale) if self.features.scaled_integers => Some(*scale),
            _ => None,
        }
    }

    /// Whether an expression makes decimals that are text, whose order nothing tells: a column has its collation, and what is
    /// made of it has none.
    pub(super) fn is_made_decimal_text(&self, node: &Node) -> bool {
        self.features.scaled_integers
            && matches!(node, Node::Function(_) | Node::Case(_) | Node::Subquery(_))
            && inference::type_of(node)
                .is_some_and(|sql_type| *sql_type.plain(self.dialect.name()) == SqlType::DecimalText)
    }

    /// Writes an expression as its values are kept.
    pub(super) fn kept(&mut self, node: &'n Node) -> Result<()> {
        self.keeps = true;
        self.node(node)
    }

    /// The same where nothing beside it tells a value's type.
    pub(super) fn kept_lone(&mut self, node: &'n Node) -> Result<()> {
        match node {
            Node::Bind(_) => self.lone(node),
            node => self.kept(node),
        }
    }

    /// Refuses to look for decimals that are kept in one way among those that are kept in another.
    pub(super) fn check_sought(&self, sought: &Node, among: &SelectNode) -> Result<()> {
        let sought = if let Node::Tuple(nodes) = sought { &nodes[..] } else { std::slice::from_ref(sought) };
        let is_alike = |(sought, item): (&Node, &SelectItem)| match item {
            SelectItem::Expression { node, .. } => self.scale_of(sought) == self.scale_of(node),
            SelectItem::Entity { .. } => true,
        };
        if sought.iter().zip(&*among.items).all(is_alike) {
            return Ok(());
        }
        Err(Error::compile(
            "decimals that are kept as whole numbers can only be looked for among such ones, with as many digits after the point",
        ))
    }

    /// Writes what is compared with values that are written as it is kept.
    pub(super) fn compared(&mut self, node: &'n Node) -> Result<()> {
        match node {
            Node::Tuple(nodes) => {
                self.push("(");
                self.separated(nodes.iter(), Self::kept)?;
                self.push(")");
                Ok(())
            }
            node if self.scale_of(node).is_some() => self.kept(node),
            node => self.operand(node, Precedence::Other),
        }
    }

    /// Writes an expression whose values are kept as whole numbers as the numbers they mean.
    pub(super) fn unscaled(&mut self, node: &'n Node, scale: u16) -> Result<()> {
        self.push("(");
        self.kept(node)?;
        self.push(" / 1");
        self.push(&"0".repeat(usize::from(scale)));
        self.push(".0)");
        Ok(())
    }

    /// Whether an expression goes with others as it is kept: they are values, or kept in the same way.
    pub(super) fn goes_with<'a>(&self, node: &Node, others: impl IntoIterator<Item = &'a Node>) -> bool {
        let scale = self.scale_of(node);
        others.into_iter().all(|other| {
            matches!(other, Node::Bind(_) | Node::Null) || scale.is_some() && self.scale_of(other) == scale
        })
    }

    /// Whether an operator calculates with numbers that are kept as whole ones.
    pub(super) fn calculates(&self, operator: &BinaryOperator, left: &Node, right: &Node) -> bool {
        matches!(
            operator,
            BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
                | BinaryOperator::Concatenate
                | BinaryOperator::Custom(_)
        ) && (self.scale_of(left).is_some() || self.scale_of(right).is_some())
    }

    /// Whether a function only passes on what it is given, as it is kept.
    pub(super) fn passes_on(&self, function: &FunctionNode) -> bool {
        let [first, others @ ..] = &function.arguments[..] else { return false };
        function.name.eq_ignore_ascii_case("count")
            || PASSING.iter().any(|name| function.name.eq_ignore_ascii_case(name))
                && self.goes_with(first, others)
    }

    /// Writes what a column is set to that keeps whole numbers: what is calculated is made one.
    pub(super) fn assigned_scaled(&mut self, node: &'n Node, scale: u16) -> Result<()> {
        if matches!(node, Node::Null) || self.scale_of(node) == Some(scale) {
            return self.kept(node);
        }
        self.push("CAST(round((");
        self.node(node)?;
        self.push(") * 1");
        self.push(&"0".repeat(usize::from(scale)));
        self.push(") AS INTEGER)");
        Ok(())
    }

    /// Refuses rows of a select whose values are not as a column keeps them.
    pub(super) fn check_scaled(&self, column: &str, sql_type: &SqlType, item: &SelectItem) -> Result<()> {
        let Some(scale) = self.scale_of_type(sql_type) else { return Ok(()) };
        let fits = match item {
            SelectItem::Expression { node, .. } => {
                matches!(node, Node::Null) || self.scale_of(node) == Some(scale)
            }
            SelectItem::Entity { .. } => true,
        };
        if fits {
            return Ok(());
        }
        Err(Error::compile(format!(
            "the column `{column}` keeps decimals as whole numbers, and takes from a select only a column that does so with as many \
             digits ({scale})"
        )))
    }
}
