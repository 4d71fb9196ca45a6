//! Many statements of one shape: executemany.

use aludel_driver::{Done, Error, ErrorKind, ParameterSets, Result, Statement, Step, StepKind, Value};
use aludel_sql_expression::{Executable, StatementNode};

use super::{Connection, execute::Part};
use crate::{events::BeforeExecuteArguments, transaction::Phase};

/// What many statements did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchResult {
    rowcounts: Vec<u64>,
}

impl BatchResult {
    /// Rows matched or inserted by all statements together.
    pub fn rowcount(&self) -> u64 {
        self.rowcounts.iter().sum()
    }

    /// Rows matched or inserted by each statement, in order.
    pub fn rowcounts(&self) -> &[u64] {
        &self.rowcounts
    }
}

impl Connection {
    /// Executes many statements that give no rows: those in a row that differ only in their values go to the database as
    /// one statement with many sets of parameters. This is what SQLAlchemy calls `execute` with a list of parameters, and
    /// others executemany.
    ///
    /// PostgreSQL gets them without a wait for each answer, SQLite by one prepared statement. They stand or fall together
    /// where no transaction is around them either.
    ///
    /// # Errors
    /// As [`Connection::execute`]; [`ErrorKind::InvalidRequest`] for a statement that gives rows.
    ///
    /// # Cancel safety
    /// As the whole [`Connection`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_engine_pool::{Connection, Result};
    /// # use aludel_sql_expression::{schema::{Column, Table}, types::Integer, update};
    /// # async fn run(conn: &mut Connection, stock: &Table) -> Result<()> {
    /// let counted = [(1, 40), (2, 17), (7, 0)];
    /// let updates = counted.map(|(id, amount)| update(stock).set("amount", amount).filter(stock.c("id").eq(id)));
    /// let result = conn.execute_batch(updates).await?;
    /// assert_eq!(result.rowcount(), 3);
    /// # Ok(()) }
    /// ```
    pub fn execute_batch<'c, I, S>(
        &'c mut self,
        statements: I,
    ) -> impl Future<Output = Result<BatchResult>> + Send + use<'c, I, S>
    where
        I: IntoIterator<Item = S>,
        S: Executable,
    {
        let nodes: Vec<StatementNode> = statements.into_iter().map(|statement| statement.node()).collect();
        self.run_batch(nodes)
    }

    async fn run_batch(&mut self, nodes: Vec<StatementNode>) -> Result<BatchResult> {
        let options = self.options.clone();
        let groups = self.group(nodes).await?;
        let stands_alone = self.autocommit
            && matches!(self.status.phase, Phase::None)
            && groups.iter().map(|group| group.sets).sum::<usize>() > 1;
        if stands_alone {
            self.status.begin(self.begin_options.clone(), false);
        }
        let mut counts: Vec<Vec<u64>> = groups.iter().map(|group| Vec::with_capacity(group.sets)).collect();
        let mut told: Vec<_> = counts
            .iter_mut()
            .map(|counts| {
                |_: usize, done: Done| {
                    counts.push(done.rows);
                    Ok(())
                }
            })
            .collect();
        let mut steps: Vec<Step<'_>> = groups
            .iter()
            .zip(&mut told)
            .map(|(group, each)| {
                let width = group.parameters.len() / group.sets.max(1);
                let sets = ParameterSets::new(&group.parameters, width, group.sets);
                Step::new(StepKind::ExecuteMany { statement: &group.statement, sets, each })
            })
            .collect();
        let outcome = match steps.is_empty() {
            true => Ok(()),
            false => self.send(&mut steps, &options.call, false).await,
        };
        drop(steps);
        drop(told);
        match outcome {
            Ok(()) if stands_alone => self.commit().await?,
            Err(error) if stands_alone => {
                let _ = self.rollback().await;
                return Err(error);
            }
            outcome => outcome?,
        }
        let mut rowcounts = Vec::new();
        for (group, counts) in groups.iter().zip(counts) {
            for (count, is_further) in counts.into_iter().zip(&group.further) {
                match rowcounts.last_mut() {
                    Some(last) if *is_further => *last += count,
                    _ => rowcounts.push(count),
                }
            }
        }
        Ok(BatchResult { rowcounts })
    }

    /// Puts those together that differ only in their values.
    async fn group(&mut self, nodes: Vec<StatementNode>) -> Result<Vec<Group>> {
        let options = self.options.clone();
        let mut groups: Vec<Group> = Vec::new();
        for mut node in nodes {
            self.ready().await?;
            let listeners = &self.engine.events().before_execute;
            if !listeners.is_empty() {
                let id = self.pooled()?.id();
                let listeners = &self.engine.events().before_execute;
                listeners.fire(&mut BeforeExecuteArguments { id, statement: &mut node })?;
            }
            let rendered = self.render(&node, &options).await?;
            let mut is_further = false;
            for part in rendered.parts {
                if rendered.returns_rows {
                    let message =
                        "execute_batch takes statements that give no rows; execute this one by itself";
                    return Err(
                        Error::new(ErrorKind::InvalidRequest, message).with_statement(&part.sql, None)
                    );
                }
                let is_same = |group: &&mut Group| *group.statement.sql() == part.sql;
                let sets = part.sets.max(1);
                match groups.last_mut().filter(is_same) {
                    Some(group) => {
                        group.sets += sets;
                        group.parameters.extend(part.parameters.iter().cloned());
                        group.further.extend((0..sets).map(|set| is_further || set > 0));
                    }
                    None => groups.push(Group {
                        statement: part.statement(),
                        sets,
                        further: (0..sets).map(|set| is_further || set > 0).collect(),
                        parameters: part.parameters.into_vec(),
                    }),
                }
                is_further = true;
            }
        }
        Ok(groups)
    }
}

/// One text with sets of parameters.
struct Group {
    statement: Statement,
    sets: usize,
    /// For each set, whether it belongs to the statement before.
    further: Vec<bool>,
    parameters: Vec<Value>,
}
