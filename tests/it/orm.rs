//! The Session, on every database from one source.

mod bulk;
mod changes;
mod columns;
mod eager;
mod events;
mod flush;
mod identity;
mod inspect;
mod keys;
mod links;
mod loading;
mod made;
mod memory;
mod merge;
mod misuse;
pub(crate) mod models;
mod mutual;
mod natural_keys;
mod nested;
mod new_objects;
mod new_references;
mod outer;
mod plan;
mod referential;
mod relationships;
mod replace;
mod returned;
mod rollback;
mod round_trips;
mod row_switch;
mod serialized;
mod size;
mod streams;
mod synchronize;
mod transactions;
mod twophase;
mod unique;
mod unique_references;
mod unloaded_links;
mod versions;
mod without_returning;

use std::sync::{Arc, Mutex};

use aludel::prelude::*;
use models::{Address, Author, Book, BookTag, Node, Profile, Seat, Tag, User};

use crate::database::Database;

/// An engine over a database with the tables of the models, and the statements that it sends.
pub(crate) struct Stage {
    pub(crate) sessions: SessionMaker,
    pub(crate) engine: Engine,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    pub(crate) async fn new(database: &Database) -> Self {
        Self::of(database, MetaData::of((Author, Book, Tag, BookTag, User, Address, Profile, Node, Seat)))
            .await
    }

    /// The same with other tables.
    pub(crate) async fn of(database: &Database, tables: MetaData) -> Self {
        let sent = Arc::<Mutex<Vec<String>>>::default();
        let log = sent.clone();
        let engine = database
            .engine_with(|builder| builder.echo_with(move |line| log.lock().unwrap().push(line.to_owned())));
        engine.begin(async |conn| tables.create_all(conn).await).await.unwrap();
        let stage = Self { sessions: SessionMaker::new(&engine), engine, sent };
        stage.sent();
        stage
    }

    /// The statements that were sent since the last call, without BEGIN and COMMIT.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.all_sent()
            .into_iter()
            .filter(|line| {
                !["BEGIN", "COMMIT", "ROLLBACK", "START"].iter().any(|word| line.starts_with(word))
            })
            .collect()
    }

    /// The statements that were sent since the last call.
    pub(crate) fn all_sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// The first words of the statements that were sent since the last call: verb and table.
    pub(crate) fn verbs(&self) -> Vec<String> {
        self.sent().iter().map(|line| verb(line)).collect()
    }
}

fn verb(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let table = match words[0] {
        "INSERT" | "DELETE" => words[2],
        "UPDATE" => words[1],
        _ => words.iter().position(|word| *word == "FROM").map_or("", |at| words[at + 1]),
    };
    format!("{} {}", words[0], table.trim_matches(['`', '"', '(']))
}
