//! Large objects.

use std::io::SeekFrom;

use aludel_driver::{BeginOptions, Connection, Control, ErrorKind};
use aludel_driver_postgres::{LargeObjectMode, PostgresConnection};

use crate::server::connect;

fn own(connection: &mut Box<dyn Connection>) -> &mut PostgresConnection {
    connection.driver_mut().unwrap()
}

async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
}

#[tokio::test]
async fn five_megabytes_in_pieces() {
    let Some(mut connection) = connect().await else { return };
    let bytes: Vec<u8> =
        (0..5_u32 << 20).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    begin(&mut *connection).await;
    let oid = own(&mut connection).create_large_object().await.unwrap();
    let mut object = own(&mut connection).open_large_object(oid, LargeObjectMode::ReadWrite).await.unwrap();
    assert_eq!(object.oid(), oid);
    for piece in bytes[..1 << 20].chunks(100_003) {
        object.write(piece).await.unwrap();
    }
    assert_eq!(object.position().await.unwrap(), 1 << 20);
    let mut rest = &bytes[1 << 20..];
    assert_eq!(object.write_from(&mut rest).await.unwrap(), 4 << 20);
    object.close().await.unwrap();
    connection.control(Control::Commit).await.unwrap();

    begin(&mut *connection).await;
    let mut object = own(&mut connection).open_large_object(oid, LargeObjectMode::Read).await.unwrap();
    let mut read = Vec::new();
    loop {
        let piece = object.read(77_777).await.unwrap();
        if piece.is_empty() {
            break;
        }
        read.extend(piece);
    }
    assert!(read == bytes, "what was written is read");
    assert_eq!(object.seek(SeekFrom::End(-10)).await.unwrap(), (5 << 20) - 10);
    assert_eq!(object.read(100).await.unwrap(), bytes[bytes.len() - 10..]);
    assert_eq!(object.seek(SeekFrom::Start(1_000_000)).await.unwrap(), 1_000_000);
    assert_eq!(object.seek(SeekFrom::Current(24)).await.unwrap(), 1_000_024);
    let mut written = Vec::new();
    assert_eq!(object.read_to(&mut written).await.unwrap(), (5 << 20) - 1_000_024);
    assert!(written == bytes[1_000_024..]);
    connection.control(Control::Commit).await.unwrap();

    begin(&mut *connection).await;
    own(&mut connection).unlink_large_object(oid).await.unwrap();
    connection.control(Control::Commit).await.unwrap();
}

#[tokio::test]
async fn places_lengths_and_what_is_refused() {
    let Some(mut connection) = connect().await else { return };
    let error = own(&mut connection).create_large_object().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    begin(&mut *connection).await;
    let oid = own(&mut connection).create_large_object().await.unwrap();
    let mut object = own(&mut connection).open_large_object(oid, LargeObjectMode::ReadWrite).await.unwrap();
    assert_eq!(object.read(10).await.unwrap(), b"");
    object.write(b"").await.unwrap();
    // Behind the end there are zeros.
    object.seek(SeekFrom::Start(5)).await.unwrap();
    object.write(b"end").await.unwrap();
    object.truncate(10).await.unwrap();
    object.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(object.read(usize::MAX).await.unwrap(), b"\0\0\0\0\0end\0\0");
    // Beyond two gigabytes.
    object.seek(SeekFrom::Start(5 << 30)).await.unwrap();
    object.write(b"far").await.unwrap();
    assert_eq!(object.seek(SeekFrom::End(0)).await.unwrap(), (5 << 30) + 3);
    object.truncate(3).await.unwrap();
    assert_eq!(object.seek(SeekFrom::End(0)).await.unwrap(), 3);
    let error = object.seek(SeekFrom::Start(u64::MAX)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    object.close().await.unwrap();

    connection.control(Control::Savepoint("before")).await.unwrap();
    let mut object = own(&mut connection).open_large_object(oid, LargeObjectMode::Read).await.unwrap();
    object.write(b"x").await.unwrap_err();
    connection.control(Control::RollbackTo("before")).await.unwrap();
    own(&mut connection).unlink_large_object(oid).await.unwrap();
    let error = own(&mut connection).open_large_object(oid, LargeObjectMode::Read).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Programming, Some("42704")), "{error}");
    connection.control(Control::Rollback).await.unwrap();
}
