//! [`Plan`]: what a flush would send.

use std::{collections::HashMap, fmt, sync::Arc};

use aludel_driver::Result;
use aludel_engine_pool::Connection;
use aludel_sql_expression::Value;

use super::{
    operation::{Operation, Purpose},
    prepared::Prepared,
    work::Work,
};
use crate::{graph::AnySlot, mapping::Mapper};

/// What a flush would send: made by [`Session::plan`](crate::Session::plan), shown a statement a line.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    statements: Vec<PlannedStatement>,
    round_trips: usize,
}

/// One statement of a [`Plan`].
#[derive(Clone, Debug)]
pub struct PlannedStatement {
    sql: Arc<str>,
    rows: usize,
    parameters: String,
    round_trip: usize,
}

impl Plan {
    /// The statements, in the order in which they would be sent.
    pub fn statements(&self) -> &[PlannedStatement] {
        &self.statements
    }

    /// Whether nothing would be sent.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// How many times the flush would wait for answers where the backend pipelines, as PostgreSQL does.
    pub fn round_trips(&self) -> usize {
        self.round_trips
    }
}

impl PlannedStatement {
    /// The text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// How many rows it stands for: new ones, changed ones or deleted ones.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The parameters as the echo shows them: shortened, and hidden where the engine hides them. A key that the database
    /// has yet to make has a name in angle brackets.
    pub fn parameters(&self) -> &str {
        &self.parameters
    }

    /// Which round trip it belongs to, from 0.
    pub fn round_trip(&self) -> usize {
        self.round_trip
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, statement) in self.statements.iter().enumerate() {
            if number > 0 {
                formatter.write_str("\n")?;
            }
            statement.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedStatement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sql)?;
        if !self.parameters.is_empty() {
            write!(formatter, "  {}", self.parameters)?;
        }
        match self.rows {
            0 | 1 => Ok(()),
            rows => write!(formatter, "  -- {rows} rows"),
        }
    }
}

/// A plan that is being made: a flush of a graph that is thrown away writes into it what it would send.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    plan: Plan,
    /// Stands for keys that the database has yet to make: the number that was put in, and what it is called.
    unknown: HashMap<i64, String>,
    numbered: HashMap<&'static Mapper, usize>,
}

impl Draft {
    pub(crate) fn finish(self) -> Plan {
        self.plan
    }

    /// Notes the statements of a flight.
    pub(super) fn note(&mut self, connection: &Connection, prepared: &[Vec<Prepared>]) {
        let names = |value: &Value| match value {
            Value::I64(number) => self.unknown.get(number).cloned(),
            Value::U64(number) => i64::try_from(*number).ok().and_then(|it| self.unknown.get(&it).cloned()),
            _ => None,
        };
        for Prepared { statement, parameters, sets, rows, .. } in prepared.iter().flatten() {
            self.plan.statements.push(PlannedStatement {
                sql: statement.sql().clone(),
                rows: *rows,
                parameters: connection.show_parameters(parameters, *sets, &names),
                round_trip: self.plan.round_trips,
            });
        }
        self.plan.round_trips += 1;
    }

    /// The database answers: new rows get numbers that stand for those that it would make.
    pub(super) fn answer(&mut self, work: &Work, operation: &Operation) -> Result<()> {
        let Purpose::Insert { mapper, places, fetch, .. } = &operation.purpose else { return Ok(()) };
        let Some(column) = mapper.configuration()?.autoincrement.filter(|number| fetch.contains(number))
        else {
            return Ok(());
        };
        places.iter().try_for_each(|place| self.number(&work.inserts[*place], mapper, column))
    }

    fn number(&mut self, slot: &Arc<dyn AnySlot>, mapper: &'static Mapper, column: u16) -> Result<()> {
        let count = self.numbered.entry(mapper).or_default();
        *count += 1;
        let field = mapper.columns()[usize::from(column)].field;
        let name = format!("{field} of new {} {count}", mapper.name());
        let number = self.unknown.len() as i64;
        // Numbers that hardly any row has, in whatever type the key has.
        let ends = [i64::from(i32::MIN), i64::from(i16::MIN), i64::from(i8::MIN)].map(|least| least + number);
        let others = [u32::MAX.into(), u16::MAX.into(), u8::MAX.into()].map(|most: i64| most - number);
        let mut outcome = Ok(());
        for number in ends.into_iter().zip(others).flat_map(|(low, high)| [low, high]) {
            outcome = slot.number(column, number);
            if outcome.is_ok() {
                self.unknown.insert(number, name);
                return Ok(());
            }
        }
        outcome
    }
}
