//! [`Index`], and what it is over.

use super::DdlExpression;
use crate::{
    expression::Node,
    name::Name,
    typed::{Attribute, ColumnExpression, ColumnType, Expression, Model, OrderExpression},
};

/// An index of a table.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_index, dialect::PostgresDialect, lower, schema::*, types::*};
///
/// let users = Table::unregistered("users").column(Column::new("email", Text)).column(Column::new("gone", Boolean));
/// let index = Index::new("ix_email", [lower(users.c("email").of::<String>())]).unique().filter("NOT gone");
/// assert_eq!(
///     create_index(&users, index).to_sql(&PostgresDialect::default())?,
///     "CREATE UNIQUE INDEX ix_email ON users (lower(email)) WHERE NOT gone"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Index {
    /// The name; none: the naming convention makes it.
    pub name: Option<Name>,
    /// What it is over, in order.
    pub elements: Vec<IndexElement>,
    /// Whether its entries are unique.
    pub unique: bool,
    /// The rows that it is about; none: all (PostgreSQL, SQLite).
    pub filter: Option<DdlExpression>,
    /// Columns that its entries carry beside their keys (PostgreSQL).
    pub include: Vec<Name>,
    /// Whether NULL is a value like others: NULLS NOT DISTINCT (PostgreSQL, from version 15 on).
    pub nulls_not_distinct: bool,
    /// A comment kept in the database where it can (PostgreSQL, MySQL, MariaDB).
    pub comment: Option<Name>,
    /// What is said to PostgreSQL alone.
    pub postgresql: PostgresqlIndexOptions,
    /// What is said to MySQL and MariaDB alone.
    pub mysql: MysqlIndexOptions,
}

/// What is said of an index to PostgreSQL alone.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PostgresqlIndexOptions {
    /// The kind of index: `gin`.
    pub using: Option<Name>,
    /// Whether the table can be written meanwhile: CONCURRENTLY, outside of a transaction.
    pub concurrently: bool,
    /// Storage parameters, as SQL: `fillfactor = 70`.
    pub with: Option<Name>,
    /// Where it is stored.
    pub tablespace: Option<Name>,
}

/// What is said of an index to MySQL and MariaDB alone.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MysqlIndexOptions {
    /// The kind of index: `HASH`.
    pub using: Option<Name>,
    /// A word before INDEX: `FULLTEXT`, `SPATIAL`.
    pub prefix: Option<Name>,
    /// The parser of a full-text index.
    pub with_parser: Option<Name>,
    /// Whether queries take no notice of it: INVISIBLE, on MariaDB IGNORED.
    pub invisible: bool,
}

/// What an index is over: a column or an expression, with its order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IndexElement {
    /// The column or expression.
    pub target: IndexTarget,
    /// Whether it goes down; none: nothing is said.
    pub descending: Option<bool>,
    /// Whether NULLs come first; none: nothing is said (PostgreSQL).
    pub nulls_first: Option<bool>,
    /// How texts are compared (PostgreSQL, SQLite).
    pub collation: Option<Name>,
    /// The operator class (PostgreSQL alone).
    pub operator_class: Option<Name>,
    /// How many characters or bytes of the value are taken (MySQL and MariaDB alone).
    pub length: Option<u32>,
}

/// A column or an expression that an index is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IndexTarget {
    /// A column of the table.
    Column(Name),
    /// An expression.
    Expression(DdlExpression),
}

impl Index {
    /// An index over columns and expressions. A text is the name of a column.
    pub fn new<E: Into<IndexElement>>(name: impl Into<Name>, elements: impl IntoIterator<Item = E>) -> Self {
        Self { name: Some(name.into()), ..Self::over(elements) }
    }

    /// An index whose name the naming convention makes: `ix_table_column`, when it says nothing else.
    pub fn over<E: Into<IndexElement>>(elements: impl IntoIterator<Item = E>) -> Self {
        Self {
            name: None,
            elements: elements.into_iter().map(Into::into).collect(),
            unique: false,
            filter: None,
            include: Vec::new(),
            nulls_not_distinct: false,
            comment: None,
            postgresql: PostgresqlIndexOptions::default(),
            mysql: MysqlIndexOptions::default(),
        }
    }

    /// Adds what it is over.
    #[must_use]
    pub fn element(mut self, element: impl Into<IndexElement>) -> Self {
        self.elements.push(element.into());
        self
    }

    /// Makes its entries unique.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Says which rows it is about (PostgreSQL, SQLite).
    #[must_use]
    pub fn filter(mut self, condition: impl Into<DdlExpression>) -> Self {
        self.filter = Some(condition.into());
        self
    }

    /// Says which columns its entries carry beside their keys (PostgreSQL).
    #[must_use]
    pub fn include<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.include.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Takes NULL for a value like others, so that it may be there only once (PostgreSQL, from version 15 on).
    #[must_use]
    pub fn nulls_not_distinct(mut self) -> Self {
        self.nulls_not_distinct = true;
        self
    }

    /// Keeps a comment in the database where it can (PostgreSQL, MySQL, MariaDB).
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Name>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Says what kind of index PostgreSQL makes: `gin`. Others make their own.
    #[must_use]
    pub fn postgresql_using(mut self, using: impl Into<Name>) -> Self {
        self.postgresql.using = Some(using.into());
        self
    }

    /// Lets PostgreSQL make and drop it while the table is written. It must be executed outside of a transaction.
    #[must_use]
    pub fn postgresql_concurrently(mut self) -> Self {
        self.postgresql.concurrently = true;
        self
    }

    /// Says PostgreSQL's storage parameters, as SQL: `fillfactor = 70`.
    #[must_use]
    pub fn postgresql_with(mut self, parameters: impl Into<Name>) -> Self {
        self.postgresql.with = Some(parameters.into());
        self
    }

    /// Says where PostgreSQL stores it.
    #[must_use]
    pub fn postgresql_tablespace(mut self, tablespace: impl Into<Name>) -> Self {
        self.postgresql.tablespace = Some(tablespace.into());
        self
    }

    /// Says what kind of index MySQL and MariaDB make: `HASH`.
    #[must_use]
    pub fn mysql_using(mut self, using: impl Into<Name>) -> Self {
        self.mysql.using = Some(using.into());
        self
    }

    /// Says which word stands before INDEX on MySQL and MariaDB: `FULLTEXT`, `SPATIAL`.
    #[must_use]
    pub fn mysql_prefix(mut self, prefix: impl Into<Name>) -> Self {
        self.mysql.prefix = Some(prefix.into());
        self
    }

    /// Says which parser serves a full-text index of MySQL.
    #[must_use]
    pub fn mysql_with_parser(mut self, parser: impl Into<Name>) -> Self {
        self.mysql.with_parser = Some(parser.into());
        self
    }

    /// Lets queries of MySQL and MariaDB take no notice of it: INVISIBLE, on MariaDB IGNORED (from version 10.6 on).
    #[must_use]
    pub fn mysql_invisible(mut self) -> Self {
        self.mysql.invisible = true;
        self
    }

    /// The columns that it is over; none where it is over an expression.
    pub fn columns(&self) -> Option<Vec<Name>> {
        self.elements
            .iter()
            .map(|element| match &element.target {
                IndexTarget::Column(name) => Some(name.clone()),
                IndexTarget::Expression(_) => None,
            })
            .collect()
    }

    /// Whether it is over the whole of a column.
    pub(crate) fn takes_whole(&self, column: &str) -> bool {
        let is_full_text =
            self.mysql.prefix.as_ref().is_some_and(|prefix| prefix.eq_ignore_ascii_case("fulltext"));
        // MariaDB keeps a hash of a text of any length.
        let is_by_hash =
            self.unique && self.mysql.using.as_ref().is_some_and(|using| using.eq_ignore_ascii_case("hash"));
        !is_full_text
            && !is_by_hash
            && self.elements.iter().any(|element| {
                element.length.is_none()
                    && matches!(&element.target, IndexTarget::Column(name) if **name == *column)
            })
    }

    /// The columns that no two rows may have alike; none where it does not hold that of all rows.
    pub fn unique_columns(&self) -> Option<Vec<Name>> {
        let whole = self.elements.iter().all(|element| element.length.is_none());
        if self.unique && self.filter.is_none() && whole { self.columns() } else { None }
    }
}

impl IndexElement {
    /// A column.
    pub fn column(name: impl Into<Name>) -> Self {
        Self::of(IndexTarget::Column(name.into()))
    }

    /// An expression, as SQL text or built.
    pub fn expression(expression: impl Into<DdlExpression>) -> Self {
        match expression.into() {
            DdlExpression::Node(node) => Self::node(*node),
            text => Self::of(IndexTarget::Expression(text)),
        }
    }

    fn of(target: IndexTarget) -> Self {
        Self {
            target,
            descending: None,
            nulls_first: None,
            collation: None,
            operator_class: None,
            length: None,
        }
    }

    fn node(node: Node) -> Self {
        match node {
            Node::Column(column) => Self::column(column.name),
            node => Self::of(IndexTarget::Expression(node.into())),
        }
    }

    /// From the lowest up.
    #[must_use]
    pub fn ascending(mut self) -> Self {
        self.descending = Some(false);
        self
    }

    /// From the highest down.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = Some(true);
        self
    }

    /// NULLs before all others (PostgreSQL).
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.nulls_first = Some(true);
        self
    }

    /// NULLs after all others (PostgreSQL).
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.nulls_first = Some(false);
        self
    }

    /// Says how texts are compared (PostgreSQL, SQLite).
    #[must_use]
    pub fn collate(mut self, collation: impl Into<Name>) -> Self {
        self.collation = Some(collation.into());
        self
    }

    /// Says which operator class PostgreSQL takes: `text_pattern_ops`. Others take no notice.
    #[must_use]
    pub fn postgresql_operator_class(mut self, class: impl Into<Name>) -> Self {
        self.operator_class = Some(class.into());
        self
    }

    /// Says how many characters or bytes MySQL and MariaDB take of the value. Others take it whole.
    #[must_use]
    pub fn mysql_length(mut self, length: u32) -> Self {
        self.length = Some(length);
        self
    }
}

impl From<&str> for IndexElement {
    fn from(column: &str) -> Self {
        Self::column(column)
    }
}

impl From<String> for IndexElement {
    fn from(column: String) -> Self {
        Self::column(column)
    }
}

impl From<Name> for IndexElement {
    fn from(column: Name) -> Self {
        Self::column(column)
    }
}

impl From<OrderExpression> for IndexElement {
    fn from(order: OrderExpression) -> Self {
        let order = order.0;
        let element = Self::node(order.node);
        Self { descending: order.descending.then_some(true), nulls_first: order.nulls_first, ..element }
    }
}

impl<T> From<Expression<T>> for IndexElement {
    fn from(expression: Expression<T>) -> Self {
        Self::node(expression.into_node())
    }
}

impl From<ColumnExpression> for IndexElement {
    fn from(column: ColumnExpression) -> Self {
        Self::node(column.node())
    }
}

impl<M: Model, T: ColumnType> From<Attribute<M, T>> for IndexElement {
    fn from(attribute: Attribute<M, T>) -> Self {
        Self::node(attribute.node())
    }
}
