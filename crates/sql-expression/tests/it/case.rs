//! The numbered cases of SQLAlchemy's suite, as far as they are about text. Their rows are tested against real databases.

use aludel_sql_expression::{
    CompiledCache, Executable, Value, count, exists,
    expression::{FrameBound, FrameUnit, Node, Window},
    literal, max,
    schema::{Column, Table},
    select, text, tuple,
    types::{Integer, Varchar},
};

use crate::fixture::{assert_same, assert_sql, error, mysql, postgres, sql, sql_with, sqlite};

fn some_table() -> Table {
    Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("x", Integer))
        .column(Column::new("y", Integer))
        .column(Column::new("z", Varchar(50)))
}

#[test]
fn case_001_limit_and_offset() {
    let t = some_table();
    let all = select(t.c("id")).order_by(t.c("id"));
    assert_sql(
        &all.clone().limit(2).offset(1),
        "SELECT some_table.id FROM some_table ORDER BY some_table.id LIMIT ? OFFSET ?",
        "SELECT some_table.id FROM some_table ORDER BY some_table.id LIMIT $1 OFFSET $2",
        "SELECT some_table.id FROM some_table ORDER BY some_table.id LIMIT ? OFFSET ?",
    );
    assert_eq!(
        all.offset(0).to_sql(&*sqlite()).unwrap(),
        "SELECT some_table.id FROM some_table ORDER BY some_table.id LIMIT -1 OFFSET 0"
    );
}

#[test]
fn case_002_limit_and_offset_are_values_not_structure() {
    let t = some_table();
    let cache = CompiledCache::default();
    for (limit, offset) in [(2, 0), (2, 1), (3, 2)] {
        let statement = select(t.c("id")).order_by(t.c("id")).limit(limit).offset(offset);
        let part = cache.render(&statement.node(), &sqlite()).unwrap().parts.remove(0);
        assert_eq!(part.parameters, [Value::I64(limit as i64), Value::I64(offset as i64)]);
    }
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.misses, statistics.size), (2, 1, 1));
}

#[test]
fn case_003_limit_by_an_expression() {
    let t = some_table();
    assert_same(
        &select(t.c("id")).order_by(t.c("id")).limit_expression(text("1 + 1")),
        "SELECT some_table.id FROM some_table ORDER BY some_table.id LIMIT 1 + 1",
    );
    let one = |id: i32| select(t.c("id").of::<i32>()).filter(t.c("id").eq(id)).limit(1).scalar_subquery();
    assert_eq!(
        select(one(1)).union(select(one(1))).to_sql(&*sqlite()).unwrap(),
        "SELECT (SELECT some_table.id FROM some_table WHERE some_table.id = 1 LIMIT 1) UNION \
         SELECT (SELECT some_table.id FROM some_table WHERE some_table.id = 1 LIMIT 1)"
    );
}

#[test]
fn case_004_order_and_group_by_a_label() {
    let t = some_table();
    let sum = (t.c("x").of::<i32>() + t.c("y").of::<i32>()).label("lx");
    assert_same(
        &select(sum.clone()).order_by(sum.clone().desc()),
        "SELECT some_table.x + some_table.y AS lx FROM some_table ORDER BY lx DESC",
    );
    assert_same(
        &select((count(t.c("id")), sum.clone())).group_by(sum.clone()).order_by(sum),
        "SELECT count(some_table.id), some_table.x + some_table.y AS lx FROM some_table GROUP BY lx ORDER BY lx",
    );
    // PostgreSQL would group by the column, and not by the label.
    let shadow = (t.c("x").of::<i32>() + 1).label("y");
    assert_eq!(
        sql(&select((count(t.c("id")), shadow.clone())).group_by(shadow), &postgres()),
        "SELECT count(some_table.id), some_table.x + $1 AS y FROM some_table GROUP BY 2"
    );
}

#[test]
fn case_005_joins_on_anything() {
    let a = Table::unregistered("a").column(Column::new("id", Integer).primary_key());
    let b = Table::unregistered("b")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("a_id", Integer).foreign_key("a.id"));
    let both = (a.c("id"), b.c("id"), b.c("a_id"));
    assert_same(&select(both.clone()).join(&b), "SELECT a.id, b.id, b.a_id FROM a JOIN b ON a.id = b.a_id");
    let always = aludel_sql_expression::Expression::<bool>::new(Node::Boolean(true));
    let never = aludel_sql_expression::Expression::<bool>::new(Node::Boolean(false));
    assert_same(&select(both.clone()).join_on(&b, always), "SELECT a.id, b.id, b.a_id FROM a JOIN b ON TRUE");
    assert_same(
        &select(both.clone()).outerjoin_on(&b, never),
        "SELECT a.id, b.id, b.a_id FROM a LEFT JOIN b ON FALSE",
    );
    assert_same(&select(both).cross_join(&b), "SELECT a.id, b.id, b.a_id FROM a CROSS JOIN b");
}

#[test]
fn case_006_unions() {
    let t = some_table();
    let one = |id: i32| select((t.c("id"), t.c("x"))).filter(t.c("id").eq(id));
    assert_eq!(
        one(2).union(one(3)).to_sql(&*sqlite()).unwrap(),
        "SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = 2 UNION \
         SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = 3"
    );
    let limited = |id: i32| one(id).order_by(t.c("id")).limit(1);
    let union = limited(2).union(limited(3)).order_by(t.c("id"));
    assert_sql(
        &union,
        "SELECT * FROM (SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = ? ORDER BY some_table.id LIMIT ?) \
         UNION SELECT * FROM (SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = ? ORDER BY some_table.id \
         LIMIT ?) ORDER BY id",
        "(SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = $1 ORDER BY some_table.id LIMIT $2) \
         UNION (SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = $3 ORDER BY some_table.id \
         LIMIT $4) ORDER BY id",
        "(SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = ? ORDER BY some_table.id LIMIT ?) \
         UNION (SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = ? ORDER BY some_table.id \
         LIMIT ?) ORDER BY id",
    );
    let values: Vec<Value> = [2, 1, 3, 1].map(Value::I64).into();
    assert_eq!(sql_with(&union, &sqlite()).1, values);
    let derived = one(2).union(one(3)).subquery("both");
    assert_eq!(
        select(derived.c("id")).order_by(derived.c("id")).to_sql(&*sqlite()).unwrap(),
        "SELECT both.id FROM (SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = 2 UNION \
         SELECT some_table.id, some_table.x FROM some_table WHERE some_table.id = 3) AS both ORDER BY both.id"
    );
    assert!(
        error(&one(1).union(one(2)).filter(t.c("x").eq(1)), &sqlite())
            .contains("`filter` cannot follow a set operation")
    );
}

#[test]
fn case_007_in_lists() {
    let t = some_table();
    let cache = CompiledCache::default();
    for (list, text, values) in [
        (vec![2, 3], "x IN (?, ?)", 2),
        (vec![4], "x IN (?)", 1),
        (vec![1, 2, 3], "x IN (?, ?, ?)", 3),
        (vec![], "1 = 0", 0),
    ] {
        let statement = select(t.c("id")).filter(t.c("x").in_(list));
        let part = cache.render(&statement.node(), &sqlite()).unwrap().parts.remove(0);
        assert_eq!(part.sql.replace("some_table.", ""), format!("SELECT id FROM some_table WHERE {text}"));
        assert_eq!(part.parameters.len(), values);
    }
    // Lists of one structure share an entry; the empty one has its own.
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (2, 2));
    let empty: [i32; 0] = [];
    assert_sql(
        &select(t.c("id")).filter(t.c("x").not_in(empty)).filter(t.c("y").in_(empty)),
        "SELECT some_table.id FROM some_table WHERE 1 = 1 AND 1 = 0",
        "SELECT some_table.id FROM some_table WHERE some_table.x <> ALL ($1) AND some_table.y = ANY ($2)",
        "SELECT some_table.id FROM some_table WHERE 1 = 1 AND 1 = 0",
    );
    let pair = || tuple((t.c("x"), t.c("z")));
    assert_sql(
        &select(t.c("id")).filter(pair().in_([(2, "z2"), (3, "z3")])).filter(t.c("y").eq(5)),
        "SELECT some_table.id FROM some_table WHERE (some_table.x, some_table.z) IN ((?, ?), (?, ?)) AND some_table.y = ?",
        "SELECT some_table.id FROM some_table WHERE (some_table.x, some_table.z) IN (($1, $2), ($3, $4)) AND some_table.y = $5",
        "SELECT some_table.id FROM some_table WHERE (some_table.x, some_table.z) IN ((?, ?), (?, ?)) AND some_table.y = ?",
    );
    let none: [(i32, &str); 0] = [];
    assert_same(
        &select(t.c("id")).filter(pair().in_(none)),
        "SELECT some_table.id FROM some_table WHERE 1 = 0",
    );
    assert_same(
        &select(t.c("id")).filter(t.c("x").in_([t.c("y"), t.c("id")])),
        "SELECT some_table.id FROM some_table WHERE some_table.x IN (some_table.y, some_table.id)",
    );
    assert_eq!(
        sql(&select(literal(None::<i32>).in_(empty)), &sqlite()),
        "SELECT 1 = 0",
        "NULL is not in an empty list, and that is known"
    );
}

#[test]
fn case_008_like_with_escape() {
    let t = some_table();
    let z = || t.c("z").of::<String>();
    assert_sql(
        &select(t.c("id")).filter(z().starts_with("ab%c")),
        "SELECT some_table.id FROM some_table WHERE some_table.z LIKE ? ESCAPE '/'",
        "SELECT some_table.id FROM some_table WHERE some_table.z LIKE $1 ESCAPE '/'",
        "SELECT some_table.id FROM some_table WHERE some_table.z LIKE ? ESCAPE '/'",
    );
    assert_eq!(
        sql_with(&select(t.c("id")).filter(z().contains("b%c/_")), &sqlite()).1,
        [Value::Text("%b/%c///_%".into())]
    );
    assert_eq!(
        sql_with(&select(t.c("id")).filter(z().ends_with("e%fg")), &sqlite()).1,
        [Value::Text("%e/%fg".into())]
    );
    assert_sql(
        &select(t.c("id")).filter(z().ilike("A%")),
        "SELECT some_table.id FROM some_table WHERE lower(some_table.z) LIKE lower(?)",
        "SELECT some_table.id FROM some_table WHERE some_table.z ILIKE $1",
        "SELECT some_table.id FROM some_table WHERE lower(some_table.z) LIKE lower(?)",
    );
    assert_eq!(
        sql(&select(t.c("id")).filter(z().op::<bool>("REGEXP", "a.cde")), &mysql()),
        "SELECT some_table.id FROM some_table WHERE some_table.z REGEXP ?"
    );
    assert!(
        error(&select(t.c("id")).filter(z().op::<bool>("; --", "x")), &mysql())
            .contains("is not an operator")
    );
}

#[test]
fn case_009_distinct_from() {
    let t = some_table();
    assert_sql(
        &select(t.c("id")).filter(t.c("x").is_distinct_from(t.c("y"))),
        "SELECT some_table.id FROM some_table WHERE some_table.x IS NOT some_table.y",
        "SELECT some_table.id FROM some_table WHERE some_table.x IS DISTINCT FROM some_table.y",
        "SELECT some_table.id FROM some_table WHERE NOT (some_table.x <=> some_table.y)",
    );
    assert_sql(
        &select(t.c("id")).filter(t.c("x").is_not_distinct_from(t.c("y"))),
        "SELECT some_table.id FROM some_table WHERE some_table.x IS some_table.y",
        "SELECT some_table.id FROM some_table WHERE some_table.x IS NOT DISTINCT FROM some_table.y",
        "SELECT some_table.id FROM some_table WHERE some_table.x <=> some_table.y",
    );
}

#[test]
fn case_010_exists() {
    let t = some_table();
    let inner = select(t.c("id")).filter(t.c("x").eq(1));
    assert_eq!(
        select(literal(1)).filter(exists(&inner)).to_sql(&*mysql()).unwrap(),
        "SELECT 1 WHERE EXISTS (SELECT some_table.id FROM some_table WHERE some_table.x = 1)"
    );
}

#[test]
fn case_011_windows() {
    let t = some_table();
    let over = |window: Window| select(max(t.c("y").of::<i32>()).over(window));
    assert_same(
        &over(Window::new().order_by(t.c("x").desc())),
        "SELECT max(some_table.y) OVER (ORDER BY some_table.x DESC) FROM some_table",
    );
    let framed = over(Window::new().partition_by(t.c("z")).order_by(t.c("x")).frame(
        FrameUnit::Rows,
        FrameBound::Preceding(5),
        FrameBound::CurrentRow,
    ));
    assert_same(
        &framed,
        "SELECT max(some_table.y) OVER (PARTITION BY some_table.z ORDER BY some_table.x ROWS BETWEEN 5 PRECEDING AND CURRENT \
         ROW) FROM some_table",
    );
    let groups = over(Window::new().order_by(t.c("x")).frame(
        FrameUnit::Groups,
        FrameBound::UnboundedPreceding,
        FrameBound::Following(1),
    ));
    assert_eq!(
        sql(&groups, &sqlite()),
        "SELECT max(some_table.y) OVER (ORDER BY some_table.x GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM some_table"
    );
    assert_eq!(
        error(&groups, &mysql()),
        "GROUPS in a window's frame is not supported by the mysql dialect (version 8.4.0)"
    );
    let filtered = select(count(t.c("id")).filter_where(t.c("x").gt(1)));
    assert_eq!(
        sql(&filtered, &postgres()),
        "SELECT count(some_table.id) FILTER (WHERE some_table.x > $1) FROM some_table"
    );
    assert!(error(&filtered, &mysql()).contains("FILTER (WHERE ..)"));
}

#[test]
fn case_012_operators_of_ones_own() {
    let t = some_table();
    let masked = t.c("x").of::<i32>().op::<i32>("&", 4);
    assert_eq!(
        sql(&select(t.c("id")).filter(masked.gt(0)), &sqlite()),
        "SELECT some_table.id FROM some_table WHERE (some_table.x & ?) > ?"
    );
}

#[test]
fn case_020_difficult_names() {
    let names = [
        "boring",
        "per cent",
        "per % cent",
        "%percent",
        "par(ens)",
        "percent%(ens)yah",
        "col:ons",
        "_starts_with_underscore",
        "dot.s",
        "more :: %colons%",
        "_name",
        "___name",
        "[BracketsAndCase]",
        "42numbers",
        "percent%signs",
        "has spaces",
        "/slashes/",
        "more/slashes",
        "q?marks",
        "1param",
        "1col:on",
        "quote \" two",
        "tick ` back",
    ];
    for name in names {
        let t = Table::unregistered("t").column(Column::new(name, Varchar(50)));
        for (dialect, quote) in [(sqlite(), '"'), (postgres(), '"'), (mysql(), '`')] {
            let plain = name.chars().all(|character| character.is_ascii_lowercase() || character == '_');
            let doubled = name.replace(quote, &format!("{quote}{quote}"));
            let written = if plain { name.to_owned() } else { format!("{quote}{doubled}{quote}") };
            let (text, values) = sql_with(&select(t.c(name)).filter(t.c(name).eq("v")), &dialect);
            let mark = if dialect.name() == "postgresql" { "$1" } else { "?" };
            assert_eq!(text, format!("SELECT t.{written} FROM t WHERE t.{written} = {mark}"));
            assert_eq!(values, [Value::Text("v".into())]);
        }
    }
}

#[test]
fn case_021_percent_signs_are_not_doubled() {
    let t = some_table();
    let statement = select(t.c("z").of::<String>().concat("%%")).filter(t.c("z").like("%x%"));
    assert_eq!(
        statement.to_sql(&*sqlite()).unwrap(),
        "SELECT some_table.z || '%%' FROM some_table WHERE some_table.z LIKE '%x%'"
    );
    assert_eq!(
        sql_with(
            &select(aludel_sql_expression::Expression::<String>::new(
                aludel_sql_expression::typed::IntoNode::into_node(text("'100%'"))
            )),
            &mysql()
        )
        .0,
        "SELECT '100%'"
    );
}

#[test]
fn case_023_two_columns_of_one_name() {
    let a = Table::unregistered("a").column(Column::new("data", Integer));
    let b = Table::unregistered("b").column(Column::new("data", Integer));
    assert_same(&select((a.c("data"), b.c("data"))), "SELECT a.data, b.data FROM a, b");
}

#[test]
fn case_026_division_of_integers_is_true_division() {
    let t = some_table();
    let quotient = select(t.c("x").of::<i32>() / t.c("y").of::<i32>());
    assert_sql(
        &quotient,
        "SELECT some_table.x / CAST(some_table.y AS DOUBLE) FROM some_table",
        "SELECT some_table.x / CAST(some_table.y AS DOUBLE PRECISION) FROM some_table",
        "SELECT some_table.x / CAST(some_table.y AS DOUBLE) FROM some_table",
    );
    assert_eq!(
        sql(&select(literal(15) / 10), &postgres()),
        "SELECT CAST($1 AS INTEGER) / CAST($2 AS DOUBLE PRECISION)"
    );
}
