//! The numbered cases about INSERT, UPDATE and DELETE, with real rows.

use aludel::{
    Decimal,
    driver::{ParameterSets, Statement, Value},
    prelude::*,
    types::{Float, Text},
};

use crate::{
    core_tables::{create, error, how_many, integer, integers, rows, string, with_points, with_words},
    database::{Database, on_every_database},
};

async fn with_employees(database: &Database) -> (Connection, Table) {
    let employees = Table::unregistered("employees")
        .column(Column::new("employee_id", Integer).primary_key())
        .column(Column::new("name", Varchar(50)))
        .column(Column::new("department", Varchar(1)));
    let mut conn = database.connect().await;
    create(&mut conn, &employees).await;
    let names = ["Angela", "Andrew", "Anand", "Bob", "Bobette", "Buffy", "Charlie", "Cynthia", "Chris"];
    let rows = (1..).zip(names).map(|(id, name)| (id, name, &name[..1]));
    conn.execute(insert(&employees).values_many(rows)).await.unwrap();
    conn.commit().await.unwrap();
    (conn, employees)
}

async fn case_014_row_counts_are_of_rows_matched(database: &Database) {
    let (mut conn, t) = with_employees(database).await;
    let of_c = || update(&t).filter(t.c("department").eq("C"));
    assert_eq!(conn.execute(of_c().set("department", "Z")).await.unwrap().rowcount(), 3);
    let same = update(&t).set("department", "Z").filter(t.c("department").eq("Z"));
    assert_eq!(conn.execute(same).await.unwrap().rowcount(), 3, "set to what it is already");
    assert_eq!(conn.execute(of_c().set("department", "Y")).await.unwrap().rowcount(), 0);
    assert_eq!(conn.execute(delete(&t).filter(t.c("department").eq("Z"))).await.unwrap().rowcount(), 3);
    conn.rollback().await.unwrap();

    let by_hand = text("UPDATE employees SET department = :to WHERE department = :from")
        .bind("to", "Z")
        .bind("from", "C");
    let result = conn.execute(by_hand).await.unwrap();
    assert_eq!(result.rowcount(), 3);
    assert!(!result.returns_rows() && result.is_empty());
    let query = conn.execute(select(t.c("name"))).await.unwrap();
    assert_eq!(query.rowcount(), 9);
    conn.rollback().await.unwrap();

    // Many statements that differ only in their values, of which two match.
    let sets = [("Z", 1), ("Z", 99), ("Z", 3)];
    let updates = sets.map(|(to, id)| update(&t).set("department", to).filter(t.c("employee_id").eq(id)));
    let result = conn.execute_batch(updates).await.unwrap();
    assert_eq!((result.rowcount(), result.rowcounts()), (2, &[1, 0, 1][..]));
    let by_hand = |(to, id): (&'static str, i64)| {
        text("UPDATE employees SET department = :to WHERE employee_id = :id").bind("to", to).bind("id", id)
    };
    assert_eq!(conn.execute_batch(sets.map(by_hand)).await.unwrap().rowcount(), 2);
    conn.rollback().await.unwrap();

    // The same with a text and parameters in the driver's own style.
    let mut sql = String::from("UPDATE employees SET department = ");
    let dialect = conn.dialect();
    dialect.write_placeholder(1, &mut sql);
    sql.push_str(" WHERE employee_id = ");
    dialect.write_placeholder(2, &mut sql);
    let statement = Statement::new(sql);
    let values: Vec<Value> =
        sets.iter().flat_map(|(to, id)| [Value::Text((*to).into()), Value::I64(*id)]).collect();
    let mut each = Vec::new();
    let done = conn
        .execute_many(&statement, ParameterSets::new(&values, 2, 3), &mut |_, done| {
            each.push(done.rows);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((done.rows, each), (2, vec![1, 0, 1]));

    if conn.capabilities().returning.update {
        let changed = of_c().set("department", "Z").returning(string(&t, "name"));
        let result = conn.execute(changed).await.unwrap();
        assert_eq!((result.rowcount(), result.len()), (3, 3));
    }
    if conn.capabilities().returning.delete {
        let deleted = delete(&t).filter(t.c("department").eq("B")).returning(string(&t, "name"));
        let result = conn.execute(deleted).await.unwrap();
        assert_eq!((result.rowcount(), result.len()), (3, 3));
    }
}
on_every_database!(case_014_row_counts_are_of_rows_matched);

async fn case_015_inserts_without_values_and_from_a_select(database: &Database) {
    let t = Table::unregistered("autoinc_pk")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)).server_default("'none'"));
    let copy = Table::unregistered("includes_defaults")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)))
        .column(Column::new("x", Integer).server_default("5"));
    let mut conn = database.connect().await;
    create(&mut conn, (&t, &copy)).await;
    for expected in 1..=3 {
        let result = conn.execute(insert(&t)).await.unwrap();
        assert_eq!(result.rowcount(), 1);
        assert!(!result.returns_rows());
        if conn.capabilities().last_insert_id {
            assert_eq!(result.last_insert_id(), Some(expected));
        }
    }
    let all = select((integer(&t, "id"), string(&t, "data"))).order_by(t.c("id"));
    let expected: Vec<_> = (1..=3).map(|id| (id, "none".to_owned())).collect();
    assert_eq!(rows(&mut conn, all).await, expected);

    // The key that the database made, by either way.
    let named = insert(&t).value("data", "some data");
    let key = if conn.capabilities().returning.insert {
        conn.scalar_one(named.returning(integer(&t, "id"))).await.unwrap()
    } else {
        conn.execute(named).await.unwrap().last_insert_id().unwrap()
    };
    let found = select(string(&t, "data")).filter(t.c("id").eq(key));
    assert_eq!(rows(&mut conn, found).await, ["some data"]);
    // A key that is given is taken.
    conn.execute(insert(&t).value("id", 40).value("data", "given")).await.unwrap();
    let found = select(string(&t, "data")).filter(t.c("id").eq(40));
    assert_eq!(rows(&mut conn, found).await, ["given"]);

    // The defaults of the columns that a select leaves out are the database's.
    let source = select(t.c("data")).filter(t.c("data").eq("some data"));
    let copied = insert(&copy).columns(["data"]).from_select(&source);
    assert_eq!(conn.execute(copied).await.unwrap().rowcount(), 1);
    let all = select((integer(&copy, "id"), string(&copy, "data"), integer(&copy, "x")));
    assert_eq!(rows(&mut conn, all).await, [(1, "some data".to_owned(), 5)]);
    let empty = select(t.c("data")).filter(t.c("data").eq("there is none"));
    assert_eq!(
        conn.execute(insert(&copy).columns(["data"]).from_select(&empty)).await.unwrap().rowcount(),
        0
    );
    assert_eq!(
        error(&mut conn, insert(&t).values_many(Vec::<(i32, &str)>::new())).await.kind(),
        ErrorKind::Argument
    );
}
on_every_database!(case_015_inserts_without_values_and_from_a_select);

async fn case_016_returning_of_many_rows(database: &Database) {
    let t = Table::unregistered("autoinc_pk")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)))
        .column(Column::new("amount", Numeric(10, 2)))
        .column(Column::new("rate", Double));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    let amount: Decimal = "8.25".parse().unwrap();
    let row = |number: i64| {
        [
            ("data", Value::Text(format!("d{number}").into())),
            ("amount", Value::Decimal(amount)),
            ("rate", Value::F64(0.5)),
        ]
    };
    let many = || insert(&t).values_many((1..=5).map(row));
    if !conn.capabilities().returning.insert {
        let refused = error(&mut conn, many().returning(integer(&t, "id"))).await;
        assert_eq!(refused.kind(), ErrorKind::Compile);
        assert!(refused.message().contains("RETURNING"), "{refused}");
        return;
    }
    let returned =
        (integer(&t, "id"), string(&t, "data"), t.c("amount").of::<Decimal>(), t.c("rate").of::<f64>());
    let made = rows(&mut conn, many().returning(returned)).await;
    let expected: Vec<_> = (1..=5).map(|id| (id, format!("d{id}"), amount, 0.5)).collect();
    assert_eq!(made, expected);
    assert_eq!(how_many(&mut conn, &t).await, 5);
    // Where RETURNING of an UPDATE is missing, it is not dropped in silence.
    let changed = update(&t).set("data", "x").returning(integer(&t, "id"));
    if conn.capabilities().returning.update {
        assert_eq!(rows(&mut conn, changed).await.len(), 5);
    } else {
        let refused = error(&mut conn, changed).await;
        assert_eq!(refused.kind(), ErrorKind::Compile);
        assert!(refused.message().contains("RETURNING"), "{refused}");
        assert_eq!(
            rows(&mut conn, select(count_all()).select_from(&t).filter(t.c("data").eq("x"))).await,
            [0]
        );
    }
}
on_every_database!(case_016_returning_of_many_rows);

async fn case_017_a_duplicate_key_is_an_integrity_error(database: &Database) {
    let (mut conn, t) = with_words(database, "manual_pk").await;
    conn.execute(insert(&t).values((1, "d1"))).await.unwrap();
    conn.commit().await.unwrap();
    let refused = error(&mut conn, insert(&t).values((1, "d2"))).await;
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    assert!(!refused.is_disconnect());
    assert!(refused.statement().unwrap().starts_with("INSERT INTO manual_pk"), "{refused}");
    conn.rollback().await.unwrap();
    conn.execute(insert(&t).values((2, "d2"))).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(integers(&mut conn, select(integer(&t, "id")).order_by(t.c("id"))).await, [1, 2]);
}
on_every_database!(case_017_a_duplicate_key_is_an_integrity_error);

async fn case_034_returning_of_changed_and_deleted_rows(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let all = || (integer(&t, "id"), integer(&t, "x"));
    let changed = update(&t).set("x", integer(&t, "x") + 10_i64).filter(t.c("id").le(2)).returning(all());
    if conn.capabilities().returning.update {
        let mut changed = rows(&mut conn, changed).await;
        changed.sort_unstable();
        assert_eq!(changed, [(1, 11), (2, 12)]);
    } else {
        assert_eq!(error(&mut conn, changed).await.kind(), ErrorKind::Compile);
        conn.execute(update(&t).set("x", integer(&t, "x") + 10_i64).filter(t.c("id").le(2))).await.unwrap();
    }
    let deleted = delete(&t).filter(t.c("id").le(2)).returning(all());
    if conn.capabilities().returning.delete {
        let mut deleted = rows(&mut conn, deleted).await;
        deleted.sort_unstable();
        assert_eq!(deleted, [(1, 11), (2, 12)]);
        assert_eq!(how_many(&mut conn, &t).await, 3);
    } else {
        assert_eq!(error(&mut conn, deleted).await.kind(), ErrorKind::Compile);
    }
}
on_every_database!(case_034_returning_of_changed_and_deleted_rows);

async fn case_035_changes_touch_only_what_matches(database: &Database) {
    let (mut conn, t) = with_words(database, "plain_pk").await;
    conn.execute(insert(&t).values_many([(1, "d1"), (2, "d2"), (3, "d3")])).await.unwrap();
    let all = || select((integer(&t, "id"), string(&t, "data"))).order_by(t.c("id"));
    let result = conn.execute(update(&t).set("data", "d2_new").filter(t.c("id").eq(2))).await.unwrap();
    assert!(!result.returns_rows());
    let expected = [(1, "d1"), (2, "d2_new"), (3, "d3")].map(|(id, data)| (id, data.to_owned()));
    assert_eq!(rows(&mut conn, all()).await, expected);
    conn.execute(delete(&t).filter(t.c("id").eq(2))).await.unwrap();
    let expected = [(1, "d1"), (3, "d3")].map(|(id, data)| (id, data.to_owned()));
    assert_eq!(rows(&mut conn, all()).await, expected);
}
on_every_database!(case_035_changes_touch_only_what_matches);

async fn batches_stand_or_fall_together(database: &Database) {
    let (mut conn, t) = with_words(database, "batched").await;
    let all = || select((integer(&t, "id"), string(&t, "data"))).order_by(t.c("id"));
    let word = |id: i64| insert(&t).values((id, format!("d{id}")));
    let result = conn.execute_batch((1..=1500).map(word)).await.unwrap();
    assert_eq!((result.rowcount(), result.rowcounts().len()), (1500, 1500));
    assert_eq!(how_many(&mut conn, &t).await, 1500);
    conn.rollback().await.unwrap();
    // Statements of several shapes keep their order; one of many rows counts as one.
    let many = insert(&t).values_many((1..=1203).map(|id| (id, "many")));
    let changed = update(&t).set("data", "changed").filter(t.c("id").le(1100));
    let nodes: Vec<Change> = vec![
        Change::Insert(word(5000)),
        Change::Insert(word(5001)),
        Change::Insert(many),
        Change::Update(changed),
        Change::Insert(word(5002)),
    ];
    let result = conn.execute_batch(nodes).await.unwrap();
    assert_eq!(result.rowcounts(), [1, 1, 1203, 1100, 1]);
    assert_eq!(rows(&mut conn, all()).await.len(), 1206);
    conn.rollback().await.unwrap();
    assert_eq!(conn.execute_batch(Vec::<aludel::sql::statement::Insert>::new()).await.unwrap().rowcount(), 0);
    // Where no transaction is around them, none of them stays when one fails.
    conn.execute_batch((1..=3).map(word)).await.unwrap();
    conn.commit().await.unwrap();
    conn.set_autocommit(true).unwrap();
    let refused = conn.execute_batch([10, 11, 2, 12].map(word)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    assert!(refused.statement().unwrap().starts_with("INSERT INTO batched"), "{refused}");
    assert_eq!(how_many(&mut conn, &t).await, 3);
    conn.execute_batch([10, 11].map(word)).await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 5);
    let refused = conn.execute_batch([all(), all()]).await.unwrap_err();
    assert!(refused.message().contains("that give no rows"), "{refused}");
}
on_every_database!(batches_stand_or_fall_together);

/// Statements of several kinds in one list.
enum Change {
    Insert(aludel::sql::statement::Insert),
    Update(aludel::sql::statement::Update),
}

impl aludel::sql::Executable for Change {
    type Row = ();

    fn node(&self) -> aludel::sql::StatementNode {
        match self {
            Self::Insert(insert) => insert.node(),
            Self::Update(update) => update.node(),
        }
    }

    fn plan(
        &self,
        _: &std::sync::Arc<[aludel::sql::ColumnInfo]>,
    ) -> aludel::sql::Result<aludel::sql::RowPlan> {
        Ok(aludel::sql::RowPlan::default())
    }

    fn decode(&self, _: &dyn aludel::sql::Row, _: &aludel::sql::RowPlan) -> aludel::sql::Result<()> {
        Ok(())
    }
}

async fn results_are_read_in_many_ways(database: &Database) {
    let (mut conn, t) = with_words(database, "results").await;
    conn.execute(insert(&t).values_many((1..=7).map(|id| (id, format!("d{id}"))))).await.unwrap();
    let by_hand = || text("SELECT id, data FROM results ORDER BY id");
    let result = conn.execute(by_hand()).await.unwrap();
    assert_eq!(result.keys(), ["id", "data"]);
    let row = &result.rows()[0];
    assert_eq!(row.keys().collect::<Vec<_>>(), ["id", "data"]);
    assert_eq!(
        row.iter().map(|(name, value)| (name, value.clone())).collect::<Vec<_>>(),
        [("id", Value::I64(1)), ("data", Value::Text("d1".into())),]
    );
    assert_eq!(row.get::<i64>("id").unwrap(), 1);
    assert_eq!(row.get_at::<String>(1).unwrap(), "d1");
    assert_eq!(row.get_column::<String>(&t.c("data")).unwrap(), "d1");
    assert_eq!(row.read::<(i64, String)>().unwrap(), (1, "d1".to_owned()));
    assert_eq!(row.read::<(i64,)>().unwrap_err().kind(), aludel::sql::ErrorKind::Argument);
    assert_ne!(row, &result.rows()[1]);
    let twice = text("SELECT id, data, id FROM results WHERE id = 1");
    let twice = conn.execute(twice).one().await.unwrap();
    assert!(twice.get::<i64>("id").unwrap_err().to_string().contains("more than one column `id`"));
    assert!(
        twice.get_column::<i64>(&t.c("id")).unwrap_err().to_string().contains("more than one column `id`")
    );
    assert_eq!(
        twice,
        conn.execute(text("SELECT id AS x, data AS y, id AS z FROM results WHERE id = 1"))
            .one()
            .await
            .unwrap()
    );

    // In portions, buffered and streamed.
    let numbers = || select((integer(&t, "id"),)).order_by(t.c("id"));
    let mut result = conn.execute(numbers()).await.unwrap();
    assert_eq!(result.fetch_many(3), [(1,), (2,), (3,)]);
    assert_eq!(result.fetch_many(0), []);
    assert_eq!((result.len(), result.rows().len()), (4, 4));
    assert_eq!(result.fetch_many(9), [(4,), (5,), (6,), (7,)]);
    assert_eq!(result.fetch_many(1), []);
    let parts: Vec<usize> =
        conn.execute(numbers()).await.unwrap().partitions(3).map(|part| part.len()).collect();
    assert_eq!(parts, [3, 3, 1]);
    let mut stream = conn.stream(numbers()).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), Some((1,)));
    let mut parts = stream.partitions(4);
    assert_eq!(parts.next().await.unwrap().unwrap(), [(2,), (3,), (4,), (5,)]);
    assert_eq!(parts.next().await.unwrap().unwrap(), [(6,), (7,)]);
    assert_eq!(parts.next().await.unwrap(), None);
    stream.close().await.unwrap();

    // One value.
    let of = |id: i64| select((integer(&t, "id"),)).filter(t.c("id").eq(id));
    assert_eq!(conn.execute(of(5)).await.unwrap().scalar_one().unwrap(), 5);
    assert_eq!(
        conn.execute(of(50)).await.unwrap().scalar_one().unwrap_err().kind(),
        ErrorKind::NoResultFound
    );
    assert_eq!(conn.execute(of(50)).await.unwrap().scalar_one_or_none().unwrap(), None);
    let refused = conn.execute(numbers()).await.unwrap().scalar_one_or_none().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::MultipleResultsFound);
    let one = |id: i64| select(integer(&t, "id")).filter(t.c("id").eq(id));
    assert_eq!(conn.scalar_one_or_none(one(5)).await.unwrap(), Some(5));
    assert_eq!(conn.scalar_one_or_none(one(50)).await.unwrap(), None);
    let refused = conn.scalar_one_or_none(select(integer(&t, "id"))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::MultipleResultsFound);

    // A statement without rows has none to read, whichever way.
    let change = || update(&t).set("data", "x").filter(t.c("id").eq(1));
    for refused in [
        conn.execute(change()).all().await.unwrap_err(),
        conn.execute(change()).first().await.unwrap_err(),
        conn.execute(change()).one().await.unwrap_err(),
        conn.execute(change()).await.unwrap().one_or_none().unwrap_err(),
        conn.execute(text("UPDATE results SET data = 'x'")).all().await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("does not return rows"), "{refused}");
    }
    // An empty result has its columns all the same.
    let empty = conn.execute(of(50)).await.unwrap();
    assert_eq!((empty.keys(), empty.returns_rows(), empty.len()), (vec!["id"], true, 0));
}
on_every_database!(results_are_read_in_many_ways);

async fn ten_thousand_rows_go_in_and_come_back(database: &Database) {
    let t = Table::unregistered("measurements")
        .column(Column::new("id", BigInteger).primary_key())
        .column(Column::new("name", Varchar(60)).not_null())
        .column(Column::new("rate", Double).not_null())
        .column(Column::new("note", Text));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    let row =
        |id: i64| (id, format!("name {id} é"), id as f64 / 8.0, (id % 3 == 0).then(|| format!("note {id}")));
    let result = conn.execute(insert(&t).values_many((1..10_001).map(row))).await.unwrap();
    assert_eq!(result.rowcount(), 10_000);
    conn.commit().await.unwrap();
    let all = select((
        integer(&t, "id"),
        string(&t, "name"),
        t.c("rate").of::<f64>(),
        t.c("note").of::<Option<String>>(),
    ));
    let back = rows(&mut conn, all.order_by(t.c("id"))).await;
    assert_eq!(back.len(), 10_000);
    assert!(back.into_iter().zip(1..).all(|(seen, id)| seen == row(id)));
    // A row in the middle that fails takes all others with it.
    let rows = (20_000..25_000).chain([5]).chain(30_000..31_000).map(row);
    let refused = error(&mut conn, insert(&t).values_many(rows)).await;
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 10_000);
    conn.set_autocommit(true).unwrap_err();
    conn.commit().await.unwrap();
    // Also where each statement stands alone.
    conn.set_autocommit(true).unwrap();
    let rows = (40_000..45_000).chain([5]).map(row);
    assert_eq!(error(&mut conn, insert(&t).values_many(rows)).await.kind(), ErrorKind::Integrity);
    assert_eq!(how_many(&mut conn, &t).await, 10_000);
}
on_every_database!(ten_thousand_rows_go_in_and_come_back);

async fn changes_can_name_other_tables(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    // A value that is calculated from the row itself, and one from a subquery.
    let greatest = select(max(integer(&t, "y"))).scalar_subquery();
    if !database.is_mysql() {
        conn.execute(update(&t).set("y", greatest).filter(t.c("id").eq(1))).await.unwrap();
        assert_eq!(rows(&mut conn, select(integer(&t, "y")).filter(t.c("id").eq(1))).await, [6]);
    }
    let other = Table::unregistered("other")
        .column(
            Column::new("point_id", Integer).primary_key().autoincrement(false).foreign_key("some_table.id"),
        )
        .column(Column::new("weight", Float));
    create(&mut conn, &other).await;
    conn.execute(insert(&other).values_many([(2, 1.5), (3, 0.25)])).await.unwrap();
    let weighed =
        update(&t).set("x", 100).filter(t.c("id").eq(other.c("point_id"))).filter(other.c("weight").gt(1.0));
    assert_eq!(conn.execute(weighed).await.unwrap().rowcount(), 1);
    assert_eq!(integers(&mut conn, select(integer(&t, "id")).filter(t.c("x").eq(100))).await, [2]);
    let unused = select(integer(&other, "point_id"));
    let deleted = delete(&t).filter(t.c("id").not_in_select(&unused));
    assert_eq!(conn.execute(deleted).await.unwrap().rowcount(), 3);
    // What is referenced stays, and the error says which constraint kept it.
    let refused = error(&mut conn, delete(&t)).await;
    assert_eq!(refused.kind(), ErrorKind::Integrity);
}
on_every_database!(changes_can_name_other_tables);
