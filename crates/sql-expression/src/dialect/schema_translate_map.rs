//! [`SchemaTranslateMap`]: other schemas than those that tables say.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use crate::name::Name;

/// Other schemas than those that tables say, for a connection or a statement: one set of tables so serves many schemas.
///
/// Names of schemas are replaced wherever a table, a sequence or a type is written; what is SQL by hand stays as it is.
/// Compiled statements are kept apart for each map. Counterpart of SQLAlchemy's execution option `schema_translate_map`.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, dialect::{Dialect, PostgresDialect, SchemaTranslateMap}, schema::*, select, types::Integer};
///
/// let t = Table::unregistered("t").column(Column::new("id", Integer));
/// let dialect = PostgresDialect::default();
/// let of_tenant = dialect.with_schemas(SchemaTranslateMap::new().default_to("tenant_7")).unwrap();
/// assert_eq!(select(t.c("id")).to_sql(&*of_tenant)?, "SELECT tenant_7.t.id FROM tenant_7.t");
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SchemaTranslateMap {
    schemas: Arc<BTreeMap<Place, Place>>,
}

/// A schema, or none.
type Place = Option<Box<str>>;

impl SchemaTranslateMap {
    /// Every schema stays as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes another schema for one.
    #[must_use]
    pub fn schema(self, from: impl Into<Name>, to: impl Into<Name>) -> Self {
        self.with(Some(from.into()), Some(to.into()))
    }

    /// Takes a schema for tables that say none.
    #[must_use]
    pub fn default_to(self, to: impl Into<Name>) -> Self {
        self.with(None, Some(to.into()))
    }

    /// Takes the connection's own schema for one.
    #[must_use]
    pub fn to_default(self, from: impl Into<Name>) -> Self {
        self.with(Some(from.into()), None)
    }

    fn with(mut self, from: Option<Name>, to: Option<Name>) -> Self {
        let boxed = |name: Option<Name>| name.map(|name| Box::from(&*name));
        Arc::make_mut(&mut self.schemas).insert(boxed(from), boxed(to));
        self
    }

    /// Whether every schema stays as it is.
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty()
    }

    /// The schema that is taken for one.
    pub fn translate<'n>(&'n self, schema: Option<&'n Name>) -> Option<Cow<'n, str>> {
        let from: Option<Box<str>> = schema.map(|name| Box::from(&**name));
        match self.schemas.get(&from) {
            Some(to) => to.as_deref().map(Cow::Borrowed),
            None => schema.map(|name| Cow::Borrowed(&**name)),
        }
    }

    /// What is taken for what, in order.
    pub(crate) fn pairs(&self) -> impl ExactSizeIterator<Item = (Option<&str>, Option<&str>)> {
        self.schemas.iter().map(|(from, to)| (from.as_deref(), to.as_deref()))
    }
}
