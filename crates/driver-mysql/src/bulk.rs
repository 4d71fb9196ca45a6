//! Bulk loads: by LOAD DATA where the server takes it, else by INSERTs of many rows.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use aludel_driver::{
    CallOptions, Cell, ColumnInfo, Error, ErrorKind, Result, Row, Sink, Statement, Value,
    bulk::{BulkDone, BulkTarget, BulkWay, RowSource, in_rows, insert_rows, next_row_to},
};
use aludel_sql_expression::value::ValueSink;
use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use crate::{connection::MySqlConnection, deadline, error, infile::Sent, load_text::Writing};

/// How many rows one INSERT of a bulk load has. More are slower, and the server describes each parameter of them.
const ROWS_AT_ONCE: usize = 100;

/// From so many bytes on, a piece is sent.
const PIECE: usize = 1 << 16;

/// How much longer than its limit a load may take. Its rows are not asked for any more when the limit is over, and then the
/// statement ends by itself, without having to be cancelled.
const GRACE: Duration = Duration::from_secs(1);

impl MySqlConnection {
    /// Loads rows in the fastest way that the server allows.
    pub(crate) async fn load_rows(
        &mut self,
        target: &BulkTarget,
        rows: &mut dyn RowSource,
        options: &CallOptions,
    ) -> Result<BulkDone> {
        if let Some(load) = self.plan(target).await? {
            let limit = options.timeout.and_then(|limit| limit.checked_add(GRACE));
            let kill = self.kill.clone();
            let ended = deadline::keep(kill, limit, self.send_rows(&load, target, &mut *rows)).await;
            if let Some(rows) = self.settle(ended, limit).await? {
                return Ok(BulkDone { rows, way: BulkWay::LoadData });
            }
        }
        insert_rows(self, target, rows, options, ROWS_AT_ONCE).await
    }

    /// How LOAD DATA is to be said, by what the server says of the columns; none where it cannot do what INSERT does.
    async fn plan(&mut self, target: &BulkTarget) -> Result<Option<Load>> {
        if target.columns().iter().any(|column| column.around.is_some()) {
            return Ok(None);
        }
        let probe = format!("SELECT {} FROM {} LIMIT 0", target.column_list(), target.table());
        let probe = Statement::new(probe);
        let columns = match self.send(&probe, &[]).await {
            Ok(answer) => {
                self.finish(answer.protocol, probe.sql()).await?;
                answer.shape.map(|shape| shape.columns.clone())
            }
            Err(error) if error.is_disconnect() => return Err(error),
            // Who may insert need not be allowed to read; what else is wrong is said by INSERT.
            Err(_) => None,
        };
        let Some(columns) = columns else { return Ok(None) };
        let writings: Option<Box<[Writing]>> =
            columns.iter().map(|column| Writing::of(&column.type_name)).collect();
        let writings = writings.filter(|writings| writings.len() == target.width());
        Ok(writings.map(|writings| Load { sql: load_data(target, &writings), writings }))
    }

    /// None: the server does not take LOAD DATA LOCAL, and no row was asked for.
    async fn send_rows(
        &mut self,
        load: &Load,
        target: &BulkTarget,
        rows: &mut dyn RowSource,
    ) -> Result<Option<u64>> {
        self.hide_notes().await?;
        let sent = self.send_infile(&load.sql, |sender| write_rows(load, target, rows, sender)).await;
        let outcome = match sent {
            Ok(Sent::All(written)) => self.check_loaded(written, target).await.map(Some),
            Ok(Sent::Refused(error)) => {
                tracing::debug!(%error, "the server does not take LOAD DATA LOCAL: rows are loaded by INSERT");
                Ok(None)
            }
            Err(error) => Err(error),
        };
        let shown = self.show_notes().await;
        outcome.and_then(|rows| shown.map(|()| rows))
    }

    /// What follows counts no notes among its warnings: an INSERT passes over them, too.
    pub(crate) async fn hide_notes(&mut self) -> Result<()> {
        self.command("SET @aludel_sql_notes = @@sql_notes, sql_notes = 0").await
    }

    /// As it was before.
    pub(crate) async fn show_notes(&mut self) -> Result<()> {
        match self.is_in_doubt() {
            true => Ok(()),
            false => self.command("SET sql_notes = @aludel_sql_notes").await,
        }
    }

    /// The first warning of the last statement, as the error that it would have been, and the row that it names.
    pub(crate) async fn first_warning(&mut self) -> Result<Option<(Error, Option<u64>)>> {
        let mut complaint = Complaint::default();
        self.exchange(&Statement::once("SHOW WARNINGS LIMIT 1"), &[], &mut complaint).await?;
        Ok(complaint.code.map(|code| {
            let row = row_of(&complaint.message);
            (error::of_warning(code, complaint.message), row)
        }))
    }

    /// LOCAL makes of every error of a row a warning: here it becomes what it would have been for an INSERT.
    async fn check_loaded(&mut self, written: Result<u64>, target: &BulkTarget) -> Result<u64> {
        // The rows' own error comes first: what was sent until then is undone by the caller.
        let written = written?;
        let loaded = self.wire.affected_rows();
        if self.wire.warnings() == 0 && loaded == written {
            return Ok(written);
        }
        if let Some((error, row)) = self.first_warning().await? {
            return Err(match row {
                Some(row) => in_rows(error, target, row, 1),
                None => in_rows(error, target, 1, written),
            });
        }
        Err(Error::new(
            ErrorKind::Operational,
            format!(
                "LOAD DATA kept {loaded} of {written} rows, and the server does not say why; is there a trigger, or is it a view?"
            ),
        ))
    }
}

/// A LOAD DATA, and how its text is written.
struct Load {
    sql: String,
    writings: Box<[Writing]>,
}

fn load_data(target: &BulkTarget, writings: &[Writing]) -> String {
    let mut columns = Vec::with_capacity(writings.len());
    let mut assignments = Vec::new();
    for (number, (column, writing)) in (1..).zip(target.columns().iter().zip(writings)) {
        let variable = format!("@aludel_{number}");
        match writing.assignment(&variable) {
            None => columns.push(column.sql.clone()),
            Some(assigned) => {
                assignments.push(format!("{} = {assigned}", column.sql));
                columns.push(variable);
            }
        }
    }
    let set = if assignments.is_empty() { "" } else { " SET " };
    // In hexadecimal digits, which mean the same in every mode of the server.
    format!(
        "LOAD DATA LOCAL INFILE 'aludel' INTO TABLE {} CHARACTER SET utf8mb4 FIELDS TERMINATED BY 0x09 ENCLOSED BY '' \
         ESCAPED BY 0x5C LINES STARTING BY '' TERMINATED BY 0x0A ({}){set}{}",
        target.table(),
        columns.join(", "),
        assignments.join(", ")
    )
}

/// Writes all rows, and says how many there were.
async fn write_rows(
    load: &Load,
    target: &BulkTarget,
    rows: &mut dyn RowSource,
    sender: Sender<Bytes>,
) -> Result<u64> {
    let mut count = 0;
    let mut lines = Lines::new(&load.writings);
    loop {
        if !next_row_to(rows, &mut lines).await? {
            break;
        }
        count += 1;
        lines.end().map_err(|error| in_rows(error, target, count, 1))?;
        if lines.text.len() >= PIECE {
            let full = lines.take();
            if sender.send(full.into()).await.is_err() {
                // The statement has ended, and says why.
                return Ok(count);
            }
        }
    }
    if !lines.text.is_empty() {
        let _ = sender.send(lines.text.into()).await;
    }
    Ok(count)
}

/// Rows as the lines that LOAD DATA reads.
struct Lines<'l> {
    writings: &'l [Writing],
    text: Vec<u8>,
    /// How many values of the present row there were.
    place: usize,
    /// Why the first value that cannot be written cannot be.
    failed: Option<Error>,
}

impl<'l> Lines<'l> {
    fn new(writings: &'l [Writing]) -> Self {
        Self { writings, text: Vec::with_capacity(PIECE + PIECE / 8), place: 0, failed: None }
    }

    /// The row is whole.
    fn end(&mut self) -> Result<()> {
        self.place = 0;
        self.text.push(b'\n');
        self.failed.take().map_or(Ok(()), Err)
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::replace(&mut self.text, Vec::with_capacity(PIECE + PIECE / 8))
    }

    #[inline]
    fn write(&mut self, write: impl FnOnce(Writing, &mut Vec<u8>) -> Result<()>) {
        if self.place > 0 {
            self.text.push(b'\t');
        }
        let place = self.place;
        self.place += 1;
        // The source refuses a row of another width.
        let Some(writing) = self.writings.get(place) else { return };
        if let Err(error) = write(*writing, &mut self.text) {
            self.failed.get_or_insert(error.with_parameter(place + 1));
        }
    }
}

impl ValueSink for Lines<'_> {
    fn integer(&mut self, number: i64) {
        self.write(|writing, text| writing.write_integer(number, text));
    }

    fn text(&mut self, value: &str) {
        self.write(|writing, text| writing.write_bytes(value.as_bytes(), text));
    }

    fn null(&mut self) {
        self.write(|writing, text| writing.write(&Value::Null, text));
    }

    fn other(&mut self, value: Value) {
        self.write(|writing, text| writing.write(&value, text));
    }
}

/// The row that a warning names at its end.
fn row_of(message: &str) -> Option<u64> {
    message.trim_end().rsplit_once(" at row ")?.1.parse().ok()
}

/// The first warning.
#[derive(Default)]
struct Complaint {
    code: Option<u16>,
    message: String,
}

impl Sink for Complaint {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let code = match row.cell(1)? {
            Cell::I64(code) => u16::try_from(code).ok(),
            Cell::U64(code) => u16::try_from(code).ok(),
            Cell::Text(code) => code.parse().ok(),
            _ => None,
        };
        if let Cell::Text(message) = row.cell(2)? {
            self.message = message.to_owned();
        }
        self.code = Some(code.unwrap_or_default());
        Ok(ControlFlow::Break(()))
    }
}
