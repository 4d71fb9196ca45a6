//! What a database cannot hold is refused before anything is sent, by the name of the column.

use aludel::{
    driver::Discard,
    prelude::*,
    sql::{
        ColumnType, Executable, Interval, StatementNode, case, exists, literal,
        statement::{Parameter, reusable},
        values,
    },
    types::{Interval as IntervalType, ScaledNumeric, Text, TinyInteger, UnsignedBigInteger},
};
use chrono_0_4::{NaiveDate, TimeDelta};

use crate::{
    database::{Database, on_every_database},
    stage::{create, error, integer},
};

fn table() -> Table {
    Table::unregistered("holder")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("large", UnsignedBigInteger))
        .column(Column::new("tiny", TinyInteger))
        .column(Column::new("length", IntervalType))
        .column(Column::new("float", Double))
        .column(Column::new("word", Text))
        .column(Column::new("day", aludel::types::Date))
        .column(Column::new("price", ScaledNumeric(18, 2)))
}

/// The message of a statement that is refused, and that nothing was sent for it.
async fn refused(conn: &mut Connection, statement: impl Executable) -> String {
    let error = error(conn, statement).await;
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    // Only what a driver refuses has no code of a server.
    assert_eq!(error.code(), None, "{error}");
    conn.rollback().await.unwrap();
    error.message().to_owned()
}

async fn what_does_not_fit_is_refused_by_name(database: &Database) {
    let mut conn = database.connect().await;
    let t = table();
    create(&mut conn, &t).await;
    let one = |column: &'static str| insert(&t).value("id", 1).value(column, 1);
    conn.execute(one("large")).await.unwrap();
    conn.rollback().await.unwrap();

    if database.is_sqlite() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("price", i64::MAX)).await;
        assert!(message.contains("column `price`") && message.contains("9999999999999999"), "{message}");
        conn.execute(insert(&t).value("id", 1).value("price", 9_999_999_999_999_999_i64)).await.unwrap();
        conn.rollback().await.unwrap();
    }
    if !database.is_mysql() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("large", u64::MAX)).await;
        assert!(message.contains("column `large`"), "{message}");
        let many = insert(&t).columns(["id", "large"]).values_many([(1, 1_u64), (2, u64::MAX)]);
        let message = refused(&mut conn, many).await;
        assert!(message.contains("column `large`"), "{message}");
        let message = refused(&mut conn, update(&t).set("large", u64::MAX).filter(t.c("id").eq(1))).await;
        assert!(message.contains("column `large`"), "{message}");
        let message = refused(&mut conn, delete(&t).filter(t.c("large").eq(u64::MAX))).await;
        assert!(message.contains("column `large`"), "{message}");
        let listed = select(t.c("id").of::<i64>()).filter(t.c("large").in_([1, u64::MAX]));
        let message = refused(&mut conn, listed).await;
        assert!(message.contains("column `large`"), "{message}");
    }
    if database.is_postgres() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("tiny", 40_000)).await;
        assert!(message.contains("column `tiny`") && message.contains("40000 does not fit"), "{message}");
        let message = refused(&mut conn, insert(&t).value("id", 1).value("word", "a\0b")).await;
        assert!(message.contains("column `word`") && message.contains("NUL"), "{message}");
        let message =
            refused(&mut conn, insert(&t).value("id", 1).value("day", "tomorrow".to_owned().into_bytes()))
                .await;
        assert!(
            message.contains("column `day`") && message.contains("bytes") && message.contains("date"),
            "{message}"
        );
    } else {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("float", f64::NAN)).await;
        assert!(message.contains("column `float`") && message.contains("NaN"), "{message}");
        let months = Interval::months(1);
        let message = refused(&mut conn, insert(&t).value("id", 1).value("length", months)).await;
        assert!(message.contains("column `length`") && message.contains("months"), "{message}");
    }
    if database.is_mysql() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("float", f64::INFINITY)).await;
        assert!(message.contains("column `float`"), "{message}");
        let early = NaiveDate::from_ymd_opt(-44, 3, 15).unwrap();
        let message = refused(&mut conn, insert(&t).value("id", 1).value("day", early)).await;
        assert!(message.contains("column `day`") && message.contains("0 to 9999"), "{message}");
    }
    let message = refused(&mut conn, insert(&t).value("id", 1).value("length", TimeDelta::MAX)).await;
    assert!(message.contains("column `length`") && message.contains("too long"), "{message}");
}
on_every_database!(what_does_not_fit_is_refused_by_name);

/// Wherever in a statement a value stands, and whichever way the statement is executed.
async fn a_refused_value_is_named_wherever_it_stands(database: &Database) {
    let mut conn = database.connect().await;
    let t = table();
    create(&mut conn, &t).await;
    // No database of ours takes this one; the column that it stands beside.
    let (column, value) = match database.is_mysql() {
        true => ("length", Interval::months(1).to_value()),
        false => ("large", u64::MAX.to_value()),
    };
    let id = || integer(&t, "id");
    let wrong = || t.c(column).eq(value.clone());
    let chosen = || select(id()).filter(wrong());
    let other = t.alias("other");
    let derived = chosen().subquery("derived");
    let common = chosen().cte("common");
    let written = values("written", ["id", column], [(1_i64.to_value(), value.clone())]);
    let mut statements: Vec<(&str, StatementNode)> = vec![
        ("a condition", chosen().node()),
        ("a second condition", select(id()).filter(id().gt(1)).filter(id().lt(9).or(wrong())).node()),
        ("the condition of a join", select(id()).join_on(&other, other.c(column).eq(value.clone())).node()),
        (
            "HAVING",
            select(count(id()))
                .group_by(id())
                .having(max(t.c(column).of::<i64>()).lt(5_i64).or(wrong()))
                .node(),
        ),
        ("the select list", select(wrong()).node()),
        ("ORDER BY", select(id()).order_by(case::<i64>().when(wrong(), 1_i64).otherwise(2_i64)).node()),
        ("a subquery in FROM", select(derived.c("id").of::<i64>()).filter(derived.c("id").gt(0)).node()),
        ("WITH", select(common.c("id").of::<i64>()).node()),
        ("a subquery in IN", select(id()).filter(id().in_select(&chosen())).node()),
        ("EXISTS", select(id()).filter(exists(&chosen())).node()),
        ("a part of a union", select(id()).union(chosen()).node()),
        ("the condition of an UPDATE", update(&t).set("id", 1).filter(wrong()).node()),
        ("what a column is set to", update(&t).set("id", 1).set(column, value.clone()).node()),
        ("the condition of a DELETE", delete(&t).filter(wrong()).node()),
        ("a row", insert(&t).value("id", 1).value(column, value.clone()).node()),
        (
            "a row beside an expression",
            insert(&t).value("id", literal(1_i64) + 1_i64).value(column, value.clone()).node(),
        ),
        ("the rows of a select", insert(&t).columns(["id"]).from_select(&chosen()).node()),
    ];
    if !database.is_postgres() {
        // There they have types of their own, which take more.
        statements.push(("rows that are written out", select(written.c("id").of::<i64>()).node()));
    }
    let watched = database.engine_with(|builder| builder);
    watched.events().before_execute.listen(|_| Ok(()));
    let mut listening = watched.connect().await.unwrap();
    for (place, statement) in statements {
        for conn in [&mut conn, &mut listening] {
            let mut sink = Discard;
            let error = conn.fetch_node(&statement, &mut sink).await.unwrap_err();
            let message = error.message();
            assert!(message.contains(&format!("column `{column}`")), "{place}: {message}");
            assert_eq!((error.kind(), error.code()), (ErrorKind::Data, None), "{place}: {error}");
            conn.rollback().await.unwrap();
        }
    }
    let (of_size, of_length) = (t.clone(), t.clone());
    let by_size = reusable(move |size: Parameter<u64>| {
        select(integer(&of_size, "id")).filter(of_size.c("large").of::<u64>().eq(size))
    });
    let by_length = reusable(move |length: Parameter<Interval>| {
        select(integer(&of_length, "id")).filter(of_length.c("length").of::<Interval>().eq(length))
    });
    // Each way that a result is asked for; the second time the statement is known.
    for _ in 0..2 {
        let messages = [
            conn.execute(chosen()).one().await.unwrap_err(),
            conn.execute(chosen()).one_or_none().await.unwrap_err(),
            conn.execute(chosen()).first().await.unwrap_err(),
            conn.execute(chosen()).all().await.unwrap_err(),
            conn.scalar(chosen()).await.unwrap_err(),
            conn.stream(chosen()).await.map(|_| ()).unwrap_err(),
        ];
        let reused = match database.is_mysql() {
            true => conn.execute(by_length.with(Interval::months(1))).all().await,
            false => conn.execute(by_size.with(u64::MAX)).all().await,
        };
        for error in messages.into_iter().chain([reused.unwrap_err()]) {
            assert!(error.message().contains(&format!("column `{column}`")), "{error}");
        }
        conn.rollback().await.unwrap();
    }
}
on_every_database!(a_refused_value_is_named_wherever_it_stands);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Holder {
    #[column(primary_key)]
    pub id: i64,
    pub large: u64,
    pub word: String,
}

async fn what_cannot_be_read_names_column_and_types(database: &Database) {
    let mut conn = database.connect().await;
    create(&mut conn, Holder).await;
    conn.execute(insert(Holder).values(Holder { id: 1, large: 300, word: "x".to_owned() })).await.unwrap();
    let number = text("SELECT word AS number FROM holder").returns::<(i64,)>();
    let message = error(&mut conn, number).await.message().to_owned();
    assert!(
        message.contains("column 1") && message.contains("text") && message.contains("`i64`"),
        "{message}"
    );
    #[derive(Debug, FromRow)]
    struct Small {
        #[allow(dead_code)]
        large: u8,
    }
    let small = text("SELECT large FROM holder").returns::<Small>();
    let message = error(&mut conn, small).await.message().to_owned();
    assert!(
        message.contains("column `large`") && message.contains("300") && message.contains("`u8`"),
        "{message}"
    );
    conn.execute(text("UPDATE holder SET word = 'y', large = 0")).await.unwrap();
    let none = text("SELECT NULL AS word").returns::<(String,)>();
    let message = error(&mut conn, none).await.message().to_owned();
    assert!(message.contains("NULL") && message.contains("Option<String>"), "{message}");
}
on_every_database!(what_cannot_be_read_names_column_and_types);
