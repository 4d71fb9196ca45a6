//! The numbered cases about SELECT, with real rows.

use aludel::{
    prelude::*,
    sql::{
        ErrorKind as SqlErrorKind, Executable, Expression, Value,
        expression::{BinaryNode, BinaryOperator, FrameBound, FrameUnit, Node, Window},
        not, null, trusted, tuple,
        typed::{IntoNode, columns},
    },
};

use crate::{
    core_tables::{create, error, how_many, integer, integers, rows, string, with_points, with_words},
    database::{Database, on_every_database},
};

async fn case_001_limit_on_real_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let all = select((integer(&t, "id"), integer(&t, "x"), integer(&t, "y"))).order_by(t.c("id"));
    let dialect = conn.dialect();
    let first = [(1, 1, 2), (2, 2, 3)];
    let last = [(3, 3, 4), (4, 4, 5), (5, 4, 6)];
    for (statement, expected) in [
        (all.clone().limit(2), &first[..]),
        (all.clone().offset(2), &last),
        (all.clone().offset(0), &[(1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 5), (5, 4, 6)]),
        (all.clone().limit(2).offset(1), &[(2, 2, 3), (3, 3, 4)]),
        (all.clone().limit(0), &[]),
        (all.clone().limit(100).offset(4), &[(5, 4, 6)]),
    ] {
        assert_eq!(rows(&mut conn, statement.clone()).await, expected);
        let written = text(trusted(statement.to_sql(&*dialect).unwrap())).returns::<(i64, i64, i64)>();
        assert_eq!(rows(&mut conn, written).await, expected, "{statement:?}");
    }
}
on_every_database!(case_001_limit_on_real_rows);

async fn case_002_limits_never_stick_in_the_cache(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let statement = |limit, offset| select(integer(&t, "id")).order_by(t.c("id")).limit(limit).offset(offset);
    let before = database.engine().compiled_cache().statistics();
    for _ in 0..2 {
        assert_eq!(integers(&mut conn, statement(2, 0)).await, [1, 2]);
        assert_eq!(integers(&mut conn, statement(2, 1)).await, [2, 3]);
        assert_eq!(integers(&mut conn, statement(3, 2)).await, [3, 4, 5]);
    }
    let after = database.engine().compiled_cache().statistics();
    assert_eq!((after.misses - before.misses, after.hits - before.hits), (1, 5));
}
on_every_database!(case_002_limits_never_stick_in_the_cache);

async fn case_003_limit_by_an_expression_on_real_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let two = || select(integer(&t, "id")).order_by(t.c("id"));
    if database.is_mysql() {
        // Its LIMIT takes nothing but numbers.
        let refused = error(&mut conn, two().limit_expression(text("1 + 1"))).await;
        assert!(matches!(refused.kind(), ErrorKind::Programming | ErrorKind::Compile), "{refused:?}");
        conn.rollback().await.unwrap();
    } else {
        assert_eq!(integers(&mut conn, two().limit_expression(text("1 + 1"))).await, [1, 2]);
        assert_eq!(integers(&mut conn, two().limit_expression(literal(1_i64) + 1_i64)).await, [1, 2]);
    }
    let one = |id: i64| select(integer(&t, "id")).filter(t.c("id").eq(id)).limit(1).scalar_subquery();
    assert_eq!(rows(&mut conn, select(one(1)).union(select(one(1)))).await, [1]);
    assert_eq!(rows(&mut conn, select((one(1), one(3)))).await, [(1, 3)]);
}
on_every_database!(case_003_limit_by_an_expression_on_real_rows);

async fn case_004_order_and_group_by_a_label_on_real_rows(database: &Database) {
    let t = Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("x", Integer))
        .column(Column::new("y", Integer));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many([(1, 1, 2), (2, 2, 3), (3, 3, 4)])).await.unwrap();
    let lx = (integer(&t, "x") + integer(&t, "y")).label("lx");
    assert_eq!(rows(&mut conn, select(lx.clone())).await.len(), 3);
    assert_eq!(rows(&mut conn, select(lx.clone()).order_by(lx.clone())).await, [3, 5, 7]);
    assert_eq!(rows(&mut conn, select(lx.clone()).order_by(lx.clone().desc())).await, [7, 5, 3]);
    let grouped = select((count(t.c("id")), lx.clone())).group_by(lx.clone()).order_by(lx);
    assert_eq!(rows(&mut conn, grouped).await, [(1, 3), (1, 5), (1, 7)]);
}
on_every_database!(case_004_order_and_group_by_a_label_on_real_rows);

async fn case_005_joins_on_real_rows(database: &Database) {
    let a = Table::unregistered("a").column(Column::new("id", Integer).primary_key().autoincrement(false));
    let b = Table::unregistered("b")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("a_id", Integer).not_null().foreign_key("a.id"));
    let mut conn = database.connect().await;
    create(&mut conn, (&b, &a)).await;
    conn.execute(insert(&a).values_many((1..=5).map(|id| (id,)))).await.unwrap();
    conn.execute(insert(&b).values_many([(1, 1), (2, 1), (4, 2), (5, 3)])).await.unwrap();
    let all = || select((integer(&a, "id"), integer(&b, "id"), integer(&b, "a_id")));
    let ordered = |statement: aludel::sql::statement::Select<_>| statement.order_by((a.c("id"), b.c("id")));
    let joined = [(1, 1, 1), (1, 2, 1), (2, 4, 2), (3, 5, 3)];
    assert_eq!(rows(&mut conn, ordered(all().join(&b))).await, joined);
    assert_eq!(rows(&mut conn, ordered(all().join_on(&b, a.c("id").eq(b.c("a_id"))))).await, joined);
    assert_eq!(rows(&mut conn, ordered(all().join_on(&b, literal(true)))).await.len(), 20);
    assert_eq!(
        rows(&mut conn, ordered(all().join_on(&b, Expression::<bool>::new(Node::Boolean(true))))).await.len(),
        20
    );
    assert_eq!(rows(&mut conn, ordered(all().join_on(&b, literal(false)))).await, []);
    let outer = || select((integer(&a, "id"), integer(&b, "id").nullable())).order_by(a.c("id"));
    let expected: Vec<_> = (1..=5).map(|id| (id, None)).collect();
    assert_eq!(
        rows(&mut conn, outer().outerjoin_on(&b, Expression::<bool>::new(Node::Boolean(false)))).await,
        expected
    );
    let partners = outer().outerjoin(&b).order_by(b.c("id"));
    assert_eq!(
        rows(&mut conn, partners).await,
        [(1, Some(1)), (1, Some(2)), (2, Some(4)), (3, Some(5)), (4, None), (5, None)]
    );
    // Taken plainly, the side that may be missing is refused before anything is sent.
    let refused = error(&mut conn, select((integer(&a, "id"), integer(&b, "id"))).outerjoin(&b)).await;
    assert!(refused.message().contains("nullable"), "{refused}");
    assert!(refused.message().contains('b'), "{refused}");
}
on_every_database!(case_005_joins_on_real_rows);

async fn case_006_unions_on_real_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let all = || select((integer(&t, "id"), integer(&t, "x"), integer(&t, "y")));
    let one = |id: i64| all().filter(t.c("id").eq(id));
    let expected = [(2, 2, 3), (3, 3, 4)];
    let by_id = |statement: aludel::sql::statement::Select<_>| statement.order_by(integer(&t, "id"));
    let unions = [
        one(2).union(one(3)),
        by_id(one(2)).limit(1).union(by_id(one(3)).limit(1)),
        one(2).distinct().union(one(3).distinct()),
        one(2).union_all(one(3)),
        all().filter(t.c("id").le(3)).except(one(1)),
        all().filter(t.c("id").le(3)).intersect(all().filter(t.c("id").ge(2))),
    ];
    for union in unions {
        assert_eq!(rows(&mut conn, union.clone().order_by(t.c("id"))).await, expected, "{union:?}");
        let both = union.subquery("both");
        let from_alias = select((both.c("id").of::<i64>(), both.c("x").of::<i64>(), both.c("y").of::<i64>()));
        assert_eq!(rows(&mut conn, from_alias.order_by(both.c("id"))).await, expected, "from an alias");
    }
    assert_eq!(rows(&mut conn, one(2).union(one(2))).await.len(), 1);
    assert_eq!(rows(&mut conn, one(2).union_all(one(2))).await.len(), 2);
    let limited = one(2).union(one(3)).union(one(4)).order_by(t.c("id")).limit(2);
    assert_eq!(rows(&mut conn, limited).await, expected);
}
on_every_database!(case_006_unions_on_real_rows);

async fn case_007_in_lists_on_real_rows(database: &Database) {
    let t = Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("x", Integer))
        .column(Column::new("y", Integer))
        .column(Column::new("z", Varchar(50)));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many((1..=4).map(|id| (id, id, id + 1, format!("z{id}"))))).await.unwrap();
    let ids = || select(integer(&t, "id")).order_by(t.c("id"));
    let none: [i64; 0] = [];
    let no_text: [&str; 0] = [];
    for (condition, expected) in [
        (integer(&t, "x").in_(none), &[][..]),
        (integer(&t, "x").not_in(none), &[1, 2, 3, 4]),
        (string(&t, "z").in_(no_text), &[]),
        (string(&t, "z").not_in(no_text), &[1, 2, 3, 4]),
        (integer(&t, "x").in_([2, 3]), &[2, 3]),
        (integer(&t, "x").not_in([2, 3]), &[1, 4]),
        (string(&t, "z").in_(["z2", "z3", "no"]), &[2, 3]),
        (t.c("x").in_([2, 3]), &[2, 3]),
        (t.c("z").not_in(["z2"]), &[1, 3, 4]),
        (not(integer(&t, "x").in_([2, 3])), &[1, 4]),
        (integer(&t, "x").in_(none).or(integer(&t, "y").in_([5_i64])), &[4]),
        // Two empty lists in one statement.
        (integer(&t, "x").in_(none).and(integer(&t, "y").in_(none)), &[]),
        (integer(&t, "x").not_in(none).and(integer(&t, "y").not_in(none)), &[1, 2, 3, 4]),
        (null::<i64>().in_(none), &[]),
        (tuple((t.c("x"), t.c("z"))).in_([(2, "z2"), (3, "z3"), (4, "z4")]), &[2, 3, 4]),
        (tuple((t.c("x"), t.c("z"))).in_([(2, "z2"), (3, "z4")]), &[2]),
        (tuple((t.c("x"), t.c("z"))).not_in([(2, "z2"), (3, "z3")]), &[1, 4]),
        (tuple((t.c("x"), t.c("z"))).in_(Vec::<(i32, &str)>::new()), &[]),
        (tuple((t.c("x"), t.c("z"))).not_in(Vec::<(i32, &str)>::new()), &[1, 2, 3, 4]),
        (integer(&t, "x").in_select(&select(integer(&t, "y")).filter(t.c("y").le(3))), &[2, 3]),
    ] {
        let found = integers(&mut conn, ids().filter(condition.clone())).await;
        assert_eq!(found, expected, "{:?}", ids().filter(condition).to_sql(&*conn.dialect()));
    }
    // One compiled statement serves lists of every length.
    let before = database.engine().compiled_cache().statistics();
    for (list, expected) in [(vec![2_i64], vec![2_i64]), (vec![1, 3, 4], vec![1, 3, 4]), (vec![3], vec![3])] {
        assert_eq!(integers(&mut conn, ids().filter(integer(&t, "x").in_(list)).limit(9)).await, expected);
    }
    let after = database.engine().compiled_cache().statistics();
    assert_eq!((after.misses - before.misses, after.hits - before.hits), (1, 2));
    // A list that is longer than one statement's parameters on any of them would hold.
    let long: Vec<i64> = (3..30_000).collect();
    assert_eq!(integers(&mut conn, ids().filter(integer(&t, "x").in_(long))).await, [3, 4]);
}
on_every_database!(case_007_in_lists_on_real_rows);

async fn case_008_like_on_real_rows(database: &Database) {
    let (mut conn, t) = with_words(database, "some_table").await;
    let words = [
        "abcdefg", "ab/cdefg", "ab%cdefg", "ab_cdefg", "abcde/fg", "abcde%fg", "ab#cdefg", "ab9cdefg",
        "abcde#fg", "abcd9fg",
    ];
    conn.execute(insert(&t).values_many((1..).zip(words).map(|(id, word)| (id, Some(word))))).await.unwrap();
    conn.execute(insert(&t).values((11, None::<&str>))).await.unwrap();
    let data = || string(&t, "data");
    let escaped = |pattern: &str| {
        Expression::<bool>::new(Node::Binary(
            BinaryNode {
                left: data().into_node(),
                operator: BinaryOperator::Like,
                right: pattern.into_node(),
                escape: Some('#'),
            }
            .into(),
        ))
    };
    for (condition, expected) in [
        (data().like("ab%c%"), (1..=10).collect::<Vec<i64>>()),
        (data().starts_with("ab%c"), vec![3]),
        (escaped("ab##c%"), vec![7]),
        (data().starts_with("ab#c"), vec![7]),
        (data().starts_with("ab/c"), vec![2]),
        (data().ends_with("e%fg"), vec![6]),
        (data().contains("b%cde"), vec![3]),
        (data().contains("b_cde"), vec![4]),
        (data().not_like("ab%c%"), vec![]),
        (data().ilike("ABCDE_FG"), vec![5, 6, 9]),
    ] {
        let statement = select(integer(&t, "id")).filter(condition).order_by(t.c("id"));
        assert_eq!(
            integers(&mut conn, statement.clone()).await,
            expected,
            "{:?}",
            statement.to_sql(&*conn.dialect())
        );
    }
    let operator = match database.is_postgres() {
        true => "~",
        false => "REGEXP",
    };
    let matching =
        || select(integer(&t, "id")).filter(data().op::<bool>(operator, "a.cde")).order_by(t.c("id"));
    let rest =
        select(integer(&t, "id")).filter(not(data().op::<bool>(operator, "a.cde"))).order_by(t.c("id"));
    if database.is_sqlite() {
        // It knows the operator, and leaves the function behind it to the program.
        assert_eq!(error(&mut conn, matching()).await.kind(), ErrorKind::Programming);
    } else {
        assert_eq!(integers(&mut conn, matching()).await, [1, 5, 6, 9]);
        assert_eq!(integers(&mut conn, rest).await, [2, 3, 4, 7, 8, 10]);
    }
}
on_every_database!(case_008_like_on_real_rows);

async fn case_009_null_is_a_value_like_others(database: &Database) {
    let mut conn = database.connect().await;
    for (left, right, distinct) in [
        (Some(0_i64), Some(1_i64), true),
        (Some(1), Some(1), false),
        (None, Some(1), true),
        (None, None, false),
    ] {
        let (one, other) = (literal(left), literal(right));
        let both = select((one.clone().is_distinct_from(other.clone()), one.is_not_distinct_from(other)));
        assert_eq!(rows(&mut conn, both).await, [(distinct, !distinct)], "{left:?} and {right:?}");
    }
    let t = Table::unregistered("pairs")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("a", Integer))
        .column(Column::new("b", Integer));
    create(&mut conn, &t).await;
    let pairs = [(1, Some(0), Some(1)), (2, Some(1), Some(1)), (3, None, Some(1)), (4, None, None)];
    conn.execute(insert(&t).values_many(pairs)).await.unwrap();
    let ids = || select(integer(&t, "id")).order_by(t.c("id"));
    assert_eq!(integers(&mut conn, ids().filter(t.c("a").is_distinct_from(t.c("b")))).await, [1, 3]);
    assert_eq!(integers(&mut conn, ids().filter(t.c("a").is_not_distinct_from(t.c("b")))).await, [2, 4]);
    assert_eq!(integers(&mut conn, ids().filter(not(t.c("a").is_distinct_from(t.c("b"))))).await, [2, 4]);
    assert_eq!(integers(&mut conn, ids().filter(t.c("a").is_distinct_from(Value::Null))).await, [1, 2]);
}
on_every_database!(case_009_null_is_a_value_like_others);

async fn case_010_exists_on_real_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let inner = |id: i64| select(integer(&t, "id")).filter(t.c("id").eq(id));
    assert_eq!(rows(&mut conn, select(literal(7_i64)).filter(exists(&inner(1)))).await, [7]);
    assert!(rows(&mut conn, select(literal(7_i64)).filter(exists(&inner(99)))).await.is_empty());
    assert_eq!(rows(&mut conn, select(literal(7_i64)).filter(not(exists(&inner(99))))).await, [7]);
    // Correlated: points whose x is the y of another.
    let other = aludel::sql::expression::Alias::new(
        Some("other".into()),
        aludel::sql::expression::AliasTarget::Table(t.clone()),
    );
    let partner = select(other.c("id")).filter(other.c("y").eq(t.c("x")));
    let with_partner = select(integer(&t, "id")).filter(exists(&partner)).order_by(t.c("id"));
    assert_eq!(integers(&mut conn, with_partner).await, [2, 3, 4, 5]);
}
on_every_database!(case_010_exists_on_real_rows);

async fn case_011_windows_on_real_rows(database: &Database) {
    let t = Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("col1", Integer))
        .column(Column::new("col2", Integer));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many((1..50).map(|i| (i, i, i * 5)))).await.unwrap();
    let down = Window::new().order_by(t.c("col1").desc());
    let maximum = max(integer(&t, "col2")).over(down);
    assert_eq!(rows(&mut conn, select(maximum).filter(t.c("col1").lt(20))).await, vec![Some(95); 19]);

    let framed = |unit, start, end| {
        let window = Window::new().order_by(t.c("col1")).frame(unit, start, end);
        select(sum(integer(&t, "col1")).over(window)).filter(t.c("col1").le(6)).order_by(t.c("col1"))
    };
    let two = framed(FrameUnit::Rows, FrameBound::Preceding(1), FrameBound::CurrentRow);
    assert_eq!(rows(&mut conn, two).await, [1, 3, 5, 7, 9, 11].map(Some));
    let ahead = framed(FrameUnit::Rows, FrameBound::CurrentRow, FrameBound::Following(2));
    assert_eq!(rows(&mut conn, ahead).await, [6, 9, 12, 15, 11, 6].map(Some));
    let so_far = framed(FrameUnit::Range, FrameBound::UnboundedPreceding, FrameBound::CurrentRow);
    assert_eq!(rows(&mut conn, so_far).await, [1, 3, 6, 10, 15, 21].map(Some));
    let all = framed(FrameUnit::Rows, FrameBound::UnboundedPreceding, FrameBound::UnboundedFollowing);
    assert_eq!(rows(&mut conn, all).await, [21; 6].map(Some));
    let groups = framed(FrameUnit::Groups, FrameBound::Preceding(1), FrameBound::CurrentRow);
    if database.is_mysql() {
        let refused = error(&mut conn, groups).await;
        assert_eq!(refused.kind(), ErrorKind::Compile);
        assert!(refused.message().contains("GROUPS"), "{refused}");
    } else {
        assert_eq!(rows(&mut conn, groups).await, [1, 3, 5, 7, 9, 11].map(Some));
    }
    let parted = Window::new().partition_by(integer(&t, "col1") % 2_i64).order_by(t.c("col1"));
    let numbered = select((integer(&t, "col1"), aludel::prelude::func::<i64>("row_number", []).over(parted)));
    let numbered = numbered.filter(t.c("col1").le(4)).order_by(t.c("col1"));
    assert_eq!(rows(&mut conn, numbered).await, [(1, 1), (2, 1), (3, 2), (4, 2)]);
}
on_every_database!(case_011_windows_on_real_rows);

async fn case_012_bitwise_operators_on_real_rows(database: &Database) {
    let t = Table::unregistered("bits").column(Column::new("a", Integer).primary_key().autoincrement(false));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many((0..10).map(|a| (a,)))).await.unwrap();
    let a = || integer(&t, "a");
    let kept = |condition| select(a()).filter(condition).order_by(t.c("a"));
    assert_eq!(integers(&mut conn, kept(a().op::<i64>("&", 4).gt(0))).await, [4, 5, 6, 7]);
    assert_eq!(integers(&mut conn, kept(a().op::<i64>("|", 8).eq(9))).await, [1, 9]);
    assert_eq!(integers(&mut conn, kept(a().op::<i64>("<<", 1).gt(0))).await, (1..10).collect::<Vec<_>>());
    assert_eq!(integers(&mut conn, kept(a().op::<i64>(">>", 2).gt(0))).await, (4..10).collect::<Vec<_>>());
    let without_five: Vec<i64> = (0..10).filter(|a| *a != 5).collect();
    let exclusive = match database.kind() {
        crate::database::Kind::Postgres => Some("#"),
        crate::database::Kind::MySql => Some("^"),
        crate::database::Kind::Sqlite => None,
    };
    match exclusive {
        Some(operator) => {
            assert_eq!(integers(&mut conn, kept(a().op::<i64>(operator, 5).gt(0))).await, without_five)
        }
        None => {
            let by_hand = a().op::<i64>("|", 5) - a().op::<i64>("&", 5);
            assert_eq!(integers(&mut conn, kept(by_hand.gt(0_i64))).await, without_five);
        }
    }
}
on_every_database!(case_012_bitwise_operators_on_real_rows);

async fn case_013_common_table_expressions_on_real_rows(database: &Database) {
    let node = Table::unregistered("some_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)))
        .column(Column::new("parent_id", Integer).foreign_key("some_table.id"));
    let other = Table::unregistered("some_other_table")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)))
        .column(Column::new("parent_id", Integer));
    let mut conn = database.connect().await;
    create(&mut conn, (&node, &other)).await;
    for (id, data, parent) in
        [(1, "d1", None), (2, "d2", Some(1)), (3, "d3", Some(1)), (4, "d4", Some(3)), (5, "d5", Some(3))]
    {
        conn.execute(insert(&node).values((id, data, parent))).await.unwrap();
    }
    let some = select((node.c("id"), node.c("data"), node.c("parent_id")))
        .filter(node.c("data").in_(["d2", "d3", "d4"]))
        .cte("some_cte");
    let filtered = select(some.c("data").of::<String>()).filter(some.c("data").in_(["d4", "d5"]));
    assert_eq!(rows(&mut conn, filtered).await, ["d4"]);

    let up = select((node.c("id"), node.c("data"), node.c("parent_id")))
        .filter(node.c("data").in_(["d2", "d3", "d4"]))
        .recursive_cte("up", |start, up| {
            let parents = select((node.c("id"), node.c("data"), node.c("parent_id")));
            start.union_all(parents.join_on(up, node.c("id").eq(up.c("parent_id"))))
        });
    let walked =
        select(up.c("data").of::<String>()).filter(up.c("data").ne("d2")).order_by(up.c("data").desc());
    assert_eq!(rows(&mut conn, walked).await, ["d4", "d3", "d3", "d1", "d1", "d1"]);

    // In front of, or inside of, what changes rows.
    let from_cte = select((some.c("id"), some.c("data"), some.c("parent_id")));
    let inserted = conn.execute(insert(&other).from_select(&from_cte)).await.unwrap();
    assert_eq!(inserted.rowcount(), 3);
    let data = |table: &Table| {
        select((string(table, "data"), table.c("parent_id").of::<Option<i64>>())).order_by(table.c("id"))
    };
    let copied =
        [("d2", Some(1)), ("d3", Some(1)), ("d4", Some(3))].map(|(data, parent)| (data.to_owned(), parent));
    assert_eq!(rows(&mut conn, data(&other)).await, copied);
    let two = select(node.c("id")).filter(node.c("data").in_(["d3", "d4"])).cte("two");
    let changed = update(&other).set("parent_id", 5).filter(other.c("id").in_select(&select(two.c("id"))));
    assert_eq!(conn.execute(changed).await.unwrap().rowcount(), 2);
    let expected =
        [("d2", Some(1)), ("d3", Some(5)), ("d4", Some(5))].map(|(data, parent)| (data.to_owned(), parent));
    assert_eq!(rows(&mut conn, data(&other)).await, expected);
    let deleted = delete(&other).filter(other.c("id").in_select(&select(two.c("id"))));
    assert_eq!(conn.execute(deleted).await.unwrap().rowcount(), 2);
    assert_eq!(how_many(&mut conn, &other).await, 1);
}
on_every_database!(case_013_common_table_expressions_on_real_rows);

async fn unknown_columns_are_found_before_anything_is_sent(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let refused = error(&mut conn, select(t.c("z"))).await;
    assert_eq!(refused.kind(), ErrorKind::Argument);
    assert!(refused.message().contains("some_table") && refused.message().contains('z'), "{refused}");
    // The transaction is none the worse for it.
    assert_eq!(how_many(&mut conn, &t).await, 5);
    assert_eq!(select(t.c("z")).to_sql(&*conn.dialect()).unwrap_err().kind(), SqlErrorKind::Argument);
}
on_every_database!(unknown_columns_are_found_before_anything_is_sent);

async fn conditions_cases_casts_and_aggregates(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let id = || integer(&t, "id");
    let ids = || select(id()).order_by(t.c("id"));
    for (condition, expected) in [
        (id().between(2, 3), &[2, 3][..]),
        (id().eq(1).or(id().gt(4)), &[1, 5]),
        (id().gt(1) & id().lt(4), &[2, 3]),
        (!(id().gt(1)), &[1]),
        (id().is_not_null(), &[1, 2, 3, 4, 5]),
        (id().is_null(), &[]),
        (integer(&t, "x").ne(integer(&t, "id")), &[5]),
        ((integer(&t, "x") + integer(&t, "y")).eq(9), &[4]),
        ((integer(&t, "y") - 2_i64).ge(3_i64), &[4, 5]),
        ((integer(&t, "id") % 2_i64).eq(0), &[2, 4]),
        ((integer(&t, "id") * 2_i64).eq(4), &[2]),
    ] {
        assert_eq!(integers(&mut conn, ids().filter(condition)).await, expected);
    }
    let size = case::<String>().when(id().gt(3), "large").when(id().gt(1), "middling").otherwise("small");
    let sizes = rows(&mut conn, select(size).order_by(t.c("id"))).await;
    assert_eq!(sizes, ["small", "middling", "middling", "large", "large"]);
    let perhaps = case::<i64>().when(id().eq(1), 10).end();
    assert_eq!(rows(&mut conn, select(perhaps).order_by(t.c("id")).limit(2)).await, [Some(10), None]);
    assert_eq!(rows(&mut conn, select(id().cast::<String>()).limit(1).order_by(t.c("id"))).await, ["1"]);
    let totals =
        select((count_all(), sum(id()), avg(id()), min(id()), max(id()), count(t.c("x")).distinct()));
    assert_eq!(rows(&mut conn, totals).await, [(5, Some(15), Some(3.0), Some(1), Some(5), 4)]);
    assert_eq!(rows(&mut conn, select(count(t.c("x")).distinct())).await, [4]);
    let none = select((sum(id()), count(t.c("id")))).filter(id().gt(99));
    assert_eq!(rows(&mut conn, none).await, [(None, 0)]);
    let grouped = select((integer(&t, "x"), count_all())).group_by(t.c("x")).having(count_all().gt(1));
    assert_eq!(rows(&mut conn, grouped).await, [(4, 2)]);
    assert_eq!(
        rows(&mut conn, select(integer(&t, "x")).distinct().order_by(t.c("x").desc())).await,
        [4, 3, 2, 1]
    );
    assert_eq!(rows(&mut conn, select(coalesce(literal(None::<i64>), 3_i64))).await, [3]);
    assert_eq!(
        rows(&mut conn, select((upper(literal("aé".to_owned())), lower(literal("AB".to_owned())))))
            .await
            .len(),
        1
    );
    assert_eq!(rows(&mut conn, select(literal("a".to_owned()).concat("b").concat("%"))).await, ["ab%"]);
    let locked = select(id()).filter(t.c("id").eq(1)).with_for_update();
    assert_eq!(rows(&mut conn, locked).await, [1]);
}
on_every_database!(conditions_cases_casts_and_aggregates);

/// A select list of any length: of a table whose columns only the program knows, by names that came from elsewhere, in the
/// order in which they came.
async fn columns_that_are_known_only_at_run_time(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let all = || select(t.all_columns()).order_by(t.c("id"));
    let points = rows(&mut conn, all()).await;
    assert_eq!(points.len(), 5);
    assert_eq!(points[0].keys().collect::<Vec<_>>(), ["id", "x", "y"]);
    let third: (i64, i64, i64) = points[2].read().unwrap();
    assert_eq!((third, points[2].get_column::<i64>(&t.c("y")).unwrap()), ((3, 3, 4), 4));
    assert!(points[0].get::<i64>("z").unwrap_err().to_string().contains("`z`"));

    let asked_for = ["y", "id"].map(|name| t.c(name));
    let statement =
        select(columns(asked_for).and((integer(&t, "x") * 2_i64).label("double"))).order_by(t.c("id"));
    let first = conn.execute(statement.clone()).first().await.unwrap().unwrap();
    assert_eq!(first.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["y", "id", "double"]);
    assert_eq!((first.get::<i64>("double").unwrap(), first.get_at::<i64>(0).unwrap()), (2, 2));
    assert_eq!(conn.scalars::<i64, _>(statement).await.unwrap(), [2, 3, 4, 5, 6]);

    // Behind something else, and of a side that may be missing.
    let other = t.alias("other");
    let beside = select((integer(&t, "id"), other.all_columns()))
        .outerjoin_on(&other, other.c("id").eq(integer(&t, "id") + 4_i64))
        .order_by(t.c("id"))
        .limit(2);
    let beside = rows(&mut conn, beside).await;
    assert_eq!((beside[0].0, beside[0].1.get::<i64>("y").unwrap()), (1, 6));
    assert_eq!((beside[1].0, beside[1].1.get::<Option<i64>>("y").unwrap()), (2, None));
    let refused = error(&mut conn, select((t.all_columns(), integer(&t, "id")))).await;
    assert!(refused.to_string().contains("stand last in a tuple"), "{refused}");
    let refused = error(&mut conn, select(columns(Vec::<Expression<i64>>::new()))).await;
    assert!(refused.to_string().contains("selects nothing"), "{refused}");

    let inserted = insert(&t).values((6, 7, 8)).returning(t.all_columns());
    if conn.dialect().features().insert_returning {
        let back = conn.execute(inserted).one().await.unwrap();
        assert_eq!((back.get::<i64>("x").unwrap(), back.read::<(i64, i64, i64)>().unwrap()), (7, (6, 7, 8)));
    }
    conn.rollback().await.unwrap();
    drop(conn);
    let mut session = SessionMaker::new(database.engine()).open();
    let seen = session.execute(all().limit(1)).all().await.unwrap();
    assert_eq!((seen.len(), seen[0].get::<i64>("y").unwrap()), (1, 2));
}
on_every_database!(columns_that_are_known_only_at_run_time);
