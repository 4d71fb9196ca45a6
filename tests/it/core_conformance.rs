//! The suite that every backend must pass, and what each backend says that it can do.

use aludel_conformance::Subject;

use crate::database::{Database, on_every_database};

async fn the_conformance_suite(database: &Database) {
    let subject = Subject::new(database.driver(), database.arguments());
    let only = std::env::var("ALUDEL_TEST_CASE").ok();
    let report = aludel_conformance::run(&subject, |case| {
        only.as_deref().is_none_or(|only| case.name().contains(only))
    });
    let report = report.await.unwrap();
    assert!(report.is_success(), "{report}");
}
on_every_database!(the_conformance_suite);

#[test]
fn cases_have_names_of_their_own() {
    let mut names: Vec<_> = aludel_conformance::cases().iter().map(|case| case.name()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all >= 60, "{all} cases");
}

/// A backend that claims less passes more of the suite, so its claims are held here.
async fn capabilities_are_pinned(database: &Database) {
    let mut connection = database.connect().await;
    let connection = connection.driver_connection().await.unwrap();
    let expected = match connection.server().product {
        "SQLite" => {
            "Capabilities { returning: Returning { insert: true, update: true, delete: true }, savepoints: true, \
             two_phase: false, isolation_levels: [Serializable, ReadUncommitted], declared_cursors: true, \
             pipelining: false, streaming: true, arrays: false, last_insert_id: true, \
             transactional_ddl: true, aborts_on_error: false, prepared_loop: true, cancel: true, reflection: true, max_parameters: 32766 }"
        }
        "PostgreSQL" => {
            "Capabilities { returning: Returning { insert: true, update: true, delete: true }, savepoints: true, \
             two_phase: true, isolation_levels: [ReadUncommitted, ReadCommitted, RepeatableRead, Serializable], declared_cursors: true, \
             pipelining: true, streaming: true, arrays: true, last_insert_id: false, \
             transactional_ddl: true, aborts_on_error: true, prepared_loop: false, cancel: true, reflection: true, max_parameters: 65535 }"
        }
        "MariaDB" => {
            "Capabilities { returning: Returning { insert: true, update: false, delete: true }, savepoints: true, \
             two_phase: true, isolation_levels: [ReadUncommitted, ReadCommitted, RepeatableRead, Serializable], declared_cursors: false, \
             pipelining: false, streaming: true, arrays: false, last_insert_id: true, \
             transactional_ddl: false, aborts_on_error: false, prepared_loop: false, cancel: true, reflection: true, max_parameters: 65535 }"
        }
        "MySQL" => {
            "Capabilities { returning: Returning { insert: false, update: false, delete: false }, savepoints: true, \
             two_phase: true, isolation_levels: [ReadUncommitted, ReadCommitted, RepeatableRead, Serializable], declared_cursors: false, \
             pipelining: false, streaming: true, arrays: false, last_insert_id: true, \
             transactional_ddl: false, aborts_on_error: false, prepared_loop: false, cancel: true, reflection: true, max_parameters: 65535 }"
        }
        other => panic!("what can {other} do?"),
    };
    assert_eq!(format!("{:?}", connection.capabilities()), expected);
}
on_every_database!(capabilities_are_pinned);
