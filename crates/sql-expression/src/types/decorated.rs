//! [`Decorated`]: a type with SQL around its values, and with other types on some databases.

use std::sync::Arc;

use super::SqlType;
use crate::{Error, Result};

/// A type with SQL around its values, and with other types on some databases: what [`SqlType::bind_expression`],
/// [`SqlType::column_expression`] and [`SqlType::with_variant`] make.
///
/// Counterpart of SQLAlchemy's `TypeDecorator`. What Rust does with the values is said by the Rust type, with
/// [`ColumnType`](crate::ColumnType) and [`Decode`](crate::Decode).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decorated {
    base: SqlType,
    bind: Option<Template>,
    column: Option<Template>,
    variants: Vec<(Arc<str>, SqlType)>,
}

/// SQL around a value, whose place is `{}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Template(Arc<str>);

impl Template {
    /// What stands before the value, and what after it.
    pub(crate) fn parts(&self) -> Result<(&str, &str)> {
        let parts = self.0.split_once("{}").filter(|(_, after)| !after.contains("{}"));
        parts.ok_or_else(|| {
            Error::compile(format!(
                "`{}` cannot stand around a value: the value's place in it is `{{}}`, once, as in `lower({{}})`",
                self.0
            ))
        })
    }

    /// The text as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl Decorated {
    /// The type itself.
    pub fn base(&self) -> &SqlType {
        &self.base
    }

    /// What stands around values that are sent.
    pub(crate) fn bind(&self) -> Option<&Template> {
        self.bind.as_ref()
    }

    /// What stands around columns that are selected.
    pub(crate) fn column(&self) -> Option<&Template> {
        self.column.as_ref()
    }

    /// The dialects that have another type, each with its type.
    pub(crate) fn variants(&self) -> impl ExactSizeIterator<Item = (&str, &SqlType)> {
        self.variants.iter().map(|(dialect, sql_type)| (&**dialect, sql_type))
    }

    /// The type on a dialect, where it has another one. What is said for MySQL holds for MariaDB too.
    fn variant(&self, dialect: &str) -> Option<&SqlType> {
        let of = |name: &str| self.variants.iter().rev().find(|(own, _)| &**own == name);
        let found = of(dialect).or_else(|| (dialect == "mariadb").then(|| of("mysql")).flatten());
        found.map(|(_, sql_type)| sql_type)
    }
}

impl SqlType {
    /// Puts SQL around each value that is sent for a column of this type: in INSERT, in SET and in comparisons, for one row
    /// and for many. The value's place is `{}`.
    ///
    /// Counterpart of SQLAlchemy's `TypeDecorator.bind_expression`.
    ///
    /// # Examples
    /// ```
    /// use aludel_sql_expression::{Executable, SqlType, dialect::PostgresDialect, schema::{Column, Table}, select, types::Text};
    ///
    /// let secret = SqlType::from(Text).bind_expression("encrypt({})").column_expression("decrypt({})");
    /// let t = Table::unregistered("t").column(Column::new("word", secret));
    /// assert_eq!(
    ///     select(t.c("word")).filter(t.c("word").eq("x")).to_sql(&PostgresDialect::default())?,
    ///     "SELECT decrypt(t.word) AS word FROM t WHERE t.word = encrypt(CAST('x' AS TEXT))"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn bind_expression(self, template: impl Into<Arc<str>>) -> Self {
        let mut own = self.decorated();
        own.bind = Some(Template(template.into()));
        Self::Decorated(Arc::new(own))
    }

    /// Puts SQL around each column of this type that a statement gives back: in its select list and in RETURNING. The
    /// column's place is `{}`. Inside of a statement, in conditions and subqueries, the column stands as it is.
    ///
    /// Counterpart of SQLAlchemy's `TypeDecorator.column_expression`.
    #[must_use]
    pub fn column_expression(self, template: impl Into<Arc<str>>) -> Self {
        let mut own = self.decorated();
        own.column = Some(Template(template.into()));
        Self::Decorated(Arc::new(own))
    }

    /// Takes another type on one database, told by the dialect's name: `"sqlite"`, `"postgresql"`, `"mysql"` (MariaDB too)
    /// or `"mariadb"`. Nothing of this type, such as SQL around its values, holds for the other.
    ///
    /// Counterpart of SQLAlchemy's `with_variant`.
    ///
    /// # Examples
    /// ```
    /// use aludel_sql_expression::{Dialect, SqlType, dialect::{MySqlDialect, SqliteDialect}, types::{Text, Varchar}};
    ///
    /// let code = SqlType::from(Text).with_variant(Varchar(40), "mysql");
    /// assert_eq!(MySqlDialect::default().type_name(&code)?, "VARCHAR(40)");
    /// assert_eq!(SqliteDialect::default().type_name(&code)?, "TEXT");
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    #[must_use]
    pub fn with_variant(self, sql_type: impl Into<Self>, dialect: impl Into<Arc<str>>) -> Self {
        let mut own = self.decorated();
        own.variants.push((dialect.into(), sql_type.into()));
        Self::Decorated(Arc::new(own))
    }

    fn decorated(self) -> Decorated {
        match self {
            Self::Decorated(own) => Arc::unwrap_or_clone(own),
            base => Decorated { base, bind: None, column: None, variants: Vec::new() },
        }
    }

    /// The type that it is on a dialect, without what stands around its values. A dialect from outside spells this one.
    pub fn plain(&self, dialect: &str) -> &Self {
        let mut own = self;
        while let Self::Decorated(decorated) = own {
            own = decorated.variant(dialect).unwrap_or(&decorated.base);
        }
        own
    }

    /// The type without anything around it, where no dialect is known: what it is for those that have no other.
    pub fn base(&self) -> &Self {
        let mut own = self;
        while let Self::Decorated(decorated) = own {
            own = &decorated.base;
        }
        own
    }

    /// What stands around values that are sent to a dialect.
    pub(crate) fn bind_template(&self, dialect: &str) -> Option<&Template> {
        self.template(dialect, Decorated::bind)
    }

    /// What stands around columns that a dialect gives back.
    pub(crate) fn column_template(&self, dialect: &str) -> Option<&Template> {
        self.template(dialect, Decorated::column)
    }

    fn template<'t>(
        &'t self,
        dialect: &str,
        of: fn(&Decorated) -> Option<&Template>,
    ) -> Option<&'t Template> {
        let mut own = self;
        while let Self::Decorated(decorated) = own {
            own = match decorated.variant(dialect) {
                Some(variant) => variant,
                // A base is never decorated itself.
                None => return of(decorated),
            };
        }
        None
    }
}
