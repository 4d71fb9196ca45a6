//! [`Statement`], [`ParameterSets`] and [`Step`]: what is sent to a database.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use crate::{Control, Result, Sink, Value};

/// SQL text in the backend's own placeholder style, and the key of its prepared form.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    sql: Arc<str>,
    key: u64,
    cacheable: bool,
}

impl Statement {
    /// A statement whose prepared form is worth keeping on the connection.
    pub fn new(sql: impl Into<Arc<str>>) -> Self {
        let sql = sql.into();
        let mut hasher = DefaultHasher::new();
        sql.hash(&mut hasher);
        Self { key: hasher.finish(), sql, cacheable: true }
    }

    /// A statement whose key was made before, by the compiler; equal texts must have equal keys.
    pub fn with_key(sql: Arc<str>, key: u64, cacheable: bool) -> Self {
        Self { sql, key, cacheable }
    }

    /// A statement that comes once, such as DDL: its prepared form would only push out others.
    pub fn once(sql: impl Into<Arc<str>>) -> Self {
        Self { cacheable: false, ..Self::new(sql) }
    }

    /// The text.
    pub fn sql(&self) -> &Arc<str> {
        &self.sql
    }

    /// A hash of the text, made once: the key of prepared statements. Equal texts have equal keys; compare the text too.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Whether the prepared form is worth keeping.
    pub fn is_cacheable(&self) -> bool {
        self.cacheable
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.sql, formatter)
    }
}

/// Many sets of parameters for one statement, in one flat slice.
#[derive(Clone, Copy, Debug)]
pub struct ParameterSets<'a> {
    values: &'a [Value],
    width: usize,
    count: usize,
}

impl<'a> ParameterSets<'a> {
    /// `count` sets of `width` values each.
    ///
    /// # Panics
    /// When the slice does not hold `width * count` values.
    pub fn new(values: &'a [Value], width: usize, count: usize) -> Self {
        assert_eq!(values.len(), width * count, "the values must fill {count} sets of {width}");
        Self { values, width, count }
    }

    /// How many sets there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no sets.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The set at a position.
    #[inline]
    pub fn get(&self, position: usize) -> &'a [Value] {
        &self.values[position * self.width..(position + 1) * self.width]
    }

    /// The values of `count` sets from a position on.
    #[inline]
    pub fn range(&self, position: usize, count: usize) -> &'a [Value] {
        &self.values[position * self.width..(position + count) * self.width]
    }

    /// The sets in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [Value]> + use<'a> {
        let sets = *self;
        (0..sets.count).map(move |position| sets.get(position))
    }
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows matched by UPDATE or DELETE, inserted by INSERT, or given by a query.
    pub rows: u64,
    /// The key that the database generated, where it tells without RETURNING. For an INSERT of many rows: the first on
    /// MySQL, the last on SQLite.
    pub last_insert_id: Option<i64>,
}

/// One step of [`Connection::run`](crate::Connection::run): what to do, and where its rows go.
pub struct Step<'a> {
    /// What to do.
    pub kind: StepKind<'a>,
    /// What it did, once it is done.
    pub done: Option<Done>,
}

/// What a [`Step`] does.
pub enum StepKind<'a> {
    /// Begin or end a transaction.
    Control(Control<'a>),
    /// Send one statement.
    Fetch {
        /// The statement.
        statement: &'a Statement,
        /// Its parameters.
        parameters: &'a [Value],
        /// Where its rows go.
        sink: &'a mut dyn Sink,
    },
    /// Send one statement for each set of parameters.
    ExecuteMany {
        /// The statement.
        statement: &'a Statement,
        /// The sets.
        sets: ParameterSets<'a>,
        /// Told what each set did, in order.
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    },
}

impl<'a> Step<'a> {
    /// A step that is not yet done.
    pub fn new(kind: StepKind<'a>) -> Self {
        Self { kind, done: None }
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = formatter.debug_struct("Step");
        match &self.kind {
            StepKind::Control(control) => output.field("control", control),
            StepKind::Fetch { statement, .. } => output.field("fetch", statement),
            StepKind::ExecuteMany { statement, sets, .. } => {
                output.field("execute_many", statement).field("sets", &sets.len())
            }
        };
        output.field("done", &self.done).finish()
    }
}

impl fmt::Debug for StepKind<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control(control) => control.fmt(formatter),
            Self::Fetch { statement, .. } | Self::ExecuteMany { statement, .. } => statement.fmt(formatter),
        }
    }
}
