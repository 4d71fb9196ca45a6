# Short names for what is typed every day; each recipe is one call of cargo or tests/run.

# List the recipes.
default:
    @just --list

# Does everything compile?
check:
    cargo check --workspace --all-targets --all-features

# Clippy, with warnings as errors.
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Put every file into the house format.
format:
    cargo fmt --all

# Does each pair of the features for types of other crates compile?
features:
    #!/usr/bin/env bash
    set -euo pipefail
    features=($(sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z0-9_-]*\) =.*/\1/p' crates/sql-expression/Cargo.toml | grep -vx default))
    for one in "${features[@]}"; do
        for other in "${features[@]}"; do
            [[ "$one" < "$other" || "$one" = "$other" ]] || continue
            echo "--- $one, $other"
            cargo check --quiet --package aludel-sql-expression --no-default-features --features "$one,$other"
        done
    done

# The documentation of our crates.
doc *arguments:
    cargo doc --workspace --all-features --no-deps {{ arguments }}

# All tests, against SQLite, PostgreSQL and MariaDB; arguments are cargo's.
test *arguments:
    tests/run -- {{ arguments }}

# A command with PostgreSQL and MariaDB up, or a shell.
servers *command="bash":
    tests/run --servers-only {{ command }}

# The quickstart example, on a SQLite file or on the database of the URL.
quickstart *url:
    cargo run --example quickstart -- {{ url }}

# The Chinook database: a script, and the URL of a server for all but SQLite's.
chinook script="../shared/data/chinook/sqlite.sql" *url="":
    cargo run --example chinook -- {{ script }} {{ url }}

# The benchmarks against the raw drivers, as ratios: the servers have one core, and the client another.
bench *arguments:
    cargo build --release --package aludel-bench
    taskset --cpu-list 0 tests/run --servers-only taskset --cpu-list 1 cargo run --release --package aludel-bench -- {{ arguments }}

# The compile errors that users see; with TRYBUILD=overwrite set, they are written anew.
ui *arguments:
    cargo test --workspace compile_fail -- {{ arguments }}

# The tests that run for a while and look for leaks; ALUDEL_TEST_SOAK says for how many seconds each.
soak *arguments:
    tests/run -- --package aludel-tests soak -- --include-ignored {{ arguments }}

# The model checker of the session, for long: random lists of operations on each database, from a seed on.
hunt lists="100000" seed="1" *arguments:
    ALUDEL_TEST_HUNT={{ lists }} ALUDEL_TEST_SEED={{ seed }} tests/run -- --package aludel-tests --test checker random -- --nocapture {{ arguments }}

# Random statements, values, texts and URLs, for long, on each database, from a seed on.
fuzz rounds="20000" seed="1" *arguments:
    ALUDEL_TEST_FUZZ={{ rounds }} ALUDEL_TEST_SEED={{ seed }} cargo test --package aludel-sql-expression --package aludel-driver --test it fuzz
    ALUDEL_TEST_FUZZ={{ rounds }} ALUDEL_TEST_SEED={{ seed }} tests/run -- --package aludel-tests --test it random_ -- --nocapture {{ arguments }}
