//! Statements that are built once, and the short way of those that the driver does within a call.

use aludel::{
    prelude::*,
    sql::{
        Value,
        statement::{Parameter, reusable},
    },
};

use crate::{
    core_tables::{error, integer, with_points},
    database::{Database, on_every_database},
};

async fn a_reusable_statement_is_executed_with_other_values(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let (id, x, y) = (integer(&t, "id"), integer(&t, "x"), integer(&t, "y"));
    let by_id = {
        let (id, x, y) = (id.clone(), x.clone(), y.clone());
        reusable(move |key: Parameter<i64>| select((x.clone(), y.clone())).filter(id.clone().eq(key)))
    };
    // More often than statements run without being waited for on SQLite.
    for round in 0..300_i64 {
        let key = 1 + round % 3;
        assert_eq!(conn.execute(by_id.with(key)).one().await.unwrap(), (key, key + 1), "round {round}");
    }
    assert_eq!(conn.execute(by_id.with(77)).one_or_none().await.unwrap(), None);
    let missing = conn.execute(by_id.with(77)).one().await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NoResultFound);
    assert_eq!(conn.execute(by_id.with(2)).all().await.unwrap(), [(2, 3)]);

    let between = {
        let id = id.clone();
        reusable(move |(to, from): (Parameter<i64>, Parameter<i64>)| {
            let known = id.clone().ge(from).and(id.clone().le(to));
            select(id.clone()).filter(known).filter(id.clone().ne(2_i64)).order_by(id.clone())
        })
    };
    for _ in 0..3 {
        assert_eq!(conn.execute(between.with((3, 1))).all().await.unwrap(), [1, 3]);
        assert_eq!(conn.scalar(between.with((3, 1))).await.unwrap(), Some(1));
        let many = conn.execute(between.with((3, 1))).one().await.unwrap_err();
        assert_eq!(many.kind(), ErrorKind::MultipleResultsFound);
    }
}
on_every_database!(a_reusable_statement_is_executed_with_other_values);

async fn errors_on_the_short_way_name_the_statement_and_leave_the_transaction(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let add = || insert(&t).value("id", 1_i64).value("x", 1_i64).value("y", 1_i64);
    for _ in 0..3 {
        let failed = error(&mut conn, add()).await;
        assert_eq!(failed.kind(), ErrorKind::Integrity);
        assert!(failed.to_string().contains("INSERT INTO"), "{failed}");
        conn.rollback().await.unwrap();
        conn.scalar(select(integer(&t, "id")).filter(integer(&t, "id").eq(1_i64))).await.unwrap();
    }
    let rows = conn.execute(select(integer(&t, "id")).filter(integer(&t, "id").le(2_i64))).await.unwrap();
    assert_eq!((rows.keys(), rows.len()), (vec!["id"], 2));
}
on_every_database!(errors_on_the_short_way_name_the_statement_and_leave_the_transaction);

async fn who_listens_sees_what_would_go_the_short_way(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let one = || select(integer(&t, "x")).filter(integer(&t, "id").eq(1_i64));
    for _ in 0..3 {
        assert_eq!(conn.scalar(one()).await.unwrap(), Some(1));
    }
    let id = conn.engine().events().before_cursor_execute.listen(|event| {
        event.parameters.clear();
        event.parameters.push(Value::I64(2));
        Ok(())
    });
    assert_eq!(conn.scalar(one()).await.unwrap(), Some(2));
    conn.engine().events().before_cursor_execute.remove(id);
    assert_eq!(conn.scalar(one()).await.unwrap(), Some(1));
}
on_every_database!(who_listens_sees_what_would_go_the_short_way);
