//! Plans as the text of EXPLAIN ANALYZE: a step in each line, indented under the one that takes its rows.

use std::time::Duration;

use aludel_driver::{
    Error, ErrorKind, Result,
    plan::{Plan, PlanNode},
};

pub(super) fn read(text: &str) -> Result<Plan> {
    let mut nodes = Vec::new();
    // The steps from the outermost one to the last, with how far each is indented.
    let mut open: Vec<(usize, PlanNode)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some(step) = line.trim_start().strip_prefix("-> ") else {
            match open.last_mut() {
                // A condition may go on in the next line.
                Some((_, node)) => {
                    node.operation.push(' ');
                    node.operation.push_str(line.trim());
                    continue;
                }
                None => return Err(Error::new(ErrorKind::Data, "the text is no plan of EXPLAIN ANALYZE")),
            }
        };
        let indent = line.len() - line.trim_start().len();
        close(&mut open, &mut nodes, indent);
        open.push((indent, node(step)));
    }
    close(&mut open, &mut nodes, 0);
    Ok(Plan::new(nodes, text))
}

/// Puts the steps that nothing more comes under into those above them.
fn close(open: &mut Vec<(usize, PlanNode)>, nodes: &mut Vec<PlanNode>, indent: usize) {
    while let Some((_, node)) = open.pop_if(|(own, _)| *own >= indent) {
        match open.last_mut() {
            Some((_, parent)) => parent.children.push(node),
            None => nodes.push(node),
        }
    }
}

/// A step, by its line:
/// `Index lookup on t using i (a=1)  (cost=0.35 rows=1) (actual time=0.02..0.03 rows=1 loops=1)`
pub(super) fn node(step: &str) -> PlanNode {
    let mut rest = step;
    let mut node = PlanNode::default();
    if let Some((before, facts)) = cut(rest, "(actual ") {
        rest = before;
        for (name, value) in facts {
            match name {
                // From the first row to the last, on the average.
                "time" => {
                    let last = value.rsplit("..").next().and_then(|text| text.parse::<f64>().ok());
                    node.time = last.and_then(|last| Duration::try_from_secs_f64(last / 1000.0).ok());
                }
                "rows" => node.actual_rows = value.parse().ok(),
                "loops" => node.loops = value.parse().ok(),
                _ => node.details.push((name.to_owned(), value.to_owned())),
            }
        }
        node.time = node
            .time
            .zip(node.loops)
            .and_then(|(time, loops)| Duration::try_from_secs_f64(time.as_secs_f64() * loops).ok());
    } else if let Some(before) = rest.strip_suffix("(never executed)") {
        rest = before.trim_end();
        node.loops = Some(0.0);
    }
    if let Some((before, facts)) = cut(rest, "(cost=").or_else(|| cut(rest, "(rows=")) {
        rest = before;
        for (name, value) in facts {
            match name {
                // From the first row to the last, where both are told.
                "cost" => node.cost = value.rsplit("..").next().and_then(|text| text.parse().ok()),
                "rows" => node.estimated_rows = value.parse().ok(),
                _ => node.details.push((name.to_owned(), value.to_owned())),
            }
        }
    }
    let words = rest.trim_end();
    let Some((operation, rest)) = words.split_once(" on ").filter(|(operation, _)| !operation.contains('('))
    else {
        node.operation = words.to_owned();
        return node;
    };
    node.operation = operation.to_owned();
    let (object, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    node.object = Some(object.to_owned());
    match rest.strip_prefix("using ") {
        Some(rest) => {
            let (index, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            node.index = Some(index.to_owned());
            push(&mut node, rest);
        }
        None => push(&mut node, rest),
    }
    node
}

fn push(node: &mut PlanNode, rest: &str) {
    if !rest.is_empty() {
        node.details.push(("by".to_owned(), rest.to_owned()));
    }
}

/// What is before the last parenthesis that begins so, and the `name=value` in it.
fn cut<'t>(text: &'t str, opening: &str) -> Option<(&'t str, Vec<(&'t str, &'t str)>)> {
    let start = text.rfind(opening)?;
    let inside = text[start + 1..].trim_end().strip_suffix(')')?;
    let facts = inside.split(' ').filter_map(|fact| fact.split_once('=')).collect();
    Some((text[..start].trim_end(), facts))
}
