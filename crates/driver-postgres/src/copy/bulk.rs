//! Bulk loads by COPY.

use aludel_driver::{
    BoxFuture, CallOptions, Connection as _, Result, Statement, TransactionState, Value,
    bulk::{BulkDone, BulkTarget, BulkWay, RowSource, insert_rows, next_row},
};
use aludel_sql_expression::{SqlType, value::ArrayValue};

use super::{
    CopyFormat, Frame,
    encoder::{Pushed, RowEncoder},
    input::Entry,
};
use crate::{
    PostgresConnection,
    column::FirstColumn,
    error,
    flight::{self, Ended},
    wire::Wire,
};

/// How many rows an INSERT has where COPY will not do.
const ROWS_AT_ONCE: usize = 1000;

/// Since when partitioned tables take COPY as others do.
const PARTITIONED: u32 = 11;

/// Whether COPY puts into a table what an INSERT would. It does not know of rules and of policies for rows, writes into
/// `GENERATED ALWAYS` what no INSERT may, and takes no views.
const TAKES_COPY: &str = "\
SELECT c.relkind IN ('r', 'p') AND NOT c.relhasrules AND NOT pg_catalog.row_security_active(c.oid) AND NOT EXISTS (
SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity = 'a' AND a.attname = ANY ($2::text[]))
FROM pg_catalog.pg_class c WHERE c.oid = $1::text::regclass";

/// Loads rows by COPY where that does what INSERT would, and by INSERTs elsewhere.
pub(crate) fn load<'a>(
    connection: &'a mut PostgresConnection,
    target: &'a BulkTarget,
    rows: &'a mut dyn RowSource,
    options: &'a CallOptions,
) -> BoxFuture<'a, Result<BulkDone>> {
    Box::pin(async move {
        match encoder(connection, target).await? {
            Some(encoder) => copy(connection, encoder, target, rows, options).await,
            None => insert_rows(connection, target, rows, options, ROWS_AT_ONCE).await,
        }
    })
}

/// What writes the rows; none where they have to be inserted.
async fn encoder(connection: &mut PostgresConnection, target: &BulkTarget) -> Result<Option<RowEncoder>> {
    let is_old = connection.server().version.0 < PARTITIONED;
    // A lone statement behind a pooler has nothing to be prepared in.
    let is_alone = connection.transaction_state() == TransactionState::Idle;
    if is_old || is_alone || target.columns().iter().any(|column| column.around.is_some()) {
        return Ok(None);
    }
    let flight = connection.enter()?;
    let ended = Ended::Answered(describe(&mut connection.wire, target).await);
    connection.leave(flight, ended)
}

async fn describe(wire: &mut Wire, target: &BulkTarget) -> Result<Option<RowEncoder>> {
    wire.ledger.admit()?;
    let sample = Statement::new(format!("SELECT {} FROM {}", target.column_list(), target.table()));
    let described = wire.prepared(&sample).await?;
    let names = described.columns.iter().map(|column| Value::Text((*column.name).into())).collect::<Vec<_>>();
    let names = ArrayValue { element: SqlType::Text, values: names.into() };
    let parameters = [Value::Text(target.table().into()), Value::Array(Box::new(names))];
    let mut answer = FirstColumn::<bool>::default();
    wire.fetch(&Statement::new(TAKES_COPY), &parameters, &mut answer).await?;
    let takes_copy = answer.0 == [true];
    Ok(takes_copy.then(|| RowEncoder::new(&described.statement, None)))
}

async fn copy(
    connection: &mut PostgresConnection,
    mut encoder: RowEncoder,
    target: &BulkTarget,
    rows: &mut dyn RowSource,
    options: &CallOptions,
) -> Result<BulkDone> {
    let frame = Frame::open(connection, target.table().to_owned()).await?;
    let canceller = connection.wire.canceller.clone();
    let call = send(connection, &frame, &mut encoder, target, rows);
    let ended = flight::limit(&canceller, options.timeout, call).await;
    let done = |()| BulkDone { rows: encoder.rows(), way: BulkWay::Copy };
    match ended {
        Ended::Answered(Ok(())) | Ended::Late(Ok(())) => frame.close(connection, Ok(())).await.map(done),
        Ended::Answered(outcome) | Ended::Late(outcome) => {
            frame.close_failed(connection, outcome).await.map(done)
        }
        ended @ Ended::InDoubt(_) => frame.give_up(connection, ended).map(done),
    }
}

/// Sends the rows. One that has no binary form goes as text with all that come after it, by a COPY of their own.
async fn send(
    connection: &mut PostgresConnection,
    frame: &Frame,
    encoder: &mut RowEncoder,
    target: &BulkTarget,
    rows: &mut dyn RowSource,
) -> Result<()> {
    let mut open: Option<(Entry, u64)> = None;
    let mut values = Vec::new();
    loop {
        values.clear();
        let has_row = next_row(rows, &mut values).await?;
        if has_row {
            let pushed = encoder.try_push(&values)?;
            if pushed == Pushed::HasNoBinaryForm {
                if let Some(open) = open.take() {
                    finish(connection, frame, encoder, target, open).await?;
                } else if encoder.rows() > 0 {
                    let open = begin(connection, frame, encoder, target, 0).await?;
                    finish(connection, frame, encoder, target, open).await?;
                }
                encoder.go_on_as_text();
                let first = encoder.rows();
                encoder.push(&values)?;
                open = Some(begin(connection, frame, encoder, target, first).await?);
            }
            if !encoder.is_full() {
                continue;
            }
        }
        if encoder.rows() == 0 {
            return Ok(());
        }
        let (mut entry, first) = match open.take() {
            Some(open) => open,
            None => begin(connection, frame, encoder, target, 0).await?,
        };
        if !has_row {
            return finish(connection, frame, encoder, target, (entry, first)).await;
        }
        let bytes = encoder.take();
        entry.send(connection, frame, bytes).await?;
        open = Some((entry, first));
    }
}

async fn begin(
    connection: &mut PostgresConnection,
    frame: &Frame,
    encoder: &RowEncoder,
    target: &BulkTarget,
    first: u64,
) -> Result<(Entry, u64)> {
    let format = match encoder.format() {
        Some(CopyFormat::Text) => "text",
        _ => "binary",
    };
    let (table, columns) = (target.table(), target.column_list());
    let sql = format!("COPY {table} ({columns}) FROM STDIN WITH (FORMAT {format})");
    Ok((Entry::begin(connection, frame, &sql).await?, first))
}

/// Ends a COPY whose first row has so many before it.
async fn finish(
    connection: &mut PostgresConnection,
    frame: &Frame,
    encoder: &mut RowEncoder,
    target: &BulkTarget,
    (mut entry, first): (Entry, u64),
) -> Result<()> {
    encoder.end();
    let bytes = encoder.take();
    entry.send(connection, frame, bytes).await?;
    match entry.end().await {
        Ok(_) => Ok(()),
        Err(lower) => {
            let line = error::line_of_copy(&lower, target.table());
            let error = frame.explain(connection, lower);
            Err(match line {
                Some(line) => error.context(format_args!("row {}", first + line)),
                None => error,
            })
        }
    }
}
