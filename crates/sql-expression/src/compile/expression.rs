//! Expressions as text.

use super::{
    compiler::Compiler,
    inference,
    precedence::{self, Precedence},
    wrap::{RowWraps, Wrap},
};
use crate::{
    Error, Result,
    expression::{
        BindNode, CaseNode, ColumnReference, Construct, FragmentPart, InNode, Node, OrderBy, UnaryNode,
        UnaryOperator,
    },
    statement::{SelectItem, SelectNode},
    types::SqlType,
};

impl<'n> Compiler<'n> {
    /// Writes an expression as a part of another, in parentheses where it binds more weakly than it must.
    pub(super) fn operand(&mut self, node: &'n Node, least: Precedence) -> Result<()> {
        if precedence::of(node, self.features) >= least {
            return self.node(node);
        }
        self.push("(");
        self.node(node)?;
        self.push(")");
        Ok(())
    }

    /// Writes an expression, as the number that it means where its values are kept in another way.
    pub(super) fn node(&mut self, node: &'n Node) -> Result<()> {
        let keeps = std::mem::take(&mut self.keeps);
        match node {
            Node::Label(label) => {
                self.keeps = keeps;
                self.node(&label.node)
            }
            node => match self.scale_of(node).filter(|_| !keeps) {
                Some(scale) => self.unscaled(node, scale),
                None => {
                    self.written(node)?;
                    if self.is_made_decimal_text(node) {
                        self.push(" COLLATE aludel_decimal");
                    }
                    Ok(())
                }
            },
        }
    }

    fn written(&mut self, node: &'n Node) -> Result<()> {
        match node {
            Node::Column(column) => self.column(column),
            Node::Bind(bind) => self.bound(bind),
            Node::Null => {
                self.push("NULL");
                Ok(())
            }
            Node::Boolean(flag) => {
                self.push(if *flag { self.features.true_literal } else { self.features.false_literal });
                Ok(())
            }
            Node::Integer(number) => {
                self.push(&number.to_string());
                Ok(())
            }
            Node::Binary(binary) => self.binary(binary),
            Node::Unary(unary) => self.unary(unary),
            Node::Function(function) => self.function(function),
            Node::Case(case) => self.case(case),
            Node::Cast(cast) => self.cast(cast),
            Node::In(list) => self.in_list(list),
            Node::Between(parts) => {
                let [value, low, high] = &**parts;
                if self.scale_of(value).is_some() && !self.goes_with(value, [low, high]) {
                    self.node(value)?;
                    self.push(" BETWEEN ");
                    self.operand(low, Precedence::Other)?;
                    self.push(" AND ");
                    return self.operand(high, Precedence::Other);
                }
                self.operand_beside(value, low, Precedence::Other)?;
                self.push(" BETWEEN ");
                self.operand_beside(low, value, Precedence::Other)?;
                self.push(" AND ");
                self.operand_beside(high, value, Precedence::Other)
            }
            Node::Exists(select) => {
                self.push("EXISTS ");
                self.subquery(select)
            }
            Node::Subquery(select) => self.subquery(select),
            Node::Tuple(nodes) => {
                self.push("(");
                self.separated(nodes.iter(), Self::node)?;
                self.push(")");
                Ok(())
            }
            // A name is only given in a select list.
            Node::Label(label) => self.node(&label.node),
            Node::Fragment(parts) => {
                for part in parts.iter() {
                    match part {
                        FragmentPart::Text(text) => self.push(text),
                        FragmentPart::Node(node) => self.operand(node, Precedence::Atom)?,
                    }
                }
                Ok(())
            }
            Node::Text(text) => self.text_statement(text).map(|_| ()),
            Node::Construct(node) => self.construct(node),
            Node::Star => {
                self.push("*");
                Ok(())
            }
            Node::Invalid(message) => Err(Error::compile(message.to_string())),
        }
    }

    fn column(&mut self, column: &'n ColumnReference) -> Result<()> {
        let name = self.column_name(&column.source, &column.name)?;
        if !self.unqualified {
            self.source_name(&column.source);
            self.push(".");
        }
        self.identifier(&name);
        Ok(())
    }

    /// Writes a value where nothing beside it tells its type.
    pub(super) fn lone(&mut self, node: &'n Node) -> Result<()> {
        match node {
            Node::Bind(bind) => self.cast_value(bind),
            node => self.node(node),
        }
    }

    /// Writes one side of an operator. A value whose type the other side does not tell says it itself.
    pub(super) fn operand_beside(&mut self, node: &'n Node, beside: &Node, least: Precedence) -> Result<()> {
        if self.scale_of(node).is_some() {
            let goes = self.goes_with(node, [beside]);
            return if goes { self.kept(node) } else { self.node(node) };
        }
        if let Node::Bind(bind) = node
            && let Some(wrap) = self.wrap_beside(bind, beside)?
        {
            return self.wrapped_value(&wrap);
        }
        if let Node::Bind(bind) = node
            && let Some(sql_type) = &bind.sql_type
            && (matches!(beside, Node::Bind(_) | Node::Null)
                || inference::type_of(beside).is_some_and(|beside| inference::is_wider(sql_type, &beside)))
        {
            return self.cast_value(bind);
        }
        self.operand(node, least)
    }

    fn cast_value(&mut self, bind: &'n BindNode) -> Result<()> {
        match &bind.sql_type {
            Some(SqlType::Decorated(_)) if self.wrap_beside(bind, &Node::Null)?.is_some() => self.bound(bind),
            Some(sql_type) if self.features.typed_parameters => {
                let name = self.dialect.cast_type_name(sql_type)?;
                self.push("CAST(");
                self.value()?;
                self.push(" AS ");
                self.push(&name);
                self.push(")");
                Ok(())
            }
            Some(sql_type) => self.maybe_decimal(sql_type),
            None => self.value(),
        }
    }

    fn unary(&mut self, unary: &'n UnaryNode) -> Result<()> {
        match unary.operator {
            UnaryOperator::Not => {
                self.push("NOT ");
                self.operand(&unary.operand, Precedence::Atom)
            }
            UnaryOperator::Negate => {
                self.push("-");
                match &unary.operand {
                    Node::Bind(bind) if !self.writes_literals() => self.cast_value(bind),
                    // A number below zero would make a comment of the two signs.
                    Node::Bind(bind) => {
                        self.push("(");
                        self.cast_value(bind)?;
                        self.push(")");
                        Ok(())
                    }
                    operand => self.operand(operand, Precedence::Atom),
                }
            }
            UnaryOperator::IsNull | UnaryOperator::IsNotNull => {
                match &unary.operand {
                    Node::Bind(bind) => self.cast_value(bind)?,
                    operand => self.compared(operand)?,
                }
                self.push(if unary.operator == UnaryOperator::IsNull { " IS NULL" } else { " IS NOT NULL" });
                Ok(())
            }
        }
    }

    fn case(&mut self, case: &'n CaseNode) -> Result<()> {
        if case.branches.is_empty() {
            return Err(Error::compile("a CASE needs at least one condition: call `when`"));
        }
        self.push("CASE");
        for (condition, value) in &case.branches {
            self.push(" WHEN ");
            self.node(condition)?;
            self.push(" THEN ");
            self.lone(value)?;
        }
        if let Some(otherwise) = &case.otherwise {
            self.push(" ELSE ");
            self.lone(otherwise)?;
        }
        self.push(" END");
        Ok(())
    }

    fn in_list(&mut self, list: &'n InNode) -> Result<()> {
        let arrays = self.features.array_parameters && !matches!(list.left, Node::Tuple(_));
        let goes = self.goes_with(&list.left, &list.values);
        if !list.is_of_values() && self.scale_of(&list.left).is_some() && !goes {
            self.node(&list.left)?;
            self.push(if list.negated { " NOT IN (" } else { " IN (" });
            self.separated(&list.values, |this, value| this.operand(value, Precedence::Any))?;
            self.push(")");
            return Ok(());
        }
        if !list.is_of_values() {
            self.compared(&list.left)?;
            self.push(if list.negated { " NOT IN (" } else { " IN (" });
            self.separated(&list.values, |this, value| {
                this.operand_beside(value, &list.left, Precedence::Any)
            })?;
            self.push(")");
            return Ok(());
        }
        let wraps = self.wraps_of_list(list)?;
        if arrays && wraps.is_none() {
            let element = list.sql_type.clone().or_else(|| inference::type_of(&list.left));
            self.operand_beside(&list.left, &Node::Null, Precedence::Other)?;
            self.push(if list.negated { " <> ALL (" } else { " = ANY (" });
            self.array(element)?;
            self.push(")");
            return Ok(());
        }
        if list.values.is_empty() {
            // Nothing is in an empty list, not even NULL: the answer is false and never NULL.
            self.skipping(|walk| walk.node(&list.left));
            self.slot += 1;
            self.push(if list.negated { "1 = 1" } else { "1 = 0" });
            return Ok(());
        }
        self.compared(&list.left)?;
        self.push(if list.negated { " NOT IN (" } else { " IN (" });
        self.list(list.width(), wraps)?;
        self.push(")");
        Ok(())
    }

    /// What stands around the values of a list: what is compared with them tells.
    fn wraps_of_list(&self, list: &InNode) -> Result<RowWraps> {
        match &list.left {
            Node::Tuple(nodes) => {
                let types: Vec<Option<SqlType>> = nodes.iter().map(inference::type_of).collect();
                Wrap::of_row(types.iter().map(Option::as_ref), self.dialect)
            }
            left => {
                let sql_type = inference::type_of(left).or_else(|| list.sql_type.clone());
                let wrap = sql_type.map(|sql_type| self.wrap_of_element(&sql_type)).transpose()?.flatten();
                Ok(wrap.map(|wrap| [Some(wrap)].into()))
            }
        }
    }

    /// Writes a select in parentheses, as a part of an expression.
    pub(super) fn subquery(&mut self, select: &'n SelectNode) -> Result<()> {
        self.push("(");
        self.nested_select(select)?;
        self.push(")");
        Ok(())
    }

    /// Writes conditions joined by AND.
    pub(super) fn conditions(&mut self, word: &str, conditions: &'n [Node]) -> Result<()> {
        if conditions.is_empty() {
            return Ok(());
        }
        self.push(word);
        let least = if conditions.len() > 1 { Precedence::And } else { Precedence::Any };
        for (position, condition) in conditions.iter().enumerate() {
            if position > 0 {
                self.push(" AND ");
            }
            self.operand(condition, least)?;
        }
        Ok(())
    }

    /// Writes the expressions of ORDER BY. A label that the select list has is meant by its name.
    /// With `compound`, the columns are those of a set operation's result.
    pub(super) fn orders(
        &mut self,
        orders: &'n [OrderBy],
        items: &'n [SelectItem],
        compound: bool,
    ) -> Result<()> {
        self.separated(orders, |this, order| {
            let expression = |this: &mut Self| match &order.node {
                Node::Label(label) if has_label(items, &label.name) => {
                    this.skipping(|walk| walk.node(&label.node));
                    this.identifier(&label.name);
                    Ok(())
                }
                Node::Column(column) if compound => this.result_column(column, items),
                // A number that is written here would be the position of a column.
                node if is_written_value(node) => {
                    this.push("(SELECT ");
                    this.lone(node)?;
                    this.push(")");
                    Ok(())
                }
                node => this.maybe_repeated(node),
            };
            if let Some(first) = order.nulls_first
                && !this.features.nulls_order
            {
                let slot = this.slot;
                expression(this)?;
                this.push(if first { " IS NULL DESC, " } else { " IS NULL, " });
                this.slot = slot;
            }
            expression(this)?;
            if order.descending {
                this.push(" DESC");
            }
            match order.nulls_first {
                Some(true) if this.features.nulls_order => this.push(" NULLS FIRST"),
                Some(false) if this.features.nulls_order => this.push(" NULLS LAST"),
                _ => {}
            }
            Ok(())
        })
    }
}

/// Whether an expression is a value, perhaps with a sign.
fn is_written_value(node: &Node) -> bool {
    match node {
        Node::Bind(_) | Node::Integer(_) | Node::Boolean(_) => true,
        Node::Construct(node) => matches!(node.construct, Construct::Text(_)),
        Node::Unary(unary) => unary.operator == UnaryOperator::Negate && is_written_value(&unary.operand),
        Node::Label(label) => is_written_value(&label.node),
        _ => false,
    }
}

/// Whether a select list has a label of this name.
pub(super) fn has_label(items: &[SelectItem], name: &str) -> bool {
    items.iter().any(|item| matches!(item, SelectItem::Expression { node: Node::Label(label), .. } if &*label.name == name))
}
