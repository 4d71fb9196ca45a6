//! Plans as JSON: objects in objects, named by what is done.

use std::time::Duration;

use aludel_driver::{
    Error, ErrorKind, Result,
    plan::{Plan, PlanNode},
};
use serde_json_1::{Map, Value as Json};

use super::tree;

pub(super) fn read(json: &str) -> Result<Plan> {
    let read: Json =
        serde_json_1::from_str(json).or_else(|_| serde_json_1::from_str(&repaired(json))).map_err(
            |error| Error::new(ErrorKind::Data, format!("the plan is no JSON: {error}")).with_source(error),
        )?;
    let Json::Object(top) = &read else {
        return Err(Error::new(ErrorKind::Data, "the JSON is no plan: it is no object"));
    };
    // MySQL's second version of the format, which is its text step by step.
    let plan = top.get("query_plan").and_then(Json::as_object).unwrap_or(top);
    if plan.contains_key("operation") && !plan.contains_key("query_block") {
        return Ok(Plan::new(vec![step(plan)], json));
    }
    let mut outer = PlanNode::default();
    top.iter().for_each(|(name, value)| put(&mut outer, name, value));
    if outer.children.is_empty() {
        return Err(Error::new(ErrorKind::Data, "the JSON is no plan: it has no `query_block`"));
    }
    let mut plan = Plan::new(outer.children, json);
    // MariaDB tells the time of making plans beside the plan, and that of the whole query at its top.
    if let Some(Json::Object(optimization)) = top.get("query_optimization") {
        plan.nodes.retain(|node| node.operation != "query optimization");
        plan.planning_time = optimization.get("r_total_time_ms").and_then(number).and_then(milliseconds);
    }
    plan.execution_time = plan.nodes.first().and_then(|node| node.time);
    Ok(plan)
}

/// MariaDB writes texts of conditions as SQL has them, where `\'` stands for a quote; JSON knows no such escape.
fn repaired(json: &str) -> String {
    let mut whole = String::with_capacity(json.len() + 8);
    let mut characters = json.chars();
    while let Some(character) = characters.next() {
        whole.push(character);
        if character != '\\' {
            continue;
        }
        match characters.next() {
            Some(next) if "\"\\/bfnrtu".contains(next) => whole.push(next),
            Some(next) => whole.extend(['\\', next]),
            None => {}
        }
    }
    whole
}

/// A step of the second version: its words are those of the text, and stand before the steps that it takes its rows from.
fn step(json: &Map<String, Json>) -> PlanNode {
    let mut step = tree::node(json.get("operation").and_then(Json::as_str).unwrap_or_default());
    for (name, value) in json {
        match (name.as_str(), value) {
            ("operation", _) => {}
            ("table_name", Json::String(table)) => step.object = Some(table.clone()),
            ("index_name", Json::String(index)) => step.index = Some(index.clone()),
            ("estimated_rows", value) => step.estimated_rows = number(value),
            ("estimated_total_cost", value) => step.cost = number(value),
            ("actual_rows", value) => step.actual_rows = number(value),
            ("actual_loops", value) => step.loops = number(value),
            (_, Json::Array(values)) if values.iter().any(Json::is_object) => {
                step.children.extend(values.iter().filter_map(Json::as_object).map(self::step));
            }
            (name, value) => step.details.push((name.to_owned(), shown(value))),
        }
    }
    let last = json.get("actual_last_row_ms").and_then(number);
    step.time = last.zip(step.loops).and_then(|(time, loops)| milliseconds(time * loops));
    step
}

fn node(name: &str, json: &Map<String, Json>) -> PlanNode {
    let mut node = PlanNode::new(name.replace('_', " "));
    json.iter().for_each(|(name, value)| put(&mut node, name, value));
    if node.time.is_none() {
        // MariaDB tells of a table how long it was read, and how long its rows were looked at.
        let parts = ["r_table_time_ms", "r_other_time_ms"].map(|name| json.get(name).and_then(number));
        if parts.iter().any(Option::is_some) {
            node.time = milliseconds(parts.into_iter().flatten().sum());
        }
    }
    node
}

/// Puts what stands under a key into a step: as a field, a detail, or steps under it.
fn put(node: &mut PlanNode, name: &str, value: &Json) {
    match (name, value) {
        ("table_name", Json::String(table)) => node.object = Some(table.clone()),
        ("access_type", Json::String(access)) if node.operation == "table" => {
            node.operation = access_words(access).to_owned();
        }
        ("key", Json::String(index)) => node.index = Some(index.clone()),
        ("rows" | "rows_examined_per_scan", value) if node.estimated_rows.is_none() => {
            node.estimated_rows = number(value);
        }
        ("cost", value) => node.cost = number(value),
        ("cost_info", Json::Object(costs)) => {
            node.cost =
                ["query_cost", "prefix_cost"].iter().find_map(|name| costs.get(*name).and_then(number));
            for (name, value) in costs {
                node.details.push((name.clone(), shown(value)));
            }
        }
        ("r_rows", value) => node.actual_rows = number(value),
        ("r_loops", value) => node.loops = number(value),
        ("r_total_time_ms", value) => node.time = number(value).and_then(milliseconds),
        (_, Json::Object(object)) => node.children.push(self::node(name, object)),
        (_, Json::Array(values)) if values.iter().any(Json::is_object) => {
            let mut list = PlanNode::new(name.replace('_', " "));
            for value in values.iter().filter_map(Json::as_object) {
                // Most are named by their only key: {"table": {..}}.
                value.iter().for_each(|(name, value)| put(&mut list, name, value));
            }
            node.children.push(list);
        }
        (_, value) => node.details.push((name.to_owned(), shown(value))),
    }
}

/// The words of the manual for a way to read a table.
fn access_words(access: &str) -> &str {
    match access {
        "ALL" => "full table scan",
        "index" => "full index scan",
        "range" => "index range scan",
        "ref" => "index lookup",
        "ref_or_null" => "index lookup or NULL",
        "eq_ref" => "unique index lookup",
        "const" | "system" => "single row",
        "index_merge" => "index merge",
        "fulltext" => "full-text search",
        other => other,
    }
}

/// A number; MySQL writes costs as text.
fn number(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A value in one line.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

fn milliseconds(milliseconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}
