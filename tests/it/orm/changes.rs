//! What counts as a change, and what is written of it.

use aludel::prelude::*;
use rust_decimal_1::Decimal;
use serde_json_1::json;

use super::{Stage, columns::Record};
use crate::database::{Database, on_every_database};

/// The columns of the UPDATEs that were sent.
fn written(stage: &Stage) -> Vec<String> {
    let sent = stage.sent();
    let updates = sent.iter().filter(|line| line.starts_with("UPDATE"));
    let quotes = |character: char| matches!(character, '"' | '`' | '(' | ')');
    updates
        .map(|line| {
            let set = line.split(" SET ").nth(1).unwrap().split(" WHERE ").next().unwrap();
            let columns = set.split(", ").filter_map(|part| part.split(" = ").next());
            columns.map(|column| column.replace(quotes, "")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

async fn only_real_differences_are_written(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Record)).await;
    let mut session = stage.sessions.open();
    let record = session.add(Record {
        price: Some(Decimal::new(10, 1)),
        json: Some(json!({"a": 1, "list": [1, 2]})),
        bytes: Some(vec![1, 2]),
        double: Some(0.5),
        text: Some("t".into()),
        ..default()
    });
    session.commit().await.unwrap();
    stage.sent();
    // The same values in another form: nothing is written.
    record.edit(|record| {
        record.price = Some(Decimal::new(1000, 3));
        record.json = Some(serde_json_1::from_str(r#"{ "list": [1, 2], "a": 1 }"#).unwrap());
        record.bytes = Some(vec![1, 2]);
        record.text = Some("t".to_owned());
    });
    assert!(!record.is_modified());
    session.commit().await.unwrap();
    assert_eq!(written(&stage), Vec::<String>::new());
    // Changed in place: one column each.
    record.edit(|record| record.json.as_mut().unwrap()["list"][1] = json!(3));
    assert_eq!(record.modified_columns(), ["json"]);
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["json"]);
    record.edit(|record| record.bytes.as_mut().unwrap().push(3));
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["bytes"]);
    record.edit(|record| record.text.as_mut().unwrap().push('!'));
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["text"]);
    // There and back is no change; NULL and empty are two values.
    record.set(Record::double, 0.75);
    record.set(Record::double, 0.5);
    assert!(!record.is_modified() && session.dirty(Record).len() == 1);
    session.commit().await.unwrap();
    assert_eq!(written(&stage), Vec::<String>::new());
    record.edit(|record| (record.text, record.bytes) = (Some(String::new()), None));
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["bytes text"]);
    record.edit(|record| record.text = None);
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["text"]);
    // The history of a column, before and after the flush.
    record.set(Record::double, 1.5);
    let history = record.history(Record::double);
    assert_eq!((history.now, history.stored, history.is_changed()), (Some(1.5), Some(Some(0.5)), true));
    session.flush().await.unwrap();
    let history = record.history(Record::double);
    assert_eq!((history.now, history.stored), (Some(1.5), None));
    session.rollback().await.unwrap();
    assert_eq!(record.history(Record::double).now, Some(0.5));
    let mut other = stage.sessions.open();
    let stored = other.get_one(Record, record.read().id).await.unwrap();
    assert_eq!(stored.read().json, Some(json!({"a": 1, "list": [1, 3]})));
}
on_every_database!(only_real_differences_are_written);

async fn numbers_that_are_none(database: &Database) {
    // SQLite stores them as NULL, and MySQL refuses them.
    if !database.is_postgres() {
        return;
    }
    let stage = Stage::of(database, MetaData::of(Record)).await;
    let mut session = stage.sessions.open();
    let record = session.add(Record { double: Some(f64::NAN), single: Some(f32::NAN), ..default() });
    session.commit().await.unwrap();
    stage.sent();
    record.set(Record::double, f64::NAN);
    assert!(!record.is_modified());
    record.set(Record::flag, true);
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["flag"]);
    record.set(Record::double, f64::INFINITY);
    session.commit().await.unwrap();
    assert_eq!(written(&stage), ["double"]);
}
on_every_database!(numbers_that_are_none);
