//! The numbered cases about operators that databases say in words of their own, with real rows.

use aludel::{prelude::*, sql::Expression};
use serde_json_1::{Value as Json, json};

use crate::{
    core_tables::{create, error, integer, integers, rows, string, with_points, with_words},
    database::{Database, on_every_database},
};

async fn case_008_regular_expressions_on_real_rows(database: &Database) {
    let (mut conn, t) = with_words(database, "some_table").await;
    conn.execute(insert(&t).values_many([(1, "abcde"), (2, "ABC"), (3, "b\nc"), (4, "né")])).await.unwrap();
    conn.commit().await.unwrap();
    let found = |condition: Expression<bool>| select(integer(&t, "id")).filter(condition).order_by(t.c("id"));
    let data = || string(&t, "data");
    if database.is_sqlite() {
        // The function behind the operator is one that the program brings.
        let missing = error(&mut conn, found(data().regexp_match("a.c"))).await;
        assert!(missing.message().to_lowercase().contains("regexp"), "{missing}");
        conn.rollback().await.unwrap();
        return;
    }
    assert_eq!(integers(&mut conn, found(data().regexp_match("^a.cde$"))).await, [1]);
    assert_eq!(integers(&mut conn, found(data().regexp_match("a|é"))).await, [1, 4]);
    assert_eq!(integers(&mut conn, found(data().regexp_imatch("ABC"))).await, [1, 2]);
    assert_eq!(integers(&mut conn, found(data().not_regexp_match("a"))).await, [2, 3, 4]);
    assert_eq!(integers(&mut conn, found(!data().regexp_match("[a-c]"))).await, [2, 4]);
}
on_every_database!(case_008_regular_expressions_on_real_rows);

async fn case_012_bits_on_real_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let id = || integer(&t, "id");
    let found = |condition: Expression<bool>| select(id()).filter(condition).order_by(t.c("id"));
    assert_eq!(integers(&mut conn, found(id().bitwise_and(1).eq(1))).await, [1, 3, 5]);
    assert_eq!(integers(&mut conn, found(id().bitwise_or(1).eq(5))).await, [4, 5]);
    assert_eq!(integers(&mut conn, found(id().bitwise_xor(3).eq(0))).await, [3]);
    assert_eq!(integers(&mut conn, found(id().bitwise_not().eq(-3))).await, [2]);
    assert_eq!(integers(&mut conn, found(id().bitwise_lshift(1).eq(4))).await, [2]);
    assert_eq!(integers(&mut conn, found(id().bitwise_rshift(1).eq(2))).await, [4, 5]);
    let negative = select(-id() + id().bitwise_and(-2)).order_by(t.c("id"));
    assert_eq!(integers(&mut conn, negative).await, [-1, 0, -1, 0, -1]);
}
on_every_database!(case_012_bits_on_real_rows);

async fn with_documents(database: &Database) -> (Connection, Table) {
    let t = Table::unregistered("data_table")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("data", aludel::sql::types::Json));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    (conn, t)
}

async fn case_027_documents_come_back(database: &Database) {
    let (mut conn, t) = with_documents(database).await;
    let documents = [
        json!({"key1": "value1", "key2": {"nested": [1, 2.5, {"deep": true}]}}),
        json!([1, 2, 3]),
        json!("some \"string\" with \\ and 'quotes'"),
        json!(5),
        json!(-2.5),
        json!(true),
        json!({}),
        json!({"ключ": "zß水🍋", "k\"q": 1, "a b": 2}),
        Json::Null,
    ];
    let given = (1..).zip(documents.clone()).collect::<Vec<(i64, Json)>>();
    conn.execute(insert(&t).values_many(given)).await.unwrap();
    conn.execute(insert(&t).values((99, None::<Json>))).await.unwrap();
    let read = select(t.c("data").of::<Option<Json>>()).order_by(t.c("id"));
    let mut expected: Vec<Option<Json>> = documents.into_iter().map(Some).collect();
    expected.push(None);
    assert_eq!(rows(&mut conn, read).await, expected);
    // JSON's null is a value; SQL's NULL is none.
    let missing = select(integer(&t, "id")).filter(t.c("data").is_null());
    assert_eq!(integers(&mut conn, missing).await, [99]);
    let there = select(integer(&t, "id")).filter(t.c("data").is_not_null()).filter(t.c("id").ge(9));
    assert_eq!(integers(&mut conn, there).await, [9]);
}
on_every_database!(case_027_documents_come_back);

async fn case_027_the_inside_of_documents(database: &Database) {
    let (mut conn, t) = with_documents(database).await;
    let documents = [
        json!({"s": "text", "n": 7, "f": 2.5, "yes": true, "no": false, "nil": null, "list": ["a", {"b": 3}]}),
        json!({"a b": {"c\"d": "quoted"}, "zß水": "unicode", "n": 12, "$": "dollar", "0": "zero"}),
    ];
    let given = (1..).zip(documents).collect::<Vec<(i64, Json)>>();
    conn.execute(insert(&t).values_many(given)).await.unwrap();
    let data = || t.c("data").json();
    let one = |id: i64| t.c("id").eq(id);
    let values = select((
        data().key("s").as_string(),
        data().key("n").as_integer(),
        data().key("f").as_float(),
        data().key("yes").as_boolean(),
        data().key("no").as_boolean(),
    ));
    assert_eq!(
        rows(&mut conn, values.clone().filter(one(1))).await,
        [(Some("text".to_owned()), Some(7), Some(2.5), Some(true), Some(false))]
    );
    assert_eq!(rows(&mut conn, values.filter(one(2))).await, [(None, Some(12), None, None, None)]);
    let paths = select((
        data().key("list").index(0).as_string(),
        data().key("list").index(1).key("b").as_integer(),
        data().key("list").index(9).as_string(),
    ));
    assert_eq!(rows(&mut conn, paths.filter(one(1))).await, [(Some("a".to_owned()), Some(3), None)]);
    let keys = select((
        data().key("a b").key("c\"d").as_string(),
        data().key("zß水").as_string(),
        data().key("$").as_string(),
        data().key("0").as_string(),
    ));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows(&mut conn, keys.filter(one(2))).await,
        [(text("quoted"), text("unicode"), text("dollar"), text("zero"))]
    );
    // JSON's null inside is NULL as a value, and null as JSON; what is not there is NULL both ways.
    let nothing = select((
        data().key("nil").as_string(),
        data().key("nil").as_integer(),
        data().key("nil").as_json::<Json>(),
        data().key("missing").as_json::<Json>(),
        data().key("list").as_json::<Json>(),
    ));
    assert_eq!(
        rows(&mut conn, nothing.filter(one(1))).await,
        [(None, None, Some(Json::Null), None, Some(json!(["a", {"b": 3}])))]
    );
    let found = |condition: Expression<bool>| select(integer(&t, "id")).filter(condition);
    assert_eq!(integers(&mut conn, found(data().key("n").as_integer().gt(10))).await, [2]);
    assert_eq!(integers(&mut conn, found(data().key("s").as_string().eq("text"))).await, [1]);
    assert_eq!(integers(&mut conn, found(data().key("yes").as_boolean().eq(true))).await, [1]);
    assert_eq!(integers(&mut conn, found(data().key("f").as_float().lt(3.0))).await, [1]);
    let sorted = select(integer(&t, "id")).order_by(data().key("n").as_integer().desc());
    assert_eq!(integers(&mut conn, sorted).await, [2, 1]);
}
on_every_database!(case_027_the_inside_of_documents);
