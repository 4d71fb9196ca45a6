//! [`alter_sequence`]: ALTER SEQUENCE.

use std::sync::Arc;

use super::{Ddl, DdlNode};
use crate::{
    ColumnInfo, Result, Row, RowPlan,
    name::Name,
    schema::{Sequence, SequenceOptions, SequenceOwner, counting},
    statement::{Executable, StatementNode},
};

/// ALTER SEQUENCE (PostgreSQL, MariaDB): how a sequence counts from now on, where it goes on, and what it is called.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, alter_sequence, dialect::PostgresDialect, schema::Sequence};
///
/// let numbers = Sequence::new("invoice_numbers");
/// let dialect = PostgresDialect::default();
/// assert_eq!(
///     alter_sequence(&numbers).increment(10).restart_with(5000).to_sql(&dialect)?,
///     "ALTER SEQUENCE invoice_numbers INCREMENT BY 10 RESTART WITH 5000"
/// );
/// assert_eq!(
///     alter_sequence(&numbers).rename_to("bills").to_sql(&dialect)?,
///     "ALTER SEQUENCE invoice_numbers RENAME TO bills"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn alter_sequence(sequence: &Sequence) -> AlterSequence {
    AlterSequence {
        sequence: sequence.clone(),
        counting: SequenceOptions::default(),
        restart: None,
        if_exists: false,
    }
}

/// What changes of a sequence: made by [`alter_sequence`]. It is a statement; what it does not say stays as it is.
#[derive(Clone, Debug)]
pub struct AlterSequence {
    sequence: Sequence,
    counting: SequenceOptions,
    restart: Option<Option<i64>>,
    if_exists: bool,
}

/// What ALTER SEQUENCE changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SequenceChange {
    /// How it counts, and where it goes on.
    Count {
        /// How it counts.
        counting: SequenceOptions,
        /// The number that comes next; `Some(None)`: the first one.
        restart: Option<Option<i64>>,
    },
    /// Another name.
    Rename(Name),
    /// Another schema.
    SetSchema(Name),
    /// The column that it goes with (PostgreSQL).
    OwnedBy(SequenceOwner),
}

impl AlterSequence {
    fn counting(&mut self) -> &mut SequenceOptions {
        &mut self.counting
    }

    counting!(counting);

    /// Says that the first number comes next.
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.restart = Some(None);
        self
    }

    /// Says which number comes next.
    #[must_use]
    pub fn restart_with(mut self, number: i64) -> Self {
        self.restart = Some(Some(number));
        self
    }

    /// Only when there is such a sequence.
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }

    /// Gives it another name.
    pub fn rename_to(self, name: impl Into<Name>) -> Ddl {
        self.change(SequenceChange::Rename(name.into()))
    }

    /// Puts it into another schema.
    pub fn set_schema(self, schema: impl Into<Name>) -> Ddl {
        self.change(SequenceChange::SetSchema(schema.into()))
    }

    /// The statement.
    pub fn into_ddl(self) -> Ddl {
        let change = SequenceChange::Count { counting: self.counting.clone(), restart: self.restart };
        self.change(change)
    }

    fn change(self, change: SequenceChange) -> Ddl {
        let Self { sequence, if_exists, .. } = self;
        Ddl::new(DdlNode::AlterSequence { sequence, change: Box::new(change), if_exists })
    }
}

impl From<AlterSequence> for Ddl {
    fn from(change: AlterSequence) -> Self {
        change.into_ddl()
    }
}

impl Executable for AlterSequence {
    type Row = ();

    fn node(&self) -> StatementNode {
        self.clone().into_ddl().node()
    }

    fn plan(&self, _: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        Ok(RowPlan::default())
    }

    fn decode(&self, _: &dyn Row, _: &RowPlan) -> Result<()> {
        Ok(())
    }
}
