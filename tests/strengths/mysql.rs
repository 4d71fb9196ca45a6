//! What only MySQL and MariaDB have: LOAD DATA, the bulk protocol, compression.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use aludel::{
    driver::{ParameterSets, Statement},
    engine::{BulkWay, CreateAll as _},
    mysql::{LoadData, MySqlConnection},
    prelude::*,
    sql::{Value, trusted},
};
use futures_util::stream;
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::RwLock,
};

use crate::database::{Database, Kind, run};

/// Whether the server takes LOAD DATA LOCAL is the same for all tests: who switches it off writes, the others read.
static LOCAL_INFILE: RwLock<()> = RwLock::const_new(());

fn cities() -> Table {
    Table::unregistered("city")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("name", Varchar(20)).not_null())
        .column(Column::new("people", SmallInteger))
        .column(Column::new("land", Varchar(20)).server_default("'Norway'"))
}

/// MySQL comes with it off, MariaDB with it on.
async fn switch_local_infile(database: &Database, on: bool) {
    let mut other = database.connect().await;
    let sql = format!("SET GLOBAL local_infile = {}", u8::from(on));
    other.exec_driver_sql(trusted(sql), Vec::new()).await.unwrap();
    other.close().await.unwrap();
}

async fn connected(database: &Database) -> (Connection, Table) {
    switch_local_infile(database, true).await;
    let mut conn = database.connect().await;
    let t = cities();
    MetaData::of(&t).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    (conn, t)
}

async fn mysql(conn: &mut Connection) -> &mut MySqlConnection {
    conn.driver_mut().await.unwrap()
}

type City = (i64, String, Option<i64>, Option<String>);

async fn rows(conn: &mut Connection) -> Vec<City> {
    let all = text("SELECT id, name, people, land FROM city ORDER BY id").returns::<City>();
    conn.execute(all).all().await.unwrap()
}

fn city(id: i64, name: &str, people: impl Into<Option<i64>>, land: &str) -> City {
    (id, name.to_owned(), people.into(), Some(land.to_owned()))
}

#[tokio::test]
async fn load_data_reads_every_form() {
    let _reading = LOCAL_INFILE.read().await;
    run(Kind::MySql, async |database| {
        let (mut conn, t) = connected(database).await;
        let mut tabs: &[u8] = b"1\tOslo\t709\tNorway\n2\ta\\tb\\\\c\t\\N\t\\N\n";
        let loaded = mysql(&mut conn).await.load_data(&LoadData::table(&t), &mut tabs).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.bytes(), loaded.warnings()), (2, 34, 0));
        // Outside of a transaction it has one of its own.
        conn.rollback().await.unwrap();
        assert_eq!(
            rows(&mut conn).await,
            [city(1, "Oslo", 709, "Norway"), (2, "a\tb\\c".into(), None, None)]
        );
        conn.execute(delete(&t)).await.unwrap();
        conn.commit().await.unwrap();

        let mut csv: &[u8] =
            "id,name,people\r\n1,\"Bod\u{f8}, \"\"north\"\"\",NULL\r\n2,Oslo,7\r\n".as_bytes();
        let load = LoadData::named("city")
            .csv()
            .header()
            .lines_terminated_by("\r\n")
            .columns(["id", "name", "people"]);
        mysql(&mut conn).await.load_data(&load, &mut csv).await.unwrap();
        assert_eq!(
            rows(&mut conn).await,
            [city(1, "Bodø, \"north\"", None, "Norway"), city(2, "Oslo", 7, "Norway")]
        );
        conn.execute(delete(&t)).await.unwrap();
        conn.commit().await.unwrap();

        // Latin letters, marks of one's own, a variable, and what is passed over.
        let load = LoadData::in_schema(database.arguments().database.unwrap(), "city")
            .character_set("latin1")
            .fields_terminated_by("||")
            .fields_enclosed_by('\'')
            .fields_escaped_by('^')
            .lines_starting_by(">")
            .lines_terminated_by(";")
            .column("id")
            .variable("word")
            .variable("unused")
            .set("name", "CONCAT(UPPER(@word), '!')")
            .set("people", "id * 10");
        let mut bytes: &[u8] = b"x>'3'||'bod\xf8'||'-';passed over\ny>'4'||'it^'s'||'-';";
        mysql(&mut conn).await.load_data(&load, &mut bytes).await.unwrap();
        assert_eq!(rows(&mut conn).await, [city(3, "BODØ!", 30, "Norway"), city(4, "IT'S!", 40, "Norway")]);
        let bad = LoadData::named("city").character_set("latin1 IGNORE 5 LINES");
        let error = mysql(&mut conn).await.load_data(&bad, &mut &b"1"[..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn load_data_is_all_or_nothing() {
    let _reading = LOCAL_INFILE.read().await;
    run(Kind::MySql, async |database| {
        let (mut conn, t) = connected(database).await;
        let load = LoadData::table(&t).columns(["id", "name", "people"]);
        let lines =
            |from: i64, to: i64| (from..=to).map(|id| format!("{id}\tcity {id}\t7\n")).collect::<String>();
        conn.execute(insert(&t).values((1, "first", 1, "x"))).await.unwrap();
        let wrong = [
            ("5001\ta name that is much too long\t7\n", ErrorKind::Data),
            ("5001\tx\t99999\n", ErrorKind::Data),
            ("5001\tx\tmany\n", ErrorKind::Data),
            ("5001\t\\N\t7\n", ErrorKind::Integrity),
            ("1\tx\t7\n", ErrorKind::Integrity),
            ("5001\n", ErrorKind::Data),
        ];
        for (line, kind) in wrong {
            let text = format!("{}{line}{}", lines(2, 5000), lines(6000, 6100));
            let error = mysql(&mut conn).await.load_data(&load, &mut text.as_bytes()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{line}: {error}");
            assert_eq!(
                rows(&mut conn).await.len(),
                1,
                "{line}: what was done before stays, and nothing else"
            );
        }
        // The reader fails, and so does a stream.
        let error = mysql(&mut conn).await.load_data(&load, &mut Torn(lines(2, 3000))).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Custom && error.message().contains("torn"), "{error}");
        let pieces = stream::iter([Ok(lines(2, 4000)), Err("the stream is torn")]);
        let error = mysql(&mut conn).await.load_data_stream(&load, pieces).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Custom && error.message().contains("torn"), "{error}");
        assert_eq!(rows(&mut conn).await.len(), 1);
        let pieces = stream::iter(lines(2, 4000).into_bytes()).map_pieces();
        let loaded = mysql(&mut conn).await.load_data_stream(&load, pieces).await.unwrap();
        assert_eq!(loaded.rowcount(), 3999);
        conn.rollback().await.unwrap();
        assert_eq!(rows(&mut conn).await.len(), 0);
        // Rows that are there, and values that are bent, for those who ask for it.
        let mut text: &[u8] = b"1\ta\t7\n1\tb\t8\n";
        let loaded = mysql(&mut conn).await.load_data(&load.clone().replace(), &mut text).await.unwrap();
        assert_eq!((loaded.deleted(), loaded.skipped()), (1, 0));
        let mut text: &[u8] = b"1\tc\t9\n2\td\t99999\n";
        let loaded = mysql(&mut conn).await.load_data(&load.clone().ignore(), &mut text).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.skipped()), (1, 1));
        assert!(loaded.warnings() >= 2);
        let expected = [city(1, "b", 8, "Norway"), city(2, "d", i64::from(i16::MAX), "Norway")];
        assert_eq!(rows(&mut conn).await, expected);
        let mut text: &[u8] = b"3\te\tx\n";
        let loaded = mysql(&mut conn).await.load_data(&load.take_warnings(), &mut text).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.warnings()), (1, 1));
        conn.close().await.unwrap();
    })
    .await;
}

/// A reader that fails behind what it gives.
struct Torn(String);

impl AsyncRead for Torn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(std::io::Error::other("the file is torn")));
        }
        let count = buffer.remaining().min(self.0.len());
        buffer.put_slice(&self.0.as_bytes()[..count]);
        self.0.drain(..count);
        Poll::Ready(Ok(()))
    }
}

/// Bytes in pieces that end anywhere.
trait Pieces: Sized {
    fn map_pieces(self) -> impl futures_util::Stream<Item = Result<Vec<u8>>> + Send;
}

impl<S: futures_util::Stream<Item = u8> + Send> Pieces for S {
    fn map_pieces(self) -> impl futures_util::Stream<Item = Result<Vec<u8>>> + Send {
        use futures_util::StreamExt as _;
        self.chunks(777).map(Ok)
    }
}

#[tokio::test]
async fn a_server_without_local_infile() {
    let _writing = LOCAL_INFILE.write().await;
    run(Kind::MySql, async |database| {
        let (mut conn, t) = connected(database).await;
        switch_local_infile(database, false).await;
        let loaded = conn.bulk_load(&t, (1..=2345).map(|id| (id, "x", 1))).await;
        let refused = mysql(&mut conn).await.load_data(&LoadData::table(&t), &mut &b"9999\tx\n"[..]).await;
        switch_local_infile(database, true).await;
        let loaded = loaded.unwrap();
        assert_eq!((loaded.rowcount(), loaded.way()), (2345, Some(BulkWay::MultiRow)));
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSupported, "{refused}");
        assert!(refused.message().contains("local_infile"), "{refused}");
        assert_eq!(rows(&mut conn).await.len(), 2345);
        // A file that the server asks for without us is none.
        let sql = "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE city (name)";
        let error = conn.exec_driver_sql(sql, Vec::new()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::NotSupported && error.is_disconnect(), "{error}");
        conn.rollback().await.unwrap();
        assert_eq!(rows(&mut conn).await.len(), 0);
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_sets_in_few_packets() {
    let _reading = LOCAL_INFILE.read().await;
    run(Kind::MySql, async |database| {
        let (mut conn, t) = connected(database).await;
        assert_eq!(rows(&mut conn).await.len(), 0);
        let sets: Vec<Value> = (1..=20_000)
            .flat_map(|id| {
                [
                    Value::I64(id),
                    Value::Text(format!("city {id}").into()),
                    match id % 3 {
                        0 => Value::Null,
                        rest => Value::I64(rest),
                    },
                ]
            })
            .collect();
        let insert = Statement::new("INSERT INTO city (id, name, people) VALUES (?, ?, ?)");
        let sets = ParameterSets::new(&sets, 3, 20_000);
        assert_eq!(mysql(&mut conn).await.execute_bulk(&insert, sets).await.unwrap(), 20_000);
        let back = rows(&mut conn).await;
        assert_eq!(
            (&back[0], &back[2]),
            (&city(1, "city 1", 1, "Norway"), &city(3, "city 3", None, "Norway"))
        );
        // Some match no row.
        let sets: Vec<Value> = (1..=30_000).flat_map(|id| [Value::I64(5), Value::I64(id)]).collect();
        let update = Statement::new("UPDATE city SET people = ? WHERE id = ?");
        let sets = ParameterSets::new(&sets, 2, 30_000);
        assert_eq!(mysql(&mut conn).await.execute_bulk(&update, sets).await.unwrap(), 20_000);
        // An error leaves the transaction as it was.
        let wrong = [
            Value::I64(30_000),
            Value::Text("x".into()),
            Value::I64(1),
            Value::I64(7),
            Value::Null,
            Value::Null,
        ];
        let sets = ParameterSets::new(&wrong, 3, 2);
        let error = mysql(&mut conn).await.execute_bulk(&insert, sets).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error =
            mysql(&mut conn).await.execute_bulk(&insert, ParameterSets::new(&wrong, 2, 3)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        let count: i64 =
            conn.scalar_one(select(count_all()).select_from(&t).filter(t.c("people").eq(5))).await.unwrap();
        assert_eq!(count, 20_000);
        conn.rollback().await.unwrap();
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_compressed_connection_does_the_same() {
    let _reading = LOCAL_INFILE.read().await;
    run(Kind::MySql, async |database| {
        let separator = if database.url().contains('?') { '&' } else { '?' };
        let engine = create_engine(&format!("{}{separator}compress=true", database.url())).build().unwrap();
        let (conn, t) = connected(database).await;
        conn.close().await.unwrap();
        let mut conn = engine.connect().await.unwrap();
        let status =
            conn.exec_driver_sql("SHOW SESSION STATUS LIKE 'Compression'", Vec::new()).await.unwrap();
        let compressed: String = status.one().unwrap().get_at(1).unwrap();
        assert_eq!(compressed, "ON");
        let name = |id: i64| format!("name {}", "ü".repeat(usize::try_from(id % 10).unwrap()));
        let loaded = conn.bulk_load(&t, (1..=5000).map(|id| (id, name(id), 1))).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.way()), (5000, Some(BulkWay::LoadData)));
        let back = rows(&mut conn).await;
        assert!(back.iter().all(|row| row.1 == name(row.0)));
        let long = "x".repeat(3 << 20);
        let echoed: String = conn.scalar_one(text("SELECT :long").bind("long", long.as_str())).await.unwrap();
        assert_eq!(echoed, long);
        conn.close().await.unwrap();
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn odd_bytes_for_load_data() {
    use futures_util::{FutureExt as _, StreamExt as _};
    let _reading = LOCAL_INFILE.read().await;
    run(Kind::MySql, async |database| {
        let (mut conn, t) = connected(database).await;
        let load = LoadData::table(&t).columns(["id", "name", "people"]);
        // Nothing at all, only a header, and a last line without an end.
        let loaded = mysql(&mut conn).await.load_data(&load, &mut &b""[..]).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.bytes(), loaded.warnings()), (0, 0, 0));
        let loaded =
            mysql(&mut conn).await.load_data(&load.clone().header(), &mut &b"id\tname\n"[..]).await.unwrap();
        assert_eq!(loaded.rowcount(), 0);
        let none = stream::iter(Vec::<Result<Vec<u8>>>::new());
        assert_eq!(mysql(&mut conn).await.load_data_stream(&load, none).await.unwrap().rowcount(), 0);
        // Empty pieces, and pieces that end inside of a character.
        let bytes = "1\tü漢🦀\t\\N\n2\t\\t\\\\\t-5".as_bytes();
        let pieces = bytes.iter().flat_map(|byte| [Ok::<_, Error>(Vec::new()), Ok(vec![*byte])]);
        let loaded = mysql(&mut conn).await.load_data_stream(&load, stream::iter(pieces)).await.unwrap();
        assert_eq!((loaded.rowcount(), loaded.bytes()), (2, bytes.len() as u64));
        let expected = [city(1, "ü漢🦀", None, "Norway"), city(2, "\t\\", -5, "Norway")];
        assert_eq!(rows(&mut conn).await, expected);
        conn.commit().await.unwrap();
        // Bytes that are no text.
        let error = mysql(&mut conn).await.load_data(&load, &mut &b"3\t\xff\xfe\t1\n"[..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{error}");
        conn.rollback().await.unwrap();
        // A stream that panics, and one that never goes on.
        let endless = stream::iter((0..).map(|id| match id {
            2000 => panic!("on purpose"),
            id => Ok::<_, Error>(format!("{}\tx\t1\n", id + 10).into_bytes()),
        }));
        let loading = mysql(&mut conn).await.load_data_stream(&load, endless);
        assert!(std::panic::AssertUnwindSafe(loading).catch_unwind().await.is_err());
        conn.rollback().await.unwrap();
        assert_eq!(rows(&mut conn).await.len(), 2);
        let waiting = stream::iter([Ok::<_, Error>(b"10\tx\t1\n".to_vec())]).chain(stream::pending());
        let limit = std::time::Duration::from_millis(200);
        let loading = mysql(&mut conn).await.load_data_stream(&load, waiting);
        assert!(tokio::time::timeout(limit, loading).await.is_err());
        conn.rollback().await.unwrap();
        assert_eq!(rows(&mut conn).await.len(), 2);
        conn.close().await.unwrap();
    })
    .await;
}
