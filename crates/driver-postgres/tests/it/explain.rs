//! Plans as JSON, of a server that need not be there.

use std::time::Duration;

use aludel_driver::ErrorKind;
use aludel_driver_postgres::read_plan;

#[test]
fn the_json_of_postgresql_is_read() {
    let json = r#"[{"Plan": {"Node Type": "ModifyTable", "Operation": "Update", "Parallel Aware": false,
        "Relation Name": "track", "Alias": "track", "Startup Cost": 0.0, "Total Cost": 9.5, "Plan Rows": 0,
        "Actual Rows": 0, "Actual Loops": 1, "Actual Startup Time": 0.1, "Actual Total Time": 0.25, "Shared Hit Blocks": 7,
        "Shared Read Blocks": 0, "Plans": [
            {"Node Type": "Hash Join", "Parent Relationship": "Outer", "Join Type": "Left", "Hash Cond": "(t.a = b.id)",
             "Actual Rows": 2.5, "Actual Loops": 4, "Actual Total Time": 0.5, "Plans": [
                {"Node Type": "Seq Scan", "Parallel Aware": true, "Relation Name": "track", "Alias": "t", "Plan Rows": 7},
                {"Node Type": "Index Scan", "Index Name": "by_id", "Relation Name": "album", "Alias": "b",
                 "Sort Key": ["x", "y DESC"]}]},
            {"Node Type": "Nested Loop", "Join Type": "Inner"},
            {"Node Type": "Aggregate", "Strategy": "Sorted", "Subplan Name": "CTE c"},
            {"Node Type": "CTE Scan", "CTE Name": "c", "Alias": "c"}]},
        "Planning Time": 1.5, "Triggers": [{"Trigger Name": "RI_1", "Constraint Name": "fk", "Time": 2.0, "Calls": 3}],
        "Execution Time": 3.25}]"#;
    let plan = read_plan(json).unwrap();
    let operations: Vec<_> = plan.walk().map(|node| node.operation.as_str()).collect();
    assert_eq!(
        operations,
        [
            "Update",
            "Hash Left Join",
            "Parallel Seq Scan",
            "Index Scan",
            "Nested Loop",
            "Aggregate",
            "CTE Scan",
            "Trigger"
        ]
    );
    assert_eq!(plan.planning_time, Some(Duration::from_micros(1500)));
    assert_eq!(plan.execution_time, Some(Duration::from_micros(3250)));
    let update = &plan.nodes[0];
    assert_eq!(
        (update.object.as_deref(), update.cost, update.estimated_rows),
        (Some("track"), Some(9.5), Some(0.0))
    );
    assert_eq!(update.details, [("Shared Hit Blocks".to_owned(), "7".to_owned())]);
    let join = &update.children[0];
    assert_eq!(
        (join.actual_rows, join.loops, join.time),
        (Some(2.5), Some(4.0), Some(Duration::from_millis(2)))
    );
    assert_eq!(join.detail("Hash Cond"), Some("(t.a = b.id)"));
    assert_eq!(join.children[0].object.as_deref(), Some("track t"));
    assert_eq!(join.children[1].index.as_deref(), Some("by_id"));
    assert_eq!(join.children[1].detail("Sort Key"), Some("x, y DESC"));
    let trigger = update.children.last().unwrap();
    assert_eq!((trigger.object.as_deref(), trigger.loops), (Some("fk"), Some(3.0)));
    assert_eq!(trigger.detail("Trigger Name"), Some("RI_1"));
    assert_eq!(plan.raw, json);
    // As the server's log has it.
    let logged = read_plan(r#"{"Query Text": "SELECT 1", "Plan": {"Node Type": "Result"}}"#).unwrap();
    assert_eq!(logged.to_string(), "Result");
}

#[test]
fn what_is_no_plan_is_an_error() {
    for text in ["", "no plan", "{", "[]", "7", "{}", "[{\"Plan\": 7}]", "\0"] {
        let error = read_plan(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{text}: {error}");
    }
}
