//! [`run`]: asks a backend all cases; [`Report`]: how it did.

use std::{fmt, time::Duration};

use aludel_driver::{Error, ErrorKind, Result};
use tokio::{task, time};

use crate::{Case, Failure, Subject, cases};

/// How long a case may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(120);

/// Asks a backend the cases that the filter lets through, one after the other, and leaves out those that its capabilities
/// do not allow. A case that panics or takes longer than two minutes has failed.
///
/// # Errors
/// What the driver says when no connection can be opened at all; [`ErrorKind::Argument`] when each connection would see a
/// database of its own.
pub async fn run(subject: &Subject, filter: impl Fn(&Case) -> bool) -> Result<Report> {
    if subject.driver().is_private(subject.arguments()) {
        return Err(Error::new(
            ErrorKind::Argument,
            "the suite needs a database that several connections see: name a file or a server",
        ));
    }
    let connection = subject.connect().await?;
    let capabilities = connection.capabilities().clone();
    connection.close(Duration::from_secs(10)).await?;
    let mut report = Report::default();
    for case in cases().iter().filter(|case| filter(case)) {
        if !case.applies_to(&capabilities) {
            report.skipped.push(case.name());
            continue;
        }
        match ask(subject.clone(), *case).await {
            Ok(()) => report.passed.push(case.name()),
            Err(failure) => report.failed.push((case.name(), failure)),
        }
    }
    Ok(report)
}

/// Asks one case in a task of its own, so that a panic in it is told like any other failure.
async fn ask(subject: Subject, case: Case) -> Result<(), Failure> {
    let asking = task::spawn(async move { case.run(&subject).await });
    let abort = asking.abort_handle();
    match time::timeout(LIMIT, asking).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(Failure::new(format!("it panicked: {panic}"))),
        Err(_) => {
            abort.abort();
            Err(Failure::new(format!("it was not done after {LIMIT:?}")))
        }
    }
}

/// How a backend did. `Display` names each case that failed, with what it saw.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The cases that hold.
    pub passed: Vec<&'static str>,
    /// The cases that the backend's capabilities do not allow.
    pub skipped: Vec<&'static str>,
    /// The cases that do not hold, and what was seen.
    pub failed: Vec<(&'static str, Failure)>,
}

impl Report {
    /// Whether no case failed.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed) = (self.passed.len(), self.failed.len());
        write!(formatter, "{passed} cases hold, {failed} do not")?;
        if !self.skipped.is_empty() {
            write!(formatter, "; not asked: {}", self.skipped.join(", "))?;
        }
        for (name, failure) in &self.failed {
            write!(formatter, "\n- {name}: {failure}")?;
        }
        Ok(())
    }
}
