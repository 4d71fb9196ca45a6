//! [`SqliteExplain`]: what EXPLAIN QUERY PLAN says.

use aludel_driver::{
    Error, ErrorKind, Result, Value,
    plan::{Explain, Plan, PlanNode},
};

/// Reads the answer of EXPLAIN QUERY PLAN, which is made for people: steps with a text each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SqliteExplain;

impl Explain for SqliteExplain {
    fn statement(&self, sql: &str, analyze: bool) -> Result<String> {
        if analyze {
            // It would have to be compiled with its counters, which slow everything down.
            return Err(Error::not_supported("EXPLAIN ANALYZE", "SQLite"));
        }
        Ok(format!("EXPLAIN QUERY PLAN {sql}"))
    }

    fn read(&self, rows: &[Vec<Value>]) -> Result<Plan> {
        let steps = rows
            .iter()
            .map(|row| match &row[..] {
                [Value::I64(number), Value::I64(parent), _, Value::Text(text)] => {
                    Ok(Step { number: *number, parent: *parent, text: text.as_str() })
                }
                _ => {
                    let message = "EXPLAIN QUERY PLAN gave rows that are no steps of a plan";
                    Err(Error::new(ErrorKind::Internal, message))
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let raw: Vec<String> =
            steps.iter().map(|step| format!("{}|{}|{}", step.number, step.parent, step.text)).collect();
        Ok(Plan::new(under(0, &steps), raw.join("\n")))
    }
}

struct Step<'r> {
    number: i64,
    /// 0: it is one of the outermost.
    parent: i64,
    text: &'r str,
}

/// The steps under another; a step always comes after the one that it is under.
fn under(parent: i64, steps: &[Step<'_>]) -> Vec<PlanNode> {
    steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.parent == parent)
        .map(|(position, step)| {
            let mut node = node(step.text);
            node.children = under(step.number, &steps[position + 1..]);
            node
        })
        .collect()
}

/// `SEARCH album USING COVERING INDEX by_title (title=?)` and the like.
fn node(text: &str) -> PlanNode {
    let Some((operation, rest)) =
        ["SCAN", "SEARCH"].iter().find_map(|word| Some((*word, text.strip_prefix(word)?.strip_prefix(' ')?)))
    else {
        return PlanNode::new(text);
    };
    // A name may hold any word, but the last one of these is not its own.
    let cut = [" USING ", " VIRTUAL TABLE "].iter().filter_map(|word| rest.rfind(word)).max();
    let (object, way) = rest.split_at(cut.unwrap_or(rest.len()));
    let mut node = PlanNode::new(operation).on(object);
    if let Some(way) = way.strip_prefix(" USING ") {
        let index = way.strip_prefix("COVERING ").unwrap_or(way).strip_prefix("INDEX ");
        node.index = index.map(|index| index.rfind(" (").map_or(index, |end| &index[..end]).to_owned());
        node.details.push(("using".to_owned(), way.to_owned()));
    } else if !way.is_empty() {
        node.details.push(("using".to_owned(), way.trim_start().to_owned()));
    }
    node
}
