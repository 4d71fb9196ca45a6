//! [`read_plan`]: what EXPLAIN says as JSON.

use std::time::Duration;

use aludel_driver::{
    Error, ErrorKind, Result, Value,
    plan::{Explain, Plan, PlanNode},
};
use serde_json_1::{Map, Value as Json};

/// Asks PostgreSQL for plans, and reads them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PostgresExplain;

impl Explain for PostgresExplain {
    fn statement(&self, sql: &str, analyze: bool) -> Result<String> {
        let more = if analyze { ", ANALYZE, BUFFERS" } else { "" };
        Ok(format!("EXPLAIN (FORMAT JSON{more}) {sql}"))
    }

    fn read(&self, rows: &[Vec<Value>]) -> Result<Plan> {
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Json(text) | Value::Text(text)) => read_plan(text),
            _ => Err(Error::new(ErrorKind::Internal, "EXPLAIN (FORMAT JSON) gave no JSON")),
        }
    }
}

/// Reads what `EXPLAIN (FORMAT JSON)` gave, with ANALYZE or without: also what `auto_explain` wrote into the server's log.
///
/// # Errors
/// [`ErrorKind::Data`] when it is no such JSON.
///
/// # Examples
/// ```
/// let json = r#"[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "track", "Alias": "t", "Plan Rows": 7}}]"#;
/// let plan = aludel_driver_postgres::read_plan(json)?;
/// assert_eq!(plan.to_string(), "Seq Scan on track t  (rows 7)");
/// # Ok::<(), aludel_driver::Error>(())
/// ```
pub fn read_plan(json: &str) -> Result<Plan> {
    let read: Json = serde_json_1::from_str(json).map_err(|error| {
        Error::new(ErrorKind::Data, format!("the plan is no JSON: {error}")).with_source(error)
    })?;
    // The log holds the object alone.
    let answers = match &read {
        Json::Array(answers) => answers.as_slice(),
        answer => std::slice::from_ref(answer),
    };
    if answers.is_empty() {
        return Err(Error::new(ErrorKind::Data, "the JSON is no plan of PostgreSQL: it is empty"));
    }
    let mut plan = Plan::new(Vec::new(), json);
    for answer in answers {
        let Some(Json::Object(top)) = answer.get("Plan") else {
            let message = "the JSON is no plan of PostgreSQL: it has no `Plan`";
            return Err(Error::new(ErrorKind::Data, message));
        };
        let mut node = node(top);
        if let Some(Json::Array(triggers)) = answer.get("Triggers") {
            node.children.extend(triggers.iter().filter_map(Json::as_object).map(trigger));
        }
        plan.nodes.push(node);
        plan.planning_time = plan.planning_time.or(milliseconds(answer.get("Planning Time")));
        plan.execution_time = plan.execution_time.or(milliseconds(answer.get("Execution Time")));
    }
    Ok(plan)
}

/// What fields of a [`PlanNode`] are made of, and so are no details.
const FIELDS: [&str; 17] = [
    "Node Type",
    "Operation",
    "Join Type",
    "Relation Name",
    "Alias",
    "CTE Name",
    "Function Name",
    "Index Name",
    "Startup Cost",
    "Total Cost",
    "Plan Rows",
    "Actual Startup Time",
    "Actual Total Time",
    "Actual Rows",
    "Actual Loops",
    "Plans",
    "Parallel Aware",
];

fn node(json: &Map<String, Json>) -> PlanNode {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let number = |name: &str| json.get(name).and_then(Json::as_f64);
    let kind = text("Node Type").unwrap_or("?");
    let mut operation = match (text("Join Type"), text("Operation")) {
        // As the server itself puts it in its text.
        (Some("Inner") | None, None) => kind.to_owned(),
        (Some(join), _) => match kind.strip_suffix(" Join") {
            Some(way) => format!("{way} {join} Join"),
            None => format!("{kind} {join} Join"),
        },
        (None, Some(operation)) if kind == "ModifyTable" => operation.to_owned(),
        (None, Some(operation)) => format!("{kind} {operation}"),
    };
    if json.get("Parallel Aware").and_then(Json::as_bool) == Some(true) {
        operation.insert_str(0, "Parallel ");
    }
    let mut node = PlanNode::new(operation);
    let name = ["Relation Name", "CTE Name", "Function Name"].iter().find_map(|name| text(name));
    node.object = match (name, text("Alias")) {
        (Some(name), Some(alias)) if name != alias => Some(format!("{name} {alias}")),
        (name, alias) => name.or(alias).map(str::to_owned),
    };
    node.index = text("Index Name").map(str::to_owned);
    node.estimated_rows = number("Plan Rows");
    node.cost = number("Total Cost");
    node.actual_rows = number("Actual Rows");
    node.loops = number("Actual Loops");
    if let (Some(time), Some(loops)) = (number("Actual Total Time"), node.loops) {
        // The server tells the average.
        node.time = duration(time * loops);
    }
    node.details = json
        .iter()
        .filter(|(name, value)| {
            // Buffers that were not touched, workers that were not asked for.
            !FIELDS.contains(&name.as_str()) && **value != Json::Bool(false) && value.as_i64() != Some(0)
        })
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect();
    if let Some(Json::Array(children)) = json.get("Plans") {
        node.children = children.iter().filter_map(Json::as_object).map(self::node).collect();
    }
    node
}

fn trigger(json: &Map<String, Json>) -> PlanNode {
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut node = PlanNode::new("Trigger");
    node.object = text("Constraint Name").or_else(|| text("Trigger Name"));
    node.loops = json.get("Calls").and_then(Json::as_f64);
    node.time = milliseconds(json.get("Time"));
    let taken = ["Constraint Name", "Calls", "Time"];
    node.details = json
        .iter()
        .filter(|(name, _)| !taken.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect();
    node
}

/// A value in one line.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

fn milliseconds(value: Option<&Json>) -> Option<Duration> {
    duration(value?.as_f64()?)
}

fn duration(milliseconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}
