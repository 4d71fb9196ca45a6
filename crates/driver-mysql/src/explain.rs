//! [`read_plan`]: what EXPLAIN says as JSON, and EXPLAIN ANALYZE of MySQL as text.

mod document;
mod tree;

use aludel_driver::{
    Error, ErrorKind, Result, Value,
    plan::{Explain, Plan},
};

/// Asks MySQL or MariaDB for plans, and reads them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MySqlExplain {
    pub(crate) is_mariadb: bool,
}

impl Explain for MySqlExplain {
    fn statement(&self, sql: &str, analyze: bool) -> Result<String> {
        Ok(match (analyze, self.is_mariadb) {
            (false, _) => format!("EXPLAIN FORMAT=JSON {sql}"),
            (true, true) => format!("ANALYZE FORMAT=JSON {sql}"),
            (true, false) => format!("EXPLAIN ANALYZE FORMAT=TREE {sql}"),
        })
    }

    fn read(&self, rows: &[Vec<Value>]) -> Result<Plan> {
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Json(text) | Value::Text(text)) => read_plan(text),
            _ => Err(Error::new(ErrorKind::Internal, "EXPLAIN gave no text")),
        }
    }
}

/// Reads what `EXPLAIN FORMAT=JSON` of MySQL or MariaDB gave, `ANALYZE FORMAT=JSON` of MariaDB, or `EXPLAIN ANALYZE` of MySQL.
///
/// Keys of the JSON that hold something with keys are steps under the step; the others are its details.
///
/// # Errors
/// [`ErrorKind::Data`] when it is neither.
///
/// # Examples
/// ```
/// let text = "-> Table scan on track  (cost=0.35 rows=7) (actual time=0.02..0.03 rows=7 loops=1)";
/// let plan = aludel_driver_mysql::read_plan(text)?;
/// assert_eq!(plan.nodes[0].object.as_deref(), Some("track"));
/// # Ok::<(), aludel_driver::Error>(())
/// ```
pub fn read_plan(text: &str) -> Result<Plan> {
    match text.trim_start().starts_with("->") {
        true => tree::read(text),
        false => document::read(text),
    }
}
