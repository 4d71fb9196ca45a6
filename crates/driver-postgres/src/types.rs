//! Looking up the database's own types behind a pooler.

use aludel_driver::Result;
use tokio_postgres::{Error as Lower, SimpleQueryMessage, Statement, types::Type};

use crate::{settings::PrepareMode, wire::Wire};

/// How many types are looked up at once: as many columns as a result can have, with room to spare.
const MOST_TYPES: usize = 1_000;

/// The names of all types that a column can have, but for those of the system and of the rows of tables.
const NAMES: &str = "\
SELECT format_type(t.oid, NULL) FROM pg_catalog.pg_type t
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(e.typrelid, t.typrelid)
WHERE t.oid >= 16384 AND t.typisdefined AND t.typtype IN ('b', 'c', 'd', 'e', 'm', 'r')
AND coalesce(e.typtype, t.typtype) <> 'p' AND coalesce(c.relkind, 'c') = 'c'
AND has_schema_privilege(t.typnamespace, 'USAGE') AND has_type_privilege(t.oid, 'USAGE')
ORDER BY t.oid LIMIT 1000";

/// The names of the statements that tokio-postgres prepares for looking types up.
const LOOKUPS: &str = "\
SELECT quote_ident(name) FROM pg_catalog.pg_prepared_statements WHERE NOT from_sql AND (
statement LIKE 'SELECT t.typname, t.typtype, t.typelem,%'
OR statement LIKE 'SELECT enumlabel%FROM pg_catalog.pg_enum%'
OR statement LIKE 'SELECT attname, atttypid%FROM pg_catalog.pg_attribute%')";

impl Wire {
    /// Behind a pooler: after the first statement with a type of the database's own, looks up the others too, and takes
    /// the statements that do it off the server again.
    ///
    /// tokio-postgres prepares those once for a connection, and has no way to forget them. The next transaction may run
    /// on another server connection, which does not have them, while this one would keep them, in the way of every other
    /// client that comes to the same names.
    pub(crate) async fn keep_types(&mut self, prepared: &Statement) -> Result<()> {
        if self.prepare_mode == PrepareMode::Cached || self.knows_types {
            return Ok(());
        }
        let columns = prepared.columns().iter().map(|column| column.type_());
        if columns.chain(prepared.params()).all(|kind| Type::from_oid(kind.oid()).is_some()) {
            return Ok(());
        }
        self.knows_types = true;
        let looked_up = self.look_up_all().await;
        looked_up.map_err(|lower| self.ledger.fail(lower))
    }

    async fn look_up_all(&self) -> Result<(), Lower> {
        let client = &self.client;
        let names = texts(&client.simple_query(NAMES).await?);
        if !names.is_empty() {
            client.batch_execute("SAVEPOINT aludel_types").await?;
            let columns: Vec<String> =
                names.iter().take(MOST_TYPES).map(|name| format!("NULL::{name}")).collect();
            // One that was dropped meanwhile makes it fail, which only means that the others are not known.
            match client.prepare(&format!("SELECT {}", columns.join(", "))).await {
                Ok(statement) => drop(statement),
                Err(error) if error.as_db_error().is_some() => {
                    tracing::debug!(%error, "the types of the database could not be looked up at once");
                    client.batch_execute("ROLLBACK TO SAVEPOINT aludel_types").await?;
                }
                Err(error) => return Err(error),
            }
            client.batch_execute("RELEASE SAVEPOINT aludel_types").await?;
        }
        let lookups = texts(&client.simple_query(LOOKUPS).await?);
        let script: Vec<String> = lookups.iter().map(|name| format!("DEALLOCATE {name}")).collect();
        client.batch_execute(&script.join("; ")).await
    }
}

fn texts(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let cells = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    cells.collect()
}
