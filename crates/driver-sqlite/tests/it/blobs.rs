use std::io::SeekFrom;

use aludel_driver::{Connection, Control, ErrorKind, Value};
use aludel_driver_sqlite::BlobAddress;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::support::{Folder, begin, memory, own, run, scalar};

fn address(rowid: i64) -> BlobAddress {
    BlobAddress::new("file", "content", rowid)
}

async fn with_table() -> Box<dyn Connection> {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE file (id INTEGER PRIMARY KEY, content, n INT)").await;
    run(
        &mut *connection,
        "INSERT INTO file VALUES (1, zeroblob(1000000), 1), (2, 'text é', 2), (3, NULL, 3)",
    )
    .await;
    connection
}

#[tokio::test]
async fn pieces_are_written_and_read() {
    let mut connection = with_table().await;
    let mut blob = own(&mut connection).open_blob_mut(&address(1)).await.unwrap();
    assert_eq!((blob.len(), blob.is_empty()), (1_000_000, false));
    let bytes: Vec<u8> = (0..700_000_u32).map(|number| number as u8).collect();
    blob.write_at(300_000, &bytes).await.unwrap();
    blob.write_at(0, b"start").await.unwrap();
    let mut buffer = vec![1; 800_000];
    assert_eq!(blob.read_at(299_999, &mut buffer).await.unwrap(), 700_001);
    assert_eq!((buffer[0], &buffer[1..700_001]), (0, &bytes[..]));
    assert_eq!(buffer[700_001], 1, "what is not there is not touched");
    assert_eq!(blob.read_at(1_000_000, &mut buffer).await.unwrap(), 0);
    assert_eq!(blob.read_at(usize::MAX, &mut buffer).await.unwrap(), 0);
    let error = blob.write_at(999_999, b"ab").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    assert!(error.message().contains("1000001 bytes") && error.message().contains("`main.file`"), "{error}");
    assert_eq!(blob.write_at(usize::MAX, b"ab").await.unwrap_err().kind(), ErrorKind::Data);
    blob.close().await.unwrap();
    assert_eq!(
        scalar(&mut *connection, "SELECT substr(content, 1, 5) FROM file").await,
        Value::Bytes(b"start".to_vec())
    );

    let mut blob = own(&mut connection).open_blob(&address(2)).await.unwrap();
    assert_eq!(blob.len(), "text é".len());
    let error = blob.write_at(0, b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    blob.reopen(1).unwrap();
    assert_eq!(blob.len(), 1_000_000);
    let error = blob.reopen(3).unwrap_err();
    assert!(error.message().contains("row 3"), "{error}");
}

#[tokio::test]
async fn a_blob_is_a_stream_of_bytes() {
    let mut connection = with_table().await;
    let mut blob = own(&mut connection).open_blob_mut(&address(1)).await.unwrap();
    let source: Vec<u8> = (0..1_000_000_u32).map(|number| (number / 7) as u8).collect();
    tokio::io::copy(&mut &source[..], &mut blob).await.unwrap();
    assert_eq!(blob.stream_position().await.unwrap(), 1_000_000);
    let error = blob.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
    blob.rewind().await.unwrap();
    let mut read = Vec::new();
    blob.read_to_end(&mut read).await.unwrap();
    assert!(read == source);
    assert_eq!(blob.seek(SeekFrom::End(-3)).await.unwrap(), 999_997);
    blob.write_all(b"end").await.unwrap();
    assert_eq!(blob.seek(SeekFrom::Current(-3)).await.unwrap(), 999_997);
    let mut end = String::new();
    blob.read_to_string(&mut end).await.unwrap();
    assert_eq!(end, "end");
    assert_eq!(blob.seek(SeekFrom::Start(2_000_000)).await.unwrap(), 2_000_000);
    assert_eq!(blob.read(&mut [0; 4]).await.unwrap(), 0);
    assert!(blob.seek(SeekFrom::Current(-3_000_000)).await.is_err());
    drop(blob);
    assert_eq!(
        scalar(&mut *connection, "SELECT CAST(substr(content, -3) AS TEXT) FROM file").await,
        Value::Text("end".into())
    );
}

#[tokio::test]
async fn a_blob_is_a_part_of_its_transaction() {
    let mut connection = with_table().await;
    begin(&mut *connection).await;
    let mut blob = own(&mut connection).open_blob_mut(&address(1)).await.unwrap();
    blob.write_at(0, b"gone").await.unwrap();
    drop(blob);
    connection.control(Control::Rollback).await.unwrap();
    let start = "SELECT substr(content, 1, 4) FROM file";
    assert_eq!(scalar(&mut *connection, start).await, Value::Bytes(vec![0; 4]));
    // A handle that is forgotten is closed by the rollback of whoever has the connection next.
    let mut blob = own(&mut connection).open_blob_mut(&address(1)).await.unwrap();
    blob.write_at(0, b"kept").await.unwrap();
    std::mem::forget(blob);
    assert!(connection.reset_on_drop());
    run(&mut *connection, "DROP TABLE file").await;
}

#[tokio::test]
async fn a_blob_waits_for_a_lock() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[("busy_timeout", "5")]).await;
    run(&mut *connection, "CREATE TABLE file (id INTEGER PRIMARY KEY, content)").await;
    run(&mut *connection, "INSERT INTO file VALUES (1, zeroblob(10))").await;
    let mut other = folder.open("a.db", &[]).await;
    begin(&mut *other).await;
    let writing = async {
        let mut blob = own(&mut connection).open_blob_mut(&address(1)).await.unwrap();
        blob.write_at(0, b"x").await.unwrap();
        blob.close().await.unwrap();
    };
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        other.control(Control::Rollback).await.unwrap();
    };
    tokio::join!(writing, ending);
    let mut impatient = folder.open("a.db", &[("busy_timeout", "0.05")]).await;
    begin(&mut *other).await;
    let error = own(&mut impatient).open_blob_mut(&address(1)).await.unwrap_err();
    assert!(error.message().contains("busy_timeout") && error.message().contains("`main.file`"), "{error}");
    // To read, nothing is waited for.
    assert_eq!(own(&mut impatient).open_blob(&address(1)).await.unwrap().len(), 10);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let mut connection = with_table().await;
    run(&mut *connection, "CREATE INDEX by_n ON file (n)").await;
    run(&mut *connection, "CREATE TABLE other (a PRIMARY KEY, b) WITHOUT ROWID").await;
    for (found, words) in [
        (BlobAddress::new("nothing", "content", 1), "no such table"),
        (BlobAddress::new("file", "nothing", 1), "no such column"),
        (address(9), "no such rowid"),
        (address(3), "null"),
        (BlobAddress::new("other", "b", 1), "without rowid"),
        (address(1).in_schema("nowhere"), "nowhere"),
    ] {
        let error = own(&mut connection).open_blob(&found).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
        let message = error.message().to_lowercase();
        assert!(message.contains(words), "{error}");
    }
    let indexed = BlobAddress::new("file", "n", 1);
    let error = own(&mut connection).open_blob_mut(&indexed).await.unwrap_err();
    assert!(error.message().contains("indexed"), "{error}");
}

#[tokio::test]
async fn a_blob_shows_the_row_as_it_was() {
    let folder = Folder::new();
    let mut connection = folder.open("a.db", &[]).await;
    run(&mut *connection, "CREATE TABLE file (id INTEGER PRIMARY KEY, content)").await;
    run(&mut *connection, "INSERT INTO file VALUES (1, 'before')").await;
    let mut other = folder.open("a.db", &[]).await;
    let mut blob = own(&mut connection).open_blob(&address(1)).await.unwrap();
    run(&mut *other, "UPDATE file SET content = 'after'").await;
    let mut buffer = [0; 6];
    assert_eq!(blob.read_at(0, &mut buffer).await.unwrap(), 6);
    assert_eq!(&buffer, b"before");
    drop(blob);
    let mut blob = own(&mut connection).open_blob(&address(1)).await.unwrap();
    assert_eq!(blob.read_at(0, &mut buffer).await.unwrap(), 5);
    assert_eq!(&buffer[..5], b"after");
}
