//! Opening and closing connections.

use std::time::Duration;

use aludel_driver::{ErrorKind, Secret, TransactionState};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{Probe, in_time},
};

pub(super) const CASES: &[Case] = &[
    case!(connections_open_answer_a_ping_and_close),
    case!(the_server_and_its_dialect_are_known),
    case!(connections_know_nothing_of_each_other),
    case!(unknown_options_are_refused_by_name),
    case!(a_server_that_does_not_answer_is_told_without_the_password),
];

async fn connections_open_answer_a_ping_and_close(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    ensure!(!probe.connection.is_broken(), "a new connection says that it is broken");
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "a new connection");
    probe.connection.ping().await?;
    probe.connection.ping().await?;
    probe.connection.reset().await?;
    ensure_equal!(probe.connection.transaction_state(), TransactionState::Idle, "after a reset");
    probe.ensure_usable().await?;
    in_time("closing", probe.connection.close(Duration::from_secs(5))).await??;
    Ok(())
}

async fn the_server_and_its_dialect_are_known(subject: Subject) -> Result<(), Failure> {
    let driver = subject.driver();
    ensure!(!driver.name().is_empty(), "the driver has no name");
    ensure!(!driver.schemes().is_empty(), "the driver answers to no scheme");
    let probe = Probe::open(&subject).await?;
    let server = probe.connection.server();
    ensure!(
        !server.product.is_empty() && !server.version_text.is_empty(),
        "the server is not known: {server:?}"
    );
    ensure!(server.version.0 > 0, "the server's version is not read: {server:?}");
    // A connection may bring a more exact dialect than the driver has before.
    ensure!(
        !probe.dialect().name().is_empty() && !driver.dialect().name().is_empty(),
        "a dialect has no name"
    );
    probe.close().await?;
    Ok(())
}

async fn connections_know_nothing_of_each_other(subject: Subject) -> Result<(), Failure> {
    let mut first = Probe::open(&subject).await?;
    let mut second = Probe::open(&subject).await?;
    first.begin().await?;
    ensure_equal!(second.connection.transaction_state(), TransactionState::Idle, "the other connection");
    second.ensure_usable().await?;
    first.close().await?;
    second.ensure_usable().await?;
    second.close().await?;
    Ok(())
}

async fn unknown_options_are_refused_by_name(subject: Subject) -> Result<(), Failure> {
    let mut arguments = subject.arguments().clone();
    arguments.options.insert("no_such_option".to_owned(), "1".to_owned());
    let checked = subject.driver().check(&arguments);
    let connected = subject.driver().connect(&arguments).await.map(drop);
    for (what, outcome) in [("check", checked), ("connect", connected)] {
        match outcome {
            Ok(()) => return Err(Failure::new(format!("{what} lets an unknown option through"))),
            Err(error) => {
                ensure_equal!(error.kind(), ErrorKind::Argument, "{what}: {error:?}");
                ensure!(
                    error.message().contains("no_such_option"),
                    "{what} does not name the option: {error:?}"
                );
            }
        }
    }
    subject.driver().check(subject.arguments())?;
    Ok(())
}

async fn a_server_that_does_not_answer_is_told_without_the_password(subject: Subject) -> Result<(), Failure> {
    let mut arguments = subject.arguments().clone();
    if arguments.host.is_none() {
        return Ok(());
    }
    arguments.host = Some("127.0.0.1".to_owned());
    // Nobody listens there.
    arguments.port = Some(1);
    arguments.password = Some(Secret::new("the-secret-of-the-suite"));
    arguments.timeout = Some(Duration::from_secs(5));
    let Err(error) = in_time("connecting", subject.driver().connect(&arguments)).await? else {
        return Err(Failure::new("a connection was opened where nobody listens"));
    };
    ensure!(
        matches!(error.kind(), ErrorKind::Operational | ErrorKind::Timeout),
        "a server that is not there is no operational error: {error:?}"
    );
    ensure!(error.to_string().contains("127.0.0.1"), "the target is not told: {error:?}");
    for shown in [format!("{error}"), format!("{error:?}"), format!("{arguments:?}")] {
        ensure!(!shown.contains("the-secret-of-the-suite"), "the password is shown: {shown}");
    }
    Ok(())
}
