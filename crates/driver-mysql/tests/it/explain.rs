//! Plans as text and as JSON, of servers that need not be there.

use std::time::Duration;

use aludel_driver::{ErrorKind, plan::Plan};
use aludel_driver_mysql::read_plan;

fn operations(plan: &Plan) -> Vec<&str> {
    plan.walk().map(|node| node.operation.as_str()).collect()
}

#[test]
fn the_tree_of_mysql_is_read() {
    let text = "\
-> Sort: a.title  (actual time=0.5..0.6 rows=12 loops=1)
    -> Nested loop inner join  (cost=5.25 rows=10) (actual time=0.1..0.4 rows=12 loops=1)
        -> Filter: (t.name like '%(x) on y%')  (cost=0.75 rows=2.5) (actual time=0.05..0.06 rows=3 loops=2)
            -> Table scan on t  (cost=0.75 rows=5) (actual time=0.04..0.05 rows=5 loops=2)
        -> Single-row covering index lookup on a using PRIMARY (id=t.album_id)  (cost=0.30 rows=1) (never executed)
    -> Hash
        -> Table scan on <temporary>  (cost=2.50..4.75 rows=1e+3)
";
    let plan = read_plan(text).unwrap();
    assert_eq!(plan.raw, text);
    assert_eq!(
        operations(&plan),
        [
            "Sort: a.title",
            "Nested loop inner join",
            "Filter: (t.name like '%(x) on y%')",
            "Table scan",
            "Single-row covering index lookup",
            "Hash",
            "Table scan",
        ]
    );
    let sort = &plan.nodes[0];
    assert_eq!((sort.children.len(), sort.children[0].children.len()), (2, 2));
    assert_eq!((sort.actual_rows, sort.loops, sort.cost), (Some(12.0), Some(1.0), None));
    let join = &sort.children[0];
    assert_eq!((join.cost, join.estimated_rows), (Some(5.25), Some(10.0)));
    assert_eq!(join.time, Some(Duration::from_micros(400)));
    let scan = &join.children[0].children[0];
    assert_eq!(
        (scan.object.as_deref(), scan.time),
        (Some("t"), Some(Duration::from_micros(100))),
        "of two loops"
    );
    let lookup = &join.children[1];
    assert_eq!((lookup.object.as_deref(), lookup.index.as_deref()), (Some("a"), Some("PRIMARY")));
    assert_eq!((lookup.detail("by"), lookup.loops), (Some("(id=t.album_id)"), Some(0.0)));
    let last = &sort.children[1].children[0];
    assert_eq!(
        (last.object.as_deref(), last.cost, last.estimated_rows),
        (Some("<temporary>"), Some(4.75), Some(1000.0))
    );
}

#[test]
fn the_json_of_mysql_is_read() {
    let json = r#"{"query_block": {"select_id": 1, "cost_info": {"query_cost": "2.10"},
        "ordering_operation": {"using_filesort": true, "nested_loop": [
            {"table": {"table_name": "a", "access_type": "ALL", "rows_examined_per_scan": 3, "filtered": "100.00",
                "cost_info": {"read_cost": "0.25", "prefix_cost": "0.55"}, "used_columns": ["id", "title"]}},
            {"table": {"table_name": "t", "access_type": "ref", "key": "by_album", "rows_examined_per_scan": 4,
                "attached_condition": "(`t`.`n` > 1)"}}]},
        "select_list_subqueries": [{"dependent": true, "query_block": {"select_id": 2,
            "table": {"table_name": "x", "access_type": "eq_ref", "key": "PRIMARY"}}}]}}"#;
    let plan = read_plan(json).unwrap();
    assert_eq!(
        operations(&plan),
        [
            "query block",
            "ordering operation",
            "nested loop",
            "full table scan",
            "index lookup",
            "select list subqueries",
            "query block",
            "unique index lookup",
        ]
    );
    assert_eq!(plan.nodes[0].cost, Some(2.1));
    let tables: Vec<_> = plan.walk().filter_map(|node| node.object.as_deref()).collect();
    assert_eq!(tables, ["a", "t", "x"]);
    let scan = plan.walk().find(|node| node.object.as_deref() == Some("a")).unwrap();
    assert_eq!(
        (scan.estimated_rows, scan.cost, scan.detail("used_columns")),
        (Some(3.0), Some(0.55), Some("id, title"))
    );
    let lookup = plan.walk().find(|node| node.object.as_deref() == Some("t")).unwrap();
    assert_eq!(
        (lookup.index.as_deref(), lookup.detail("attached_condition")),
        (Some("by_album"), Some("(`t`.`n` > 1)"))
    );
}

#[test]
fn the_json_of_mariadb_is_read_also_where_it_is_none() {
    let json = r#"{"query_optimization": {"r_total_time_ms": 0.5}, "query_block": {"select_id": 1, "r_total_time_ms": 2,
        "nested_loop": [{"table": {"table_name": "t", "access_type": "range", "key": "i", "rows": 4, "r_rows": 3, "r_loops": 2,
            "r_table_time_ms": 0.25, "r_other_time_ms": 0.75, "attached_condition": "t.n = 'it\'s \"so\" \\\\ \n'"}}]}}"#;
    let plan = read_plan(json).unwrap();
    assert_eq!(operations(&plan), ["query block", "nested loop", "index range scan"]);
    assert_eq!(plan.planning_time, Some(Duration::from_micros(500)));
    assert_eq!(plan.execution_time, Some(Duration::from_millis(2)));
    let table = &plan.nodes[0].children[0].children[0];
    assert_eq!((table.actual_rows, table.loops, table.estimated_rows), (Some(3.0), Some(2.0), Some(4.0)));
    assert_eq!(table.time, Some(Duration::from_millis(1)));
    assert_eq!(table.detail("attached_condition"), Some("t.n = 'it\\'s \"so\" \\\\ \n'"));
    assert_eq!(plan.raw, json);
}

#[test]
fn the_second_json_of_mysql_is_read() {
    let inner = r#"{"operation": "Nested loop inner join", "access_type": "join", "estimated_rows": 3.0,
        "estimated_total_cost": 1.5, "inputs": [
            {"operation": "Filter: (a.n > 1)", "access_type": "filter", "actual_rows": 3.0, "actual_loops": 2,
             "actual_last_row_ms": 0.5, "inputs": [{"operation": "Table scan on a", "table_name": "a"}]},
            {"operation": "Index lookup on t using i (a_id = a.id)", "table_name": "t", "index_name": "i"}]}"#;
    for json in [
        inner.to_owned(),
        format!(r#"{{"query": "select 1", "query_plan": {inner}, "query_type": "select"}}"#),
    ] {
        let plan = read_plan(&json).unwrap();
        assert_eq!(
            operations(&plan),
            ["Nested loop inner join", "Filter: (a.n > 1)", "Table scan", "Index lookup"]
        );
        let join = &plan.nodes[0];
        assert_eq!(
            (join.estimated_rows, join.cost, join.detail("access_type")),
            (Some(3.0), Some(1.5), Some("join"))
        );
        let filter = &join.children[0];
        assert_eq!((filter.actual_rows, filter.time), (Some(3.0), Some(Duration::from_millis(1))));
        assert_eq!(filter.children[0].object.as_deref(), Some("a"));
        let lookup = &join.children[1];
        assert_eq!((lookup.index.as_deref(), lookup.detail("by")), (Some("i"), Some("(a_id = a.id)")));
    }
}

#[test]
fn what_is_no_plan_is_an_error() {
    for text in ["", "no plan", "{", "[]", "7", "{}", "{\"x\": 1}", "-", "\0"] {
        let error = read_plan(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{text}: {error}");
    }
    // Nor does anything else stop it.
    for text in [
        "->",
        "-> ",
        "-> x\n      -> y\n  -> z",
        "-> (cost=x rows=y) (actual time=..a rows=- loops=)",
        "-> on on on using",
    ] {
        let plan = read_plan(&format!("-> first\n{text}")).unwrap();
        assert!(plan.walk().count() >= 1, "{text}");
    }
}
