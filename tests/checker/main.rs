//! A model checker for the session: random lists of operations, each compared after every step with an oracle of maps and
//! records, and with what another connection sees.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `models`, `schema` | the models, and what the oracle knows of them |
//! | `operation`, `generate` | what a user may do to a session, and random lists of it |
//! | `oracle` | what must come of it |
//! | `handle` | the typed calls of the library behind untyped ones |
//! | `world` | each operation done to the session and to the oracle, and both compared |
//! | `run`, `shrink` | a list from beginning to end, and the shortest one that still fails |
//! | `regressions` | lists that once failed |
//!
//! It is a test binary of its own, so that it is built again only when it or the library changes. `just hunt` runs it for
//! long: `ALUDEL_TEST_HUNT` says how many lists, `ALUDEL_TEST_SEED` from which seed on. A failure prints the shortest list
//! as code for `regressions`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(unreachable_pub, reason = "nothing can be reached from outside of a test binary")]

#[path = "../it/database.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod database;
mod generate;
mod handle;
mod models;
mod operation;
mod oracle;
mod regressions;
mod rows;
mod run;
mod schema;
mod shrink;
mod world;

use std::{
    env,
    time::{Duration, Instant},
};

use database::{Database, on_every_database};
use generate::generate;
use operation::{Operation, as_code};
use run::Ground;
use shrink::shrink;

/// How many failures of different kinds are looked for before all are told.
const FAILURES: usize = 5;

/// A list that fails.
struct Found {
    seed: u64,
    kind: String,
    operations: Vec<Operation>,
    complaint: String,
}

/// What failures of one kind have in common: their words without the numbers, up to what is shown.
fn kind_of(complaint: &str) -> String {
    complaint.chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect()
}

/// Random lists, until so many were run or the time is over.
async fn random_operations(database: &Database) {
    let number = |variable: &str| env::var(variable).ok().map(|value| value.parse::<u64>().unwrap());
    let (lists, limit) = match number("ALUDEL_TEST_HUNT") {
        Some(lists) => (lists, Duration::MAX),
        None => (
            if database.is_sqlite() { 4000 } else { 400 },
            Duration::from_secs(if database.is_sqlite() { 25 } else { 15 }),
        ),
    };
    let first = number("ALUDEL_TEST_SEED").unwrap_or(1);
    let mut ground = Ground::new(database).await;
    let started = Instant::now();
    let (mut run, mut failures) = (0, Vec::<Found>::new());
    for seed in first..first + lists {
        let operations = generate(seed);
        if let Err(failure) = ground.run(&operations).await
            && failures.iter().all(|other| other.kind != kind_of(&failure.complaint))
        {
            let kind = kind_of(&failure.complaint);
            let (operations, last) = shrink(&mut ground, operations).await;
            failures.push(Found { seed, kind, operations, complaint: last.unwrap_or(failure).complaint });
        }
        run += 1;
        if started.elapsed() > limit || failures.len() == FAILURES {
            break;
        }
    }
    println!("{run} lists in {:?}", started.elapsed());
    ground.end().await;
    let told: Vec<String> = failures
        .iter()
        .map(|Found { seed, operations, complaint, .. }| {
            format!("seed {seed}: {complaint}\n\nThe shortest list that fails:\n{}\n", as_code(operations))
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
on_every_database!(random_operations);
