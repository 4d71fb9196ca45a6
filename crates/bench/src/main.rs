//! Benchmarks of Aludel against the raw drivers doing the same work, in the same process, in turns.
//!
//! `cargo run --release --package aludel-bench -- [WORD...] [--rounds N] [--only aludel|raw]`
//!
//! It prints ratios and never times: how many times as long Aludel takes. A ratio of 1 is the raw driver. SQLite is
//! always measured; PostgreSQL and MySQL where `ALUDEL_TEST_POSTGRES_URL` and `ALUDEL_TEST_MYSQL_URL` are set. With words
//! only what has all of them in its name runs: `postgres update`. With `--only` one side runs alone, for a profiler.
//!
//! Servers and client should each keep to a core of its own, as `just bench` has it. Where they share one, each throws the
//! other's memory out of the core's caches; and where the system moves them about, what it takes to wake a client that waits
//! for one row changes from one moment to the next by more than all that either side does.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `arguments` | what the command line asks for |
//! | `workload` | what is done, how much of it, and how quick it should be |
//! | `contestant` | who does it: the trait of both sides |
//! | `with_aludel` | one side |
//! | `raw_sqlite`, `raw_postgres`, `raw_mysql` | the other |
//! | `raw_pool` | deadpool over each of these |
//! | `contest` | rounds in turns, and what comes of them |
//! | `effort` | CPU time, wall time and allocations of a piece of work |
//! | `few_changes` | what a flush of few changes costs beside many clean objects |
//! | `identity_map` | what `session.get` of a present object costs |
//! | `compile` | what building and compiling cost, against sea-query and a string builder |
//! | `pool` | what checkout and return cost, against bare deadpool |
//! | `model`, `sample` | the tables, and what stands in them |

mod arguments;
mod compile;
mod contest;
mod contestant;
mod effort;
mod few_changes;
mod identity_map;
mod model;
mod pool;
mod raw_mysql;
mod raw_pool;
mod raw_postgres;
mod raw_sqlite;
mod sample;
mod with_aludel;
mod workload;

use std::{env, error::Error, fs, path::PathBuf, process::ExitCode};

use tokio::runtime::{Builder, Runtime};

use crate::{
    arguments::Arguments, contest::Contest, contestant::Contestant, raw_mysql::RawMySql,
    raw_postgres::RawPostgres, raw_sqlite::RawSqlite, with_aludel::WithAludel,
};

/// What a part of a benchmark gives.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let arguments = Arguments::read(env::args().skip(1))?;
    if cfg!(debug_assertions) {
        eprintln!("built without optimization: the ratios tell nothing; add --release");
    }
    // Both sides run on one thread: what counts is the work, not how the system hands it from core to core.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    identity_map::measure(&runtime)?;
    if arguments.wants_name(pool::NAME) {
        pool::measure(&runtime, &arguments)?;
    }
    if arguments.wants_name(few_changes::NAME) {
        few_changes::measure(&runtime, &arguments)?;
    }
    if arguments.wants_name(compile::NAME) {
        compile::measure(&arguments)?;
    }
    contest::print_heading(&arguments);

    let raw = RawSqlite::open_in_memory()?;
    compete(&runtime, &arguments, "sqlite memory", "sqlite://", |_| Ok(raw))?;
    let folder = Folder::new()?;
    let raw = RawSqlite::open_file(&folder.0.join("raw.db"))?;
    let url = format!("sqlite:///{}", folder.0.join("aludel.db").display());
    compete(&runtime, &arguments, "sqlite file", &url, |_| Ok(raw))?;
    if let Ok(url) = env::var("ALUDEL_TEST_POSTGRES_URL") {
        compete(&runtime, &arguments, "postgres", &url, |runtime| {
            runtime.block_on(RawPostgres::connect(&url))
        })?;
    }
    if let Ok(url) = env::var("ALUDEL_TEST_MYSQL_URL") {
        compete(&runtime, &arguments, "mysql", &url, |runtime| runtime.block_on(RawMySql::connect(&url)))?;
    }
    Ok(())
}

/// Runs all workloads on one database.
fn compete<Raw: Contestant>(
    runtime: &Runtime,
    arguments: &Arguments,
    database: &str,
    url: &str,
    raw: impl FnOnce(&Runtime) -> Outcome<Raw>,
) -> Outcome<()> {
    if !arguments.wants_any_of(database) {
        return Ok(());
    }
    let mut aludel = runtime.block_on(WithAludel::set_up(url))?;
    // Where both use the same server, the tables have to be there before it connects.
    let mut raw = raw(runtime)?;
    let outcome = Contest { runtime, arguments, database }.run(&mut aludel, &mut raw);
    runtime.block_on(aludel.tear_down())?;
    outcome
}

/// A folder for the database files, which goes when the benchmark ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        let path = env::temp_dir().join(format!("aludel-bench-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
