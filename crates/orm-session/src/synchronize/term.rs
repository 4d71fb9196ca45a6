//! [`Term`]: a condition or a value, as far as memory can calculate it exactly as the database does.

use aludel_sql_expression::{
    SqlType, Value,
    dialect::TextComparison,
    expression::{BinaryNode, BinaryOperator, InNode, Node, Source, UnaryOperator},
};

use crate::mapping::Mapper;

/// A condition or a value, as far as memory can calculate it exactly as the database does.
#[derive(Debug)]
pub(super) enum Term {
    Column(u16),
    Value(Value),
    IsNull(Box<Term>, bool),
    Not(Box<Term>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    Compare(BinaryOperator, Box<Term>, Box<Term>),
    /// Whether the left side, perhaps a tuple, is one of the values.
    In {
        left: Vec<Term>,
        values: Vec<Vec<Term>>,
        negated: bool,
    },
    Negate(Box<Term>),
    Calculate(BinaryOperator, Box<Term>, Box<Term>),
    Concatenate(Box<Term>, Box<Term>),
    Coalesce(Vec<Term>),
    Case(Vec<(Term, Term)>, Option<Box<Term>>),
}

/// What kind of values a term gives, as far as comparing and calculating is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    /// Whole numbers, doubles and decimals.
    Number,
    Text,
    /// One of a list of words: the order is the database's.
    Word,
    Date,
    Time,
    DateTime,
    Instant,
    Uuid,
    Bytes,
    /// Only NULL can be told from the rest.
    Other,
}

/// What turns expressions into terms.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) mapper: &'static Mapper,
    pub(super) texts: TextComparison,
}

/// Why memory cannot calculate an expression, in words.
type Compiled<T> = Result<T, String>;

impl Terms {
    /// A condition.
    pub(super) fn condition(self, node: &Node) -> Compiled<Term> {
        match self.term(node)? {
            (term, Kind::Boolean | Kind::Null) => Ok(term),
            _ => Err("a condition that is no comparison".into()),
        }
    }

    /// Any expression, and what it gives.
    pub(super) fn term(self, node: &Node) -> Compiled<(Term, Kind)> {
        match node {
            Node::Column(column) => {
                let own = matches!(&column.source, Source::Table(table) if table == self.mapper.table());
                let position =
                    self.mapper.columns().iter().position(|mapping| mapping.column == &*column.name);
                match position.and_then(|position| u16::try_from(position).ok()).filter(|_| own) {
                    Some(position) => Ok((Term::Column(position), self.kind_of_column(position))),
                    None => Err(format!("the column `{}` of another table", column.name)),
                }
            }
            Node::Bind(bind) => {
                let kind = match &bind.sql_type {
                    Some(SqlType::Custom(_) | SqlType::Decorated(_)) if !bind.value.is_null() => Kind::Other,
                    _ => kind_of_value(&bind.value),
                };
                Ok((Term::Value(bind.value.clone()), kind))
            }
            Node::Null => Ok((Term::Value(Value::Null), Kind::Null)),
            Node::Boolean(truth) => Ok((Term::Value(Value::Bool(*truth)), Kind::Boolean)),
            Node::Integer(number) => Ok((Term::Value(Value::I64(*number)), Kind::Number)),
            Node::Label(label) => self.term(&label.node),
            Node::Unary(unary) => match unary.operator {
                UnaryOperator::Not => {
                    Ok((Term::Not(Box::new(self.condition(&unary.operand)?)), Kind::Boolean))
                }
                UnaryOperator::IsNull | UnaryOperator::IsNotNull => {
                    let operand = Box::new(self.term(&unary.operand)?.0);
                    Ok((Term::IsNull(operand, unary.operator == UnaryOperator::IsNull), Kind::Boolean))
                }
                UnaryOperator::Negate => {
                    Ok((Term::Negate(Box::new(self.number(&unary.operand)?)), Kind::Number))
                }
                _ => Err("an operator that memory does not know".into()),
            },
            Node::Binary(binary) => self.binary(binary),
            Node::Between(parts) => {
                let [value, low, high] = &**parts;
                let low = self.compare(BinaryOperator::GreaterOrEqual, value, low)?;
                let high = self.compare(BinaryOperator::LessOrEqual, value, high)?;
                Ok((Term::And(Box::new(low), Box::new(high)), Kind::Boolean))
            }
            Node::In(list) => Ok((self.list(list)?, Kind::Boolean)),
            Node::Case(case) => {
                let mut kind = Kind::Null;
                let branches = case.branches.iter().map(|(condition, value)| {
                    Ok((self.condition(condition)?, self.of_one_kind(value, &mut kind)?))
                });
                let branches = branches.collect::<Compiled<_>>()?;
                let otherwise = case.otherwise.as_ref();
                let otherwise = otherwise.map(|node| self.of_one_kind(node, &mut kind)).transpose()?;
                Ok((Term::Case(branches, otherwise.map(Box::new)), kind))
            }
            Node::Function(function)
                if &*function.name == "coalesce" && function.over.is_none() && function.filter.is_none() =>
            {
                let mut kind = Kind::Null;
                let arguments = function.arguments.iter().map(|node| self.of_one_kind(node, &mut kind));
                Ok((Term::Coalesce(arguments.collect::<Compiled<_>>()?), kind))
            }
            Node::Function(function) => Err(format!("the function `{}`", function.name)),
            Node::Cast(_) => Err("CAST".into()),
            Node::Exists(_) => Err("EXISTS".into()),
            Node::Subquery(_) => Err("a subquery".into()),
            Node::Fragment(_) | Node::Text(_) => Err("SQL written by hand".into()),
            _ => Err("an expression that memory does not know".into()),
        }
    }

    fn binary(self, binary: &BinaryNode) -> Compiled<(Term, Kind)> {
        let BinaryNode { left, operator, right, .. } = binary;
        let pair = |left, right| (Box::new(left), Box::new(right));
        Ok(match operator {
            BinaryOperator::And => {
                let (left, right) = pair(self.condition(left)?, self.condition(right)?);
                (Term::And(left, right), Kind::Boolean)
            }
            BinaryOperator::Or => {
                let (left, right) = pair(self.condition(left)?, self.condition(right)?);
                (Term::Or(left, right), Kind::Boolean)
            }
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual
            | BinaryOperator::IsDistinctFrom
            | BinaryOperator::IsNotDistinctFrom => {
                (self.compare(operator.clone(), left, right)?, Kind::Boolean)
            }
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Modulo => {
                let (left, right) = pair(self.number(left)?, self.number(right)?);
                (Term::Calculate(operator.clone(), left, right), Kind::Number)
            }
            BinaryOperator::Concatenate => {
                let (left, right) = pair(self.text(left)?, self.text(right)?);
                (Term::Concatenate(left, right), Kind::Text)
            }
            BinaryOperator::Divide => return Err("`/`, whose digits are the database's choice".into()),
            BinaryOperator::Like
            | BinaryOperator::NotLike
            | BinaryOperator::ILike
            | BinaryOperator::NotILike => return Err("LIKE, whose rules are the database's collation".into()),
            BinaryOperator::In | BinaryOperator::NotIn => return Err("IN with a subquery".into()),
            BinaryOperator::Custom(custom) => return Err(format!("the operator `{}`", custom.text())),
            _ => return Err("an operator that memory does not know".into()),
        })
    }

    fn compare(self, operator: BinaryOperator, left: &Node, right: &Node) -> Compiled<Term> {
        let ((left, left_kind), (right, right_kind)) = (self.term(left)?, self.term(right)?);
        let is_ordering = matches!(
            operator,
            BinaryOperator::Less
                | BinaryOperator::LessOrEqual
                | BinaryOperator::Greater
                | BinaryOperator::GreaterOrEqual
        );
        self.check(left_kind, right_kind, is_ordering)?;
        Ok(Term::Compare(operator, Box::new(left), Box::new(right)))
    }

    /// Whether values of these kinds can be compared in memory.
    fn check(self, left: Kind, right: Kind, is_ordering: bool) -> Compiled<()> {
        let kind = match (left, right) {
            (Kind::Null, other) | (other, Kind::Null) => other,
            (Kind::Word, Kind::Text) | (Kind::Text, Kind::Word) => Kind::Word,
            (left, right) if left == right => left,
            _ => return Err("a comparison of values of different kinds".into()),
        };
        match kind {
            Kind::Other => Err("a comparison of values whose type is the database's alone".into()),
            Kind::Text if is_ordering && self.texts != TextComparison::Bytes => {
                Err("texts compared by their order, which is the database's collation".into())
            }
            Kind::Word | Kind::Uuid | Kind::Bytes if is_ordering => {
                Err("values compared by their order, which is the database's choice".into())
            }
            _ => Ok(()),
        }
    }

    fn list(self, list: &InNode) -> Compiled<Term> {
        let parts = |node: &Node| -> Compiled<Vec<(Term, Kind)>> {
            match node {
                Node::Tuple(nodes) => nodes.iter().map(|node| self.term(node)).collect(),
                node => Ok(vec![self.term(node)?]),
            }
        };
        let left = parts(&list.left)?;
        let mut values = Vec::with_capacity(list.values.len());
        for value in &list.values {
            let value = parts(value)?;
            if value.len() != left.len() {
                return Err("IN with tuples of different lengths".into());
            }
            for ((_, left), (_, right)) in left.iter().zip(&value) {
                self.check(*left, *right, false)?;
            }
            values.push(value.into_iter().map(|(term, _)| term).collect());
        }
        Ok(Term::In { left: left.into_iter().map(|(term, _)| term).collect(), values, negated: list.negated })
    }

    fn number(self, node: &Node) -> Compiled<Term> {
        match self.term(node)? {
            (term, Kind::Number | Kind::Null) => Ok(term),
            _ => Err("calculating with what is no number".into()),
        }
    }

    fn text(self, node: &Node) -> Compiled<Term> {
        match self.term(node)? {
            (term, Kind::Text | Kind::Null) => Ok(term),
            _ => Err("putting together what is no text".into()),
        }
    }

    /// One of several expressions that must give the same kind of values.
    fn of_one_kind(self, node: &Node, kind: &mut Kind) -> Compiled<Term> {
        let (term, own) = self.term(node)?;
        match (*kind, own) {
            (Kind::Null, own) => *kind = own,
            (_, Kind::Null) => {}
            (kind, own) if kind == own && kind != Kind::Number => {}
            // A whole number and a fraction become what the database makes of them.
            _ => return Err("a choice between values of different kinds".into()),
        }
        Ok(term)
    }

    fn kind_of_column(self, column: u16) -> Kind {
        match &self.mapper.definition().columns[usize::from(column)].sql_type {
            SqlType::TinyInteger
            | SqlType::UnsignedTinyInteger
            | SqlType::UnsignedSmallInteger
            | SqlType::UnsignedInteger
            | SqlType::SmallInteger
            | SqlType::Integer
            | SqlType::BigInteger
            | SqlType::UnsignedBigInteger
            | SqlType::Double
            | SqlType::Numeric { .. } => Kind::Number,
            SqlType::Boolean => Kind::Boolean,
            SqlType::Varchar(_) | SqlType::Text => Kind::Text,
            SqlType::Enum { .. } => Kind::Word,
            SqlType::Date => Kind::Date,
            SqlType::Time => Kind::Time,
            SqlType::DateTime => Kind::DateTime,
            SqlType::Timestamp => Kind::Instant,
            SqlType::Uuid => Kind::Uuid,
            SqlType::LargeBinary => Kind::Bytes,
            // Among them single precision: what it is compared with has more digits.
            _ => Kind::Other,
        }
    }
}

impl Term {
    /// Gives each column that it depends on.
    pub(super) fn columns(&self, visit: &mut dyn FnMut(u16)) {
        match self {
            Self::Column(column) => visit(*column),
            Self::Value(_) => {}
            Self::IsNull(term, _) | Self::Not(term) | Self::Negate(term) => term.columns(visit),
            Self::And(left, right)
            | Self::Or(left, right)
            | Self::Compare(_, left, right)
            | Self::Calculate(_, left, right)
            | Self::Concatenate(left, right) => {
                left.columns(visit);
                right.columns(visit);
            }
            Self::In { left, values, .. } => {
                left.iter().chain(values.iter().flatten()).for_each(|term| term.columns(visit));
            }
            Self::Coalesce(terms) => terms.iter().for_each(|term| term.columns(visit)),
            Self::Case(branches, otherwise) => {
                for (condition, value) in branches {
                    condition.columns(visit);
                    value.columns(visit);
                }
                otherwise.iter().for_each(|term| term.columns(visit));
            }
        }
    }
}

fn kind_of_value(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Decimal(_) => Kind::Number,
        Value::Text(_) => Kind::Text,
        Value::Bytes(_) => Kind::Bytes,
        Value::Uuid(_) => Kind::Uuid,
        Value::Date(_) => Kind::Date,
        Value::Time(_) => Kind::Time,
        Value::DateTime(_) => Kind::DateTime,
        Value::Instant(_) => Kind::Instant,
        _ => Kind::Other,
    }
}
