//! [`Wrap`]: what stands around the values of a type, and around its columns.

use std::sync::Arc;

use super::{compiler::Compiler, inference, writer::Piece};
use crate::{
    Result, Value,
    dialect::Dialect,
    expression::{BindNode, Node},
    statement::{SelectItem, SelectNode, StatementNode},
    types::{SqlType, Template},
};

/// What stands around a value whose type asks for it. Most types do not.
#[derive(Clone, Debug)]
pub(super) struct Wrap {
    pub(super) before: Box<str>,
    pub(super) after: Box<str>,
    /// The type itself, on the dialect.
    pub(super) sql_type: SqlType,
}

/// What stands around the values of a row, one for each; none where nothing does.
pub(super) type RowWraps = Option<Arc<[Option<Wrap>]>>;

impl Wrap {
    /// What stands around values of a type.
    pub(super) fn of(sql_type: &SqlType, dialect: &dyn Dialect) -> Result<Option<Self>> {
        if !matches!(sql_type, SqlType::Decorated(_) | SqlType::DecimalText | SqlType::ScaledInteger(_)) {
            return Ok(None);
        }
        let plain = sql_type.plain(dialect.name());
        let Some(template) = sql_type.bind_template(dialect.name()) else {
            // It may stand alone, but its placeholder says the type.
            let says = matches!(plain, SqlType::DecimalText | SqlType::ScaledInteger(_));
            return Ok(says.then(|| Self {
                before: Box::default(),
                after: Box::default(),
                sql_type: plain.clone(),
            }));
        };
        let (before, after) = template.parts()?;
        Ok(Some(match dialect.features().typed_parameters {
            // A function does not tell the type of what it is given.
            true => Self {
                before: format!("{before}CAST(").into(),
                after: format!(" AS {}){after}", dialect.cast_type_name(plain)?).into(),
                sql_type: plain.clone(),
            },
            false => Self { before: before.into(), after: after.into(), sql_type: plain.clone() },
        }))
    }

    /// What stands around the values of each of these columns.
    pub(super) fn of_row<'t>(
        types: impl IntoIterator<Item = Option<&'t SqlType>>,
        dialect: &dyn Dialect,
    ) -> Result<RowWraps> {
        let wraps = types.into_iter().map(|sql_type| match sql_type {
            Some(sql_type) => Self::of(sql_type, dialect),
            None => Ok(None),
        });
        let wraps: Arc<[Option<Self>]> = wraps.collect::<Result<_>>()?;
        Ok(wraps.iter().any(Option::is_some).then_some(wraps))
    }
}

impl<'n> Compiler<'n> {
    /// Writes a value beside which nothing tells a type.
    pub(super) fn bound(&mut self, bind: &'n BindNode) -> Result<()> {
        match &bind.sql_type {
            Some(sql_type) => match Wrap::of(sql_type, self.dialect)? {
                Some(wrap) => self.wrapped_value(&wrap),
                None => self.maybe_decimal(sql_type),
            },
            None => self.value(),
        }
    }

    /// Writes the next value, which is cast where it is a decimal that is sent as text.
    pub(super) fn maybe_decimal(&mut self, sql_type: &SqlType) -> Result<()> {
        match self.features.decimal_parameter {
            Some(name) if matches!(sql_type.base(), SqlType::Numeric { .. }) && !self.writes_literals() => {
                self.push("CAST(");
                self.value()?;
                self.push(" AS ");
                self.push(name);
                self.push(")");
                Ok(())
            }
            _ => self.value(),
        }
    }

    /// What stands around the values of a list beside something of a type.
    pub(super) fn wrap_of_element(&self, sql_type: &SqlType) -> Result<Option<Wrap>> {
        Ok(match (Wrap::of(sql_type, self.dialect)?, self.features.decimal_parameter) {
            (Some(wrap), _) => Some(wrap),
            (None, Some(name))
                if matches!(sql_type.base(), SqlType::Numeric { .. }) && !self.writes_literals() =>
            {
                Some(Wrap {
                    before: "CAST(".into(),
                    after: format!(" AS {name})").into(),
                    sql_type: sql_type.clone(),
                })
            }
            _ => None,
        })
    }

    /// Writes what a column is set to: a value takes the column's type.
    pub(super) fn assigned(&mut self, node: &'n Node, column: Option<&SqlType>) -> Result<()> {
        match (node, column) {
            (Node::Bind(_), Some(sql_type)) => match Wrap::of(sql_type, self.dialect)? {
                Some(wrap) => self.wrapped_value(&wrap),
                None => self.value(),
            },
            (node, Some(sql_type)) => match self.scale_of_type(sql_type) {
                Some(scale) => self.assigned_scaled(node, scale),
                None => self.node(node),
            },
            (node, None) => self.node(node),
        }
    }

    /// What stands around a value beside an expression: the expression's type tells, or the value's own.
    pub(super) fn wrap_beside(&self, bind: &BindNode, beside: &Node) -> Result<Option<Wrap>> {
        let beside = match beside {
            Node::Bind(_) | Node::Null => None,
            beside => inference::type_of(beside),
        };
        match beside.as_ref().or(bind.sql_type.as_ref()) {
            Some(sql_type) => Wrap::of(sql_type, self.dialect),
            None => Ok(None),
        }
    }

    /// Writes the next value with what stands around it.
    pub(super) fn wrapped_value(&mut self, wrap: &Wrap) -> Result<()> {
        self.push(&wrap.before);
        match self.next_literal() {
            Some(value) => self.dialect.write_typed_literal(value, &wrap.sql_type, self.writer.text())?,
            None => {
                let slot = self.slot as u32;
                self.slot += 1;
                self.writer.piece(Piece::TypedSlot(slot, wrap.sql_type.clone()));
            }
        }
        self.push(&wrap.after);
        Ok(())
    }

    /// Writes a value of a row as a literal, with what stands around it.
    pub(super) fn wrapped_literal(&mut self, value: &Value, wrap: &Wrap) -> Result<()> {
        self.push(&wrap.before);
        self.dialect.write_typed_literal(value, &wrap.sql_type, self.writer.text())?;
        self.push(&wrap.after);
        Ok(())
    }

    /// Writes an expression of a result, with what stands around columns of its type, and under its name.
    pub(super) fn result_item(&mut self, node: &'n Node) -> Result<()> {
        let (node, label) = match node {
            Node::Label(label) => (&label.node, Some(&label.name)),
            node => (node, None),
        };
        let sql_type = inference::type_of(node);
        let template = sql_type.as_ref().and_then(|sql_type| sql_type.column_template(self.dialect.name()));
        let Some(template) = template else {
            self.lone(node)?;
            return label.map_or(Ok(()), |label| self.label(label));
        };
        let (before, after) = template.parts()?;
        self.push(before);
        self.kept_lone(node)?;
        self.push(after);
        let name = match (label, node) {
            (Some(label), _) => Some(label.to_string()),
            (None, Node::Column(column)) => Some(self.column_name(&column.source, &column.name)?.to_string()),
            _ => None,
        };
        name.map_or(Ok(()), |name| self.label(&name))
    }
}

/// The lists of a statement whose expressions come out of the database: its select list, with those of its parts, or its
/// RETURNING. What subqueries give stays inside.
pub(super) fn result_lists(statement: &StatementNode) -> Vec<&[SelectItem]> {
    fn of_select<'n>(select: &'n SelectNode, lists: &mut Vec<&'n [SelectItem]>) {
        lists.push(&select.items);
        for part in select.first.iter().chain(select.set_operations.iter().map(|operation| &operation.select))
        {
            of_select(part, lists);
        }
    }
    let mut lists = Vec::new();
    match statement {
        StatementNode::Select(select) => of_select(select, &mut lists),
        StatementNode::Insert(insert) => lists.push(&insert.returning),
        StatementNode::Update(update) => lists.push(&update.returning),
        StatementNode::Delete(delete) => lists.push(&delete.returning),
        StatementNode::Text(_) | StatementNode::Ddl(_) | StatementNode::External(_) => {}
    }
    lists
}

/// Writes the placeholder of a value for a column of this type, with what stands around it: for texts that are written
/// without a statement's tree.
///
/// # Errors
/// [`ErrorKind::Compile`](crate::ErrorKind::Compile) where what stands around it cannot be said.
pub fn write_bound(dialect: &dyn Dialect, sql_type: &SqlType, number: usize, sql: &mut String) -> Result<()> {
    match Wrap::of(sql_type, dialect)? {
        None => dialect.write_placeholder(number, sql),
        Some(wrap) => {
            sql.push_str(&wrap.before);
            dialect.write_typed_placeholder(number, &wrap.sql_type, sql);
            sql.push_str(&wrap.after);
        }
    }
    Ok(())
}

/// What the type says stands around a value that is there as an expression already: before it, and after it.
///
/// # Errors
/// As [`write_bound`].
pub fn around_value<'t>(dialect: &dyn Dialect, sql_type: &'t SqlType) -> Result<Option<(&'t str, &'t str)>> {
    sql_type.bind_template(dialect.name()).map(Template::parts).transpose()
}

/// What the type says stands around a column that is given back: before it, and after it.
///
/// # Errors
/// As [`write_bound`].
pub fn around_column<'t>(dialect: &dyn Dialect, sql_type: &'t SqlType) -> Result<Option<(&'t str, &'t str)>> {
    sql_type.column_template(dialect.name()).map(Template::parts).transpose()
}
