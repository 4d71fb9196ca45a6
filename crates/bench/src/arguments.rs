//! [`Arguments`]: what the command line asks for.

use crate::{Outcome, workload::Workload};

/// How many rounds are run when nothing else is said.
const ROUNDS: usize = 31;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) rounds: usize,
    pub(crate) only: Option<Only>,
    words: Vec<String>,
}

/// The side that runs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Aludel,
    Raw,
}

impl Arguments {
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut arguments = Self { rounds: ROUNDS, only: None, words: Vec::new() };
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--rounds" => {
                    let rounds = given.next().ok_or("--rounds takes a number")?;
                    arguments.rounds =
                        rounds.parse().map_err(|error| format!("--rounds {rounds}: {error}"))?;
                }
                "--only" => {
                    arguments.only = Some(match given.next().as_deref() {
                        Some("aludel") => Only::Aludel,
                        Some("raw") => Only::Raw,
                        _ => return Err("--only takes `aludel` or `raw`".into()),
                    });
                }
                option if option.starts_with('-') => {
                    return Err(format!(
                        "unknown option `{option}`; there are --rounds N, --only aludel|raw, and words"
                    )
                    .into());
                }
                word => arguments.words.push(word.to_lowercase()),
            }
        }
        if arguments.rounds == 0 {
            return Err("--rounds takes a number from 1 on".into());
        }
        Ok(arguments)
    }

    /// Whether a workload on a database is asked for.
    pub(crate) fn wants(&self, database: &str, workload: Workload) -> bool {
        self.words.iter().all(|word| database.contains(word) || workload.name().contains(word))
    }

    /// Whether what has this name is asked for, which stands beside the workloads.
    pub(crate) fn wants_name(&self, name: &str) -> bool {
        self.only.is_none() && self.words.iter().all(|word| name.contains(word))
    }

    /// Whether anything on a database is asked for.
    pub(crate) fn wants_any_of(&self, database: &str) -> bool {
        Workload::ALL.iter().any(|workload| self.wants(database, *workload))
    }
}
