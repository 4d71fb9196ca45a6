//! Types that one database has, and the others have a stand-in for.

use aludel::{
    prelude::*,
    sql::value::BitString,
    types::{Bit, BitVarying, PlainJson, UnsignedBigInteger},
};
use rust_decimal_1::Decimal;
use serde_json_1::{Value as Json, json};

use crate::{
    database::{Database, on_every_database},
    stage::{create, error, integer, rows, sessions},
};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
pub struct Kept {
    #[column(primary_key)]
    pub id: i64,
    #[column(sql_type = Bit(4))]
    pub four: BitString,
    #[column(sql_type = BitVarying(Some(20)))]
    pub some: Option<BitString>,
    pub any: BitString,
    #[column(sql_type = PlainJson)]
    pub plain: Json,
}

fn bits(text: &str) -> BitString {
    text.parse().unwrap()
}

async fn bits_and_plain_documents(database: &Database) {
    let long: String = (0..100).map(|place| if place % 3 == 0 { '1' } else { '0' }).collect();
    let all = [
        Kept {
            id: 1,
            four: bits("0101"),
            some: Some(bits("1")),
            any: bits(&long),
            plain: json!({"b": 1, "a": [true, null]}),
        },
        Kept { id: 2, four: bits("1111"), some: None, any: bits(""), plain: json!("söng") },
        Kept {
            id: 3,
            four: bits("0000"),
            some: Some(bits("00000000011111111110")),
            any: bits("0"),
            plain: json!(null),
        },
    ];
    let sessions = sessions(database, MetaData::of(Kept)).await;
    let mut session = sessions.open();
    session.add_all(all.clone());
    session.commit().await.unwrap();
    let mut conn = database.connect().await;
    assert_eq!(rows(&mut conn, select(Kept).order_by(Kept::id.asc())).await, all);
    let ids = |condition| select(Kept::id).filter(condition).order_by(Kept::id.asc());
    assert_eq!(rows(&mut conn, ids(Kept::four.eq(bits("0101")))).await, [1]);
    assert_eq!(rows(&mut conn, ids(Kept::four.in_([bits("0000"), bits("1111")]))).await, [2, 3]);
    assert_eq!(rows(&mut conn, ids(Kept::any.eq(bits("")))).await, [2]);
    assert_eq!(rows(&mut conn, ids(Kept::some.is_null())).await, [2]);
    assert_eq!(rows(&mut conn, ids(Kept::plain.json().key("b").as_integer().eq(1))).await, [1]);
    let many = insert(Kept).values_many([10, 11].map(|id| Kept { id, ..all[0].clone() }));
    conn.execute(many).await.unwrap();
    assert_eq!(rows(&mut conn, ids(Kept::some.eq(bits("1")))).await, [1, 10, 11]);
    conn.rollback().await.unwrap();
    if database.is_postgres() {
        let types = text(
            "SELECT pg_typeof(four)::text, pg_typeof(\"some\")::text, pg_typeof(\"any\")::text, pg_typeof(plain)::text FROM kept WHERE id = 1",
        );
        let types = rows(&mut conn, types.returns::<(String, String, String, String)>()).await;
        let expected = ["bit", "bit varying", "bit varying", "json"].map(str::to_owned);
        assert_eq!(types, [expected.into()]);
        // Letter by letter.
        conn.execute(text("UPDATE kept SET plain = '{\"z\" :1,  \"a\":2}' WHERE id = 1")).await.unwrap();
        let written =
            rows(&mut conn, text("SELECT plain::text FROM kept WHERE id = 1").returns::<(String,)>()).await;
        assert_eq!(written, [("{\"z\" :1,  \"a\":2}".to_owned(),)]);
    }
    assert!("012".parse::<BitString>().unwrap_err().to_string().contains("`012` is not a row of bits"));
}
on_every_database!(bits_and_plain_documents);

/// What is beyond a signed 64-bit integer has its place on MySQL, and elsewhere in a decimal.
async fn whole_numbers_beyond_64_bits_with_a_sign(database: &Database) {
    let t = Table::unregistered("large")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("own", UnsignedBigInteger))
        .column(Column::new("exact", aludel::types::ExactNumeric(20, 0)));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    let all = [0, 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX];
    for (id, number) in (0_i64..).zip(all) {
        let row = insert(&t).value("id", id).value("exact", Decimal::from(number));
        conn.execute(row).await.unwrap();
        let own = update(&t).set("own", number).filter(t.c("id").eq(id));
        if database.is_mysql() || i64::try_from(number).is_ok() {
            assert_eq!(conn.execute(own).await.unwrap().rowcount(), 1);
        } else {
            let message = error(&mut conn, own).await.message().to_owned();
            assert!(message.contains("column `own`") && message.contains(&number.to_string()), "{message}");
            conn.rollback().await.unwrap();
            continue;
        }
        conn.commit().await.unwrap();
    }
    let kept = if database.is_mysql() { &all[..] } else { &all[..3] };
    let found = rows(
        &mut conn,
        select((t.c("own").of::<u64>(), t.c("exact").of::<Decimal>())).order_by(t.c("own").asc()),
    )
    .await;
    assert_eq!(found, kept.iter().map(|number| (*number, Decimal::from(*number))).collect::<Vec<_>>());
    let most = select(integer(&t, "id")).filter(t.c("own").of::<u64>().eq(kept[kept.len() - 1]));
    assert_eq!(rows(&mut conn, most).await, [kept.len() as i64 - 1]);
}
on_every_database!(whole_numbers_beyond_64_bits_with_a_sign);
