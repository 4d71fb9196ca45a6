//! [`Sequence`]: numbers that the database gives out, each once.

use std::sync::Arc;

use crate::{
    ColumnInfo, Result, Row, RowPlan,
    expression::{Construct, ConstructNode, Node},
    name::Name,
    statement::{Executable, ScalarExecutable, Select, StatementNode, select},
    typed::Expression,
    types::SqlType,
};

/// Numbers that the database gives out, each once (PostgreSQL and MariaDB). Cheap to clone.
///
/// It is the default of a column ([`Column::sequence`](super::Column::sequence)), stands in an expression
/// ([`Sequence::next_value`]), or is executed alone, which gives the next number. Counterpart of SQLAlchemy's `Sequence`.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, dialect::PostgresDialect, schema::Sequence, create_sequence};
///
/// let numbers = Sequence::new("invoice_numbers").start(1000).increment(10);
/// let dialect = PostgresDialect::default();
/// assert_eq!(create_sequence(&numbers).to_sql(&dialect)?, "CREATE SEQUENCE invoice_numbers INCREMENT BY 10 START WITH 1000");
/// assert_eq!(numbers.to_sql(&dialect)?, "SELECT nextval('invoice_numbers') AS next_value");
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(Arc<SequenceDefinition>);

/// What a sequence is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SequenceDefinition {
    /// The name.
    pub name: Name,
    /// The schema, where one was given.
    pub schema: Option<Name>,
    /// The type of its numbers; none: 64 bits.
    pub sql_type: Option<SqlType>,
    /// How it counts.
    pub options: SequenceOptions,
    /// Whether it is left out where the database numbers keys by itself.
    pub optional: bool,
    /// The column that it goes with: OWNED BY (PostgreSQL).
    pub owned_by: Option<SequenceOwner>,
    /// A comment kept in the database.
    pub comment: Option<Name>,
}

/// The column that a sequence goes with: it is dropped with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SequenceOwner {
    /// The table, in the schema of the sequence.
    pub table: Name,
    /// The column.
    pub column: Name,
}

/// How a sequence or an identity column counts. What is not said is as the database has it by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SequenceOptions {
    /// The first number.
    pub start: Option<i64>,
    /// How far it is to the next.
    pub increment: Option<i64>,
    /// The lowest number; `Some(None)`: NO MINVALUE.
    pub minvalue: Option<Option<i64>>,
    /// The highest number; `Some(None)`: NO MAXVALUE.
    pub maxvalue: Option<Option<i64>>,
    /// Whether it begins again at its end.
    pub cycle: Option<bool>,
    /// How many numbers a connection takes at once.
    pub cache: Option<u64>,
}

impl SequenceOptions {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether each number is higher than the one before.
    pub(crate) fn grows(&self) -> bool {
        self.increment.is_none_or(|increment| increment > 0) && self.cycle != Some(true)
    }
}

/// The methods that say how it counts, for whoever holds [`SequenceOptions`].
macro_rules! counting {
    ($options:ident) => {
        /// Says what the first number is.
        #[must_use]
        pub fn start(mut self, start: i64) -> Self {
            self.$options().start = Some(start);
            self
        }

        /// Says how far it is to the next number.
        #[must_use]
        pub fn increment(mut self, increment: i64) -> Self {
            self.$options().increment = Some(increment);
            self
        }

        /// Says what the lowest number is; none: NO MINVALUE.
        #[must_use]
        pub fn minvalue(mut self, lowest: impl Into<Option<i64>>) -> Self {
            self.$options().minvalue = Some(lowest.into());
            self
        }

        /// Says what the highest number is; none: NO MAXVALUE.
        #[must_use]
        pub fn maxvalue(mut self, highest: impl Into<Option<i64>>) -> Self {
            self.$options().maxvalue = Some(highest.into());
            self
        }

        /// Says whether it begins again at its end.
        #[must_use]
        pub fn cycle(mut self, cycle: bool) -> Self {
            self.$options().cycle = Some(cycle);
            self
        }

        /// Says how many numbers a connection takes at once.
        #[must_use]
        pub fn cache(mut self, cache: u64) -> Self {
            self.$options().cache = Some(cache);
            self
        }
    };
}

pub(crate) use counting;

impl Sequence {
    /// A sequence that counts from 1 up.
    pub fn new(name: impl Into<Name>) -> Self {
        Self(Arc::new(SequenceDefinition {
            name: name.into(),
            schema: None,
            sql_type: None,
            options: SequenceOptions::default(),
            optional: false,
            owned_by: None,
            comment: None,
        }))
    }

    fn change(&mut self) -> &mut SequenceDefinition {
        Arc::make_mut(&mut self.0)
    }

    fn options(&mut self) -> &mut SequenceOptions {
        &mut self.change().options
    }

    counting!(options);

    /// Puts it into a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.change().schema = Some(schema.into());
        self
    }

    /// Says what type its numbers have (PostgreSQL).
    #[must_use]
    pub fn sql_type(mut self, sql_type: impl Into<SqlType>) -> Self {
        self.change().sql_type = Some(sql_type.into());
        self
    }

    /// Leaves it out where the database numbers keys by itself, which all of ours do: the column is then numbered as if there
    /// were no sequence.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.change().optional = true;
        self
    }

    /// Keeps a comment in the database.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.change().comment = Some(comment.into());
        self
    }

    /// Has it go with a column of a table in its schema: OWNED BY (PostgreSQL). `create_all` says so once both are there.
    #[must_use]
    pub fn owned_by(mut self, table: impl Into<Name>, column: impl Into<Name>) -> Self {
        self.change().owned_by = Some(SequenceOwner { table: table.into(), column: column.into() });
        self
    }

    /// What it is made of.
    pub fn definition(&self) -> &SequenceDefinition {
        &self.0
    }

    /// The next number, in an expression.
    pub fn next_value(&self) -> Expression<i64> {
        let construct = Construct::NextValue(self.clone());
        Expression::new(Node::Construct(Arc::new(ConstructNode::new(construct, Vec::new()))))
    }

    fn select(&self) -> Select<Expression<i64>> {
        select(self.next_value().label("next_value"))
    }
}

impl Executable for Sequence {
    type Row = i64;

    fn node(&self) -> StatementNode {
        self.select().node()
    }

    fn needs_columns(&self) -> bool {
        false
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        self.select().plan(columns)
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<i64> {
        self.select().decode(row, plan)
    }
}

impl ScalarExecutable<i64> for Sequence {
    fn decode_scalar(&self, row: &dyn Row) -> Result<i64> {
        self.select().decode_scalar(row)
    }
}
