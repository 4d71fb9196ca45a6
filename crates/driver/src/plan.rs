//! [`Plan`]: how a database would execute a statement, or did.

use std::{fmt, time::Duration};

use crate::{Result, Value};

/// How a database would execute a statement, or did: what EXPLAIN says, as a tree.
///
/// `Display` shows it as an indented tree. What is not among the fields of a node is among its details, and the answer of the
/// server itself is [`Plan::raw`]: nothing is lost.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The outermost steps: one, but on SQLite, which tells several side by side, and nothing of an INSERT of values.
    pub nodes: Vec<PlanNode>,
    /// How long the server made plans, where it tells.
    pub planning_time: Option<Duration>,
    /// How long the statement took on the server, where it was executed and the server tells.
    pub execution_time: Option<Duration>,
    /// The answer of the server: JSON or text.
    pub raw: String,
}

/// A step of a [`Plan`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PlanNode {
    /// What is done, in the words of the server: `Index Scan`, `SEARCH`, `filesort`.
    pub operation: String,
    /// With which table, view or function, as the statement calls it.
    pub object: Option<String>,
    /// By which index, where it is told apart.
    pub index: Option<String>,
    /// How many rows the server expects to come out, each time that the step is done.
    pub estimated_rows: Option<f64>,
    /// What it expects the step and those under it to cost, in units of its own.
    pub cost: Option<f64>,
    /// How many rows came out, each time that the step was done.
    pub actual_rows: Option<f64>,
    /// How often it was done.
    pub loops: Option<f64>,
    /// How long it took, all times together, with the steps under it.
    pub time: Option<Duration>,
    /// Whatever else the server says of the step: conditions, sort keys, buffers.
    pub details: Vec<(String, String)>,
    /// The steps that it takes its rows from.
    pub children: Vec<PlanNode>,
}

/// Asks one kind of server for plans, and reads them. A connection gives it by
/// [`Connection::explain`](crate::Connection::explain).
pub trait Explain: fmt::Debug + Send + Sync + 'static {
    /// The statement that asks for the plan of another; it takes the same parameters. With `analyze` it executes it, too.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where the server cannot.
    fn statement(&self, sql: &str, analyze: bool) -> Result<String>;

    /// What the rows of the answer mean.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) when it is no plan.
    fn read(&self, rows: &[Vec<Value>]) -> Result<Plan>;
}

impl Plan {
    /// A plan of these steps.
    pub fn new(nodes: Vec<PlanNode>, raw: impl Into<String>) -> Self {
        Self { nodes, raw: raw.into(), ..Self::default() }
    }

    /// All steps, each before those under it: to look whether a table is read whole, or which indexes are used.
    ///
    /// # Examples
    /// ```
    /// use aludel_driver::plan::{Plan, PlanNode};
    ///
    /// let mut join = PlanNode::new("Nested Loop");
    /// join.children.push(PlanNode::new("Seq Scan").on("track"));
    /// let plan = Plan::new(vec![join], "");
    /// assert!(plan.walk().any(|node| node.operation == "Seq Scan"));
    /// assert_eq!(plan.to_string(), "Nested Loop\n  -> Seq Scan on track");
    /// ```
    pub fn walk(&self) -> impl Iterator<Item = &PlanNode> {
        let mut waiting: Vec<&PlanNode> = self.nodes.iter().rev().collect();
        std::iter::from_fn(move || {
            let node = waiting.pop()?;
            waiting.extend(node.children.iter().rev());
            Some(node)
        })
    }
}

impl PlanNode {
    /// A step of which nothing more is known.
    pub fn new(operation: impl Into<String>) -> Self {
        Self { operation: operation.into(), ..Self::default() }
    }

    /// The same with a table.
    #[must_use]
    pub fn on(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// A detail by its name.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn show(&self, formatter: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match depth {
            0 => {}
            _ => write!(formatter, "{:indent$}-> ", "", indent = depth * 5 - 3)?,
        }
        formatter.write_str(&self.operation)?;
        if let Some(object) = &self.object {
            write!(formatter, " on {object}")?;
        }
        if let Some(index) = &self.index {
            write!(formatter, " using {index}")?;
        }
        let mut facts = Vec::new();
        facts.extend(self.estimated_rows.map(|rows| format!("rows {}", Short(rows))));
        facts.extend(self.cost.map(|cost| format!("cost {cost:.2}")));
        let mut actual = Vec::new();
        actual.extend(self.actual_rows.map(|rows| format!("rows {}", Short(rows))));
        actual.extend(self.loops.map(|loops| format!("loops {}", Short(loops))));
        actual.extend(self.time.map(|time| format!("{}", Milliseconds(time))));
        if !actual.is_empty() {
            facts.push(format!("actually {}", actual.join(" ")));
        }
        if !facts.is_empty() {
            write!(formatter, "  ({})", facts.join(", "))?;
        }
        for (name, value) in &self.details {
            write!(formatter, "\n{:indent$}{name}: {value}", "", indent = depth * 5 + 2)?;
        }
        for child in &self.children {
            formatter.write_str("\n")?;
            child.show(formatter, depth + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes.is_empty() {
            formatter.write_str("(nothing is searched)")?;
        }
        for (position, node) in self.nodes.iter().enumerate() {
            if position > 0 {
                formatter.write_str("\n")?;
            }
            node.show(formatter, 0)?;
        }
        for (name, time) in [("Planning", self.planning_time), ("Execution", self.execution_time)] {
            if let Some(time) = time {
                write!(formatter, "\n{name}: {}", Milliseconds(time))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for PlanNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(formatter, 0)
    }
}

/// A number without digits that say nothing.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fract() == 0.0 {
            true => write!(formatter, "{:.0}", self.0),
            false => write!(formatter, "{:.2}", self.0),
        }
    }
}

struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3} ms", self.0.as_secs_f64() * 1000.0)
    }
}
