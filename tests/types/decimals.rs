//! Decimals compare, sort and sum as numbers, also where they are kept as doubles or as text.

use aludel::{
    prelude::*,
    sql::{
        Executable,
        expression::{FrameBound, FrameUnit, Window},
    },
    types::ExactNumeric,
};
use rust_decimal_1::Decimal;

use crate::{
    database::{Database, on_every_database},
    stage::{create, error, integer, rows, sessions},
};

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn table() -> Table {
    Table::unregistered("price")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("plain", Numeric(20, 4)))
        .column(Column::new("exact", ExactNumeric(28, 8)))
}

async fn decimals_are_ordered_compared_and_summed(database: &Database) {
    let mut conn = database.connect().await;
    let t = table();
    create(&mut conn, &t).await;
    let plain = ["9.5", "10", "-2.25", "0.1", "0.2", "100.0001", "-30", "12345678901.2345"];
    let exact = [
        "9.5",
        "10",
        "-2.25",
        "0.1",
        "0.2",
        "12345678901234567890.12345678",
        "-12345678901234567890.12345678",
        "12345678901234567890.12345679",
    ];
    let all =
        (0..).zip(plain.iter().zip(exact)).map(|(id, (plain, exact))| (id, number(plain), number(exact)));
    conn.execute(insert(&t).values_many(all)).await.unwrap();
    let (plain_of, exact_of) = (|| t.c("plain").of::<Decimal>(), || t.c("exact").of::<Decimal>());

    let mut sorted = plain.map(number);
    sorted.sort();
    assert_eq!(rows(&mut conn, select(plain_of()).order_by(plain_of().asc())).await, sorted);
    let mut sorted = exact.map(number);
    sorted.sort();
    assert_eq!(rows(&mut conn, select(exact_of()).order_by(exact_of().asc())).await, sorted);
    sorted.reverse();
    assert_eq!(rows(&mut conn, select(exact_of()).order_by(exact_of().desc())).await, sorted);

    let ids = async |conn: &mut Connection, condition| {
        rows(conn, select(integer(&t, "id")).filter(condition).order_by(t.c("id").asc())).await
    };
    assert_eq!(ids(&mut conn, plain_of().lt(number("10.00"))).await, [0, 2, 3, 4, 6]);
    assert_eq!(ids(&mut conn, exact_of().lt(number("10.00"))).await, [0, 2, 3, 4, 6]);
    // Equal numbers are equal whatever their zeros; a last digit tells numbers apart.
    assert_eq!(ids(&mut conn, exact_of().eq(number("9.500"))).await, [0]);
    assert_eq!(ids(&mut conn, exact_of().ge(number("12345678901234567890.12345679"))).await, [7]);
    assert_eq!(ids(&mut conn, exact_of().in_([number("0.10"), number("10.0")])).await, [1, 3]);
    assert_eq!(ids(&mut conn, exact_of().between(number("-3"), number("0.15"))).await, [2, 3]);
    assert_eq!(ids(&mut conn, t.c("exact").gt(9).and(t.c("exact").lt(100))).await, [0, 1]);

    let total: Option<Decimal> =
        conn.scalar_one(select(sum(plain_of())).filter(t.c("id").le(4))).await.unwrap();
    assert_eq!(total, Some(number("17.55")));
    let total: Option<Decimal> = conn.scalar_one(select(sum(exact_of()))).await.unwrap();
    assert_eq!(total, Some(number("12345678901234567907.67345679")));
    let none: Option<Decimal> =
        conn.scalar_one(select(sum(exact_of())).filter(t.c("id").gt(99))).await.unwrap();
    assert_eq!(none, None);
    let ends = conn.execute(select((min(exact_of()), max(exact_of())))).one().await.unwrap();
    assert_eq!(ends, (Some(number(exact[6])), Some(number(exact[7]))));
    // A window of rows that come and go.
    let window = Window::new().order_by(t.c("id").asc()).frame(
        FrameUnit::Rows,
        FrameBound::Preceding(1),
        FrameBound::CurrentRow,
    );
    let running = sum(exact_of()).over(window);
    let running: Vec<Option<Decimal>> = rows(&mut conn, select(running).order_by(t.c("id").asc())).await;
    assert_eq!(running[..4], ["9.5", "19.5", "7.75", "-2.15"].map(|text| Some(number(text))));
    assert_eq!(running[6], Some(number("0")));

    // Literals do as parameters.
    let literal = insert(&t)
        .values((50, number("1.5"), number("98765432109876543210.5")))
        .to_sql(&*conn.dialect())
        .unwrap();
    conn.exec_driver_sql(aludel::sql::trusted(literal), Vec::new()).await.unwrap();
    assert_eq!(ids(&mut conn, exact_of().eq(number("98765432109876543210.5"))).await, [50]);
    conn.execute(update(&t).set("exact", number("0.30")).filter(t.c("id").eq(50))).await.unwrap();
    assert_eq!(ids(&mut conn, exact_of().eq(number("0.3"))).await, [50]);
}
on_every_database!(decimals_are_ordered_compared_and_summed);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Price {
    #[column(primary_key)]
    pub id: i64,
    #[column(sql_type = ExactNumeric(28, 8))]
    pub exact: Decimal,
    #[column(precision = 28, scale = 8)]
    pub plain: Option<Decimal>,
}

async fn exact_decimals_go_through_a_session(database: &Database) {
    let sessions = sessions(database, MetaData::of(Price)).await;
    let mut session = sessions.open();
    let long = ["12345678901234567890.12345678", "-0.00000001", "7"].map(number);
    let prices = session.add_all(long.map(|exact| Price { exact, ..default() }));
    session.commit().await.unwrap();
    prices[0].set(Price::exact, number("98765432109876543210.87654321"));
    prices[1].set(Price::exact, number("-0.00000002"));
    session.commit().await.unwrap();
    let mut session = sessions.open();
    let found = session.scalars(select(Price).order_by(Price::exact.asc())).all().await.unwrap();
    let found: Vec<Decimal> = found.iter().map(|price| price.read().exact).collect();
    assert_eq!(found, ["-0.00000002", "7", "98765432109876543210.87654321"].map(number));

    // What a double cannot hold is refused before it is sent, by the column's name.
    session.add(Price { plain: Some(number("1234567890.12345678")), ..default() });
    let outcome = session.commit().await;
    if database.is_sqlite() {
        let refused = outcome.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Data);
        let message = refused.message();
        assert!(message.contains("price.plain") && message.contains("18 significant digits"), "{message}");
        assert!(message.contains("ExactNumeric"), "{message}");
        let mut conn = database.connect().await;
        let refused = error(
            &mut conn,
            insert(Price).values(Price { plain: Some(number("0.1234567890123456")), ..default() }),
        )
        .await;
        assert!(refused.message().contains("column `plain`"), "{refused}");
        conn.rollback().await.unwrap();
        let refused =
            error(&mut conn, select(Price).filter(Price::plain.eq(number("0.1234567890123456")))).await;
        assert!(refused.message().contains("column `plain`"), "{refused}");
    } else {
        outcome.unwrap();
    }
}
on_every_database!(exact_decimals_go_through_a_session);
