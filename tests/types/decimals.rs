//! Decimals compare, sort and sum as numbers, also where they are kept as doubles or as text.

use aludel::{
    prelude::*,
    sql::{
        Executable, case, coalesce,
        expression::{FrameBound, FrameUnit, Window},
        literal,
        typed::{abs, nullif},
    },
    types::{ExactNumeric, ScaledNumeric},
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

async fn case_026_decimals_are_ordered_compared_and_summed(database: &Database) {
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
on_every_database!(case_026_decimals_are_ordered_compared_and_summed);

fn kept() -> Table {
    Table::unregistered("kept")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("price", ScaledNumeric(18, 2)))
        .column(Column::new("cost", ScaledNumeric(18, 4)))
        .column(Column::new("text", ExactNumeric(30, 2)))
        .column(Column::new("pieces", Integer))
}

/// Decimals that SQLite keeps as whole numbers: what only compares, orders and adds them is exact beyond what a double holds,
/// and what calculates with them is right.
async fn case_026_decimals_kept_as_whole_numbers(database: &Database) {
    let mut conn = database.connect().await;
    let t = kept();
    create(&mut conn, &t).await;
    let prices = ["9.50", "10", "-2.25", "0.1", "1234567890123456.78", "1234567890123456.79", "9.5"];
    let all = (0_i64..).zip(prices).map(|(id, price)| (id, number(price), number("9.5"), number(price), 3));
    conn.execute(insert(&t).values_many(all)).await.unwrap();
    conn.execute(insert(&t).value("id", 7).value("pieces", 2)).await.unwrap();
    if database.is_sqlite() {
        let inside =
            text("SELECT CAST(price AS TEXT) || typeof(price) FROM kept WHERE id = 4").returns::<(String,)>();
        assert_eq!(rows(&mut conn, inside).await, [("123456789012345678integer".to_owned(),)]);
    }
    let (id, price, cost) =
        (|| integer(&t, "id"), || t.c("price").of::<Decimal>(), || t.c("cost").of::<Decimal>());
    let given = || select(price()).filter(t.c("id").lt(7));
    let mut sorted = prices.map(number);
    sorted.sort();
    assert_eq!(rows(&mut conn, given().order_by(price().asc())).await, sorted);
    assert_eq!(
        rows(
            &mut conn,
            select(price().label("cost of it"))
                .filter(id().lt(7))
                .order_by(price().label("cost of it").asc())
        )
        .await,
        sorted
    );
    sorted.reverse();
    assert_eq!(rows(&mut conn, given().order_by(price().desc())).await, sorted);
    assert_eq!(
        rows(
            &mut conn,
            select(price())
                .filter(id().eq(5))
                .union(select(price()).filter(id().le(1)))
                .order_by(price().asc())
        )
        .await,
        ["9.5", "10", prices[5]].map(number)
    );

    let ids = async |conn: &mut Connection, condition| {
        rows(conn, select(id()).filter(condition).order_by(t.c("id").asc())).await
    };
    assert_eq!(ids(&mut conn, price().lt(number("10.00"))).await, [0, 2, 3, 6]);
    assert_eq!(ids(&mut conn, price().eq(number("9.500"))).await, [0, 6]);
    assert_eq!(ids(&mut conn, price().ge(number(prices[5]))).await, [5]);
    assert_eq!(ids(&mut conn, price().in_([number("0.10"), number("10")])).await, [1, 3]);
    assert_eq!(ids(&mut conn, price().between(number("-3"), number("0.15"))).await, [2, 3]);
    assert_eq!(ids(&mut conn, t.c("price").gt(9).and(t.c("price").lt(100))).await, [0, 1, 6]);
    assert_eq!(ids(&mut conn, price().is_null()).await, [7]);
    // Beside columns that keep other digits, or are something else.
    assert_eq!(ids(&mut conn, price().eq(cost())).await, [0, 6]);
    assert_eq!(ids(&mut conn, price().gt(cost())).await, [1, 4, 5]);
    assert_eq!(ids(&mut conn, t.c("price").lt(t.c("pieces"))).await, [2, 3]);
    assert_eq!(ids(&mut conn, t.c("pieces").gt(t.c("price"))).await, [2, 3]);
    assert_eq!(ids(&mut conn, (price() + price()).eq(number("19"))).await, [0, 6]);
    assert_eq!(ids(&mut conn, (price() * number("2")).lt(number("1"))).await, [2, 3]);
    assert_eq!(ids(&mut conn, coalesce(price(), number("10")).eq(number("10"))).await, [1, 7]);
    assert_eq!(
        ids(&mut conn, coalesce(t.c("price").of::<Option<Decimal>>(), cost()).lt(number("1"))).await,
        [2, 3]
    );
    let half_price = select(price()).filter(id().eq(0)).scalar_subquery();
    assert_eq!(ids(&mut conn, price().eq(half_price.clone())).await, [0, 6]);
    assert_eq!(ids(&mut conn, (price() - half_price).eq(number("0.5"))).await, [1]);
    assert_eq!(ids(&mut conn, price().in_select(&select(price()).filter(id().le(1)))).await, [0, 1, 6]);
    let derived = select((id().label("id"), price().label("amount"))).subquery("derived");
    let found = select(derived.c("id").of::<i64>()).filter(derived.c("amount").gt(number("10")));
    assert_eq!(rows(&mut conn, found.order_by(derived.c("id"))).await, [4, 5]);
    let pair = aludel::sql::tuple((t.c("price"), t.c("id")));
    assert_eq!(ids(&mut conn, pair.in_([(number("9.5"), 6), (number("9.5"), 7)])).await, [6]);

    // What is calculated.
    let one = select((price() * number("3"), -price(), abs(price()), price().cast::<f64>()));
    let found = conn.execute(one.filter(id().eq(2))).one().await.unwrap();
    assert_eq!(found, (number("-6.75"), number("2.25"), number("2.25"), -2.25));
    let chosen = case::<Decimal>().when(id().eq(0), price()).otherwise(number("1.5"));
    assert_eq!(
        rows(&mut conn, select(chosen).filter(id().le(1)).order_by(id().asc())).await,
        ["9.5", "1.5"].map(number)
    );
    let sums = select((sum(price()), avg(price()), min(price()), max(price()), count(price())));
    let found = conn.execute(sums).one().await.unwrap();
    let of = |text: &str| Some(number(text));
    assert_eq!(
        (found.0, found.2, found.3, found.4),
        (of("2469135780246940.42"), of("-2.25"), of(prices[5]), 7)
    );
    assert_eq!(found.1.unwrap().round_dp(8), number("352733682892420.06"));
    let none =
        conn.execute(select((sum(price()), avg(price()), max(price()))).filter(id().eq(7))).one().await;
    assert_eq!(none.unwrap(), (None, None, None));
    // Sums and averages in conditions and in an order, where text would be compared letter by letter.
    for column in ["price", "text"] {
        let (of, pieces) = (|| t.c(column).of::<Decimal>(), || integer(&t, "pieces"));
        let grouped = || select((pieces(), sum(of()))).group_by(pieces());
        let low = grouped().filter(id().le(3)).having(sum(of()).gt(number("9")));
        assert_eq!(rows(&mut conn, low).await, [(3, Some(number("17.35")))], "{column}");
        let none = grouped().filter(id().le(3)).having(sum(of()).gt(number("100")));
        assert_eq!(rows(&mut conn, none).await, [], "{column}");
        let by_id = select((id(), sum(of()))).filter(id().le(3)).group_by(id()).order_by(sum(of()).desc());
        let order: Vec<i64> = rows(&mut conn, by_id).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, [1, 0, 3, 2], "{column}");
        let average = rows(&mut conn, select(avg(of())).filter(id().le(3))).await;
        assert_eq!(average, [Some(number("4.3375"))], "{column}");
        let filled = coalesce(t.c(column).of::<Option<Decimal>>(), number("9.7"));
        let order = rows(
            &mut conn,
            select(id()).filter(id().ne(4)).filter(id().ne(5)).order_by((filled.desc(), id().asc())),
        )
        .await;
        assert_eq!(order, [1, 7, 0, 6, 3, 2], "{column}");
    }
    // Values that something is calculated from are decimals too.
    let last = conn.execute(select(nullif(price(), number("1"))).filter(id().eq(5))).one().await.unwrap();
    assert_eq!(last, Some(number(prices[5])));
    if !database.is_sqlite() {
        let long = number(prices[4]);
        let ends = select((price() + number("0.01"), literal(long) * number("3"))).filter(id().eq(4));
        let found = conn.execute(ends).one().await.unwrap();
        assert_eq!(found, (number(prices[5]), number("3703703670370370.34")));
        let listed = select(id()).filter(price().in_([long, number("10.00")])).order_by(id().asc());
        assert_eq!(rows(&mut conn, listed).await, [1, 4]);
    }
    // What is written.
    conn.execute(update(&t).set("price", price() + number("0.25")).filter(id().eq(1))).await.unwrap();
    conn.execute(update(&t).set("price", number("7.77")).set("cost", price()).filter(id().eq(2)))
        .await
        .unwrap();
    let changed = select((price(), cost())).filter(id().in_([1, 2])).order_by(id().asc());
    let expected = [("10.25", "9.5"), ("7.77", if database.is_mysql() { "7.77" } else { "-2.25" })];
    assert_eq!(rows(&mut conn, changed).await, expected.map(|(price, cost)| (number(price), number(cost))));
    let copied = select((id() + 100_i64, price())).filter(id().le(1));
    conn.execute(insert(&t).columns(["id", "price"]).from_select(&copied)).await.unwrap();
    assert_eq!(ids(&mut conn, id().gt(99).and(price().gt(number("9")))).await, [100, 101]);
    let literally = insert(&t).columns(["id", "price"]).values((200, number("-0.01")));
    let literally = literally.to_sql(&*conn.dialect()).unwrap();
    conn.exec_driver_sql(aludel::sql::trusted(literally), Vec::new()).await.unwrap();
    let least = select(price()).filter(price().lt(number("0"))).filter(id().gt(2));
    let literally = least.to_sql(&*conn.dialect()).unwrap();
    let found = text(aludel::sql::trusted(literally)).returns::<(Decimal,)>();
    assert_eq!(rows(&mut conn, found).await, [(number("-0.01"),)]);
    conn.commit().await.unwrap();

    if database.is_sqlite() {
        // What is not kept is refused before anything is sent, by the column's name.
        for (value, why) in [("1.005", "3 digits after the point"), ("12345678901234567", "16 before it")] {
            for refused in [
                error(&mut conn, insert(&t).value("id", 300).value("price", number(value))).await,
                error(&mut conn, update(&t).set("price", number(value))).await,
                error(&mut conn, select(id()).filter(price().eq(number(value)))).await,
            ] {
                let message = refused.message();
                assert!(message.contains("column `price`") && message.contains(why), "{message}");
                assert_eq!((refused.kind(), refused.code()), (ErrorKind::Data, None));
                conn.rollback().await.unwrap();
            }
        }
        let other = insert(&t).columns(["id", "price"]).from_select(&select((id(), cost())));
        let message = error(&mut conn, other).await.message().to_owned();
        assert!(message.contains("column `price`") && message.contains("as many digits (2)"), "{message}");
        let among = select(id()).filter(price().in_select(&select(cost())));
        let message = error(&mut conn, among).await.message().to_owned();
        assert!(message.contains("as many digits after the point"), "{message}");
    }
}
on_every_database!(case_026_decimals_kept_as_whole_numbers);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Price {
    #[column(primary_key)]
    pub id: i64,
    #[column(sql_type = ExactNumeric(28, 8))]
    pub exact: Decimal,
    #[column(sql_type = ScaledNumeric(12, 3))]
    pub kept: Option<Decimal>,
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
    prices[0].set(Price::kept, Some(number("123456789.125")));
    prices[1].set(Price::kept, Some(number("-0.5")));
    prices[1].set(Price::exact, number("-0.00000002"));
    session.commit().await.unwrap();
    let mut session = sessions.open();
    let found = session.scalars(select(Price).order_by(Price::exact.asc())).all().await.unwrap();
    let found: Vec<Decimal> = found.iter().map(|price| price.read().exact).collect();
    assert_eq!(found, ["-0.00000002", "7", "98765432109876543210.87654321"].map(number));
    let kept = select(Price).filter(Price::kept.lt(number("123456789.126"))).order_by(Price::kept.asc());
    let kept = session.scalars(kept).all().await.unwrap();
    let kept: Vec<Option<Decimal>> = kept.iter().map(|price| price.read().kept).collect();
    assert_eq!(kept, ["-0.5", "123456789.125"].map(|text| Some(number(text))));

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
