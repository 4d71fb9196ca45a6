//! Echo: SQL as people expect to read it, line by line.

mod rows;

use std::{
    fmt::{self, Write as _},
    io::Write as _,
    sync::Arc,
};

use aludel_driver::{Control, Step, StepKind, Value};
use aludel_sql_expression::value::temporal;

use crate::{Events, events::ConnectionId};

pub(crate) use self::rows::run_shown;

/// Where the lines of the echo go.
pub(crate) type EchoFunction = Arc<dyn Fn(&str) + Send + Sync>;

/// Shows what is sent, a line for each statement.
#[derive(Clone)]
pub(crate) struct Echo {
    pub(crate) function: EchoFunction,
    /// A name put before each line.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) hide_parameters: bool,
    /// Whether each row is shown, too.
    pub(crate) rows: bool,
}

impl Echo {
    /// Shows a line, marked with the engine's name and the connection's token.
    pub(crate) fn line(&self, token: Option<&str>, line: &str) {
        match (&self.name, token) {
            (None, None) => (self.function)(line),
            (Some(name), None) => (self.function)(&format!("[{name}] {line}")),
            (None, Some(token)) => (self.function)(&format!("[{token}] {line}")),
            (Some(name), Some(token)) => (self.function)(&format!("[{name}] [{token}] {line}")),
        }
    }

    pub(crate) fn statement(&self, token: Option<&str>, sql: &str, parameters: &[Value]) {
        self.line(token, &with_parameters(sql, parameters, 1, self.hide_parameters));
    }

    pub(crate) fn steps(&self, token: Option<&str>, steps: &[Step<'_>]) {
        for step in steps {
            self.line(token, &line(step, self.hide_parameters));
        }
    }
}

/// Prints to standard output. A closed output is no reason to stop.
pub(crate) fn standard_output() -> EchoFunction {
    Arc::new(|line| {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    })
}

/// Shows what happens in a pool.
pub(crate) fn listen(echo: Echo, events: &Events) {
    let echo = Arc::new(echo);
    let says = |what: &'static str| {
        let echo = echo.clone();
        move |id: ConnectionId| echo.line(None, &format!("pool: connection {id} {what}"))
    };
    let (opened, taken, back, closed) =
        (says("was opened"), says("was taken"), says("came back"), says("is closed"));
    let (detached, detached_closed) = (says("left the pool"), says("is closed, outside of the pool"));
    events.connect.listen_sync(move |event| {
        opened(event.id);
        Ok(())
    });
    events.checkout.listen_sync(move |event| {
        taken(event.id);
        Ok(())
    });
    events.checkin.listen(move |id| {
        back(*id);
        Ok(())
    });
    events.close.listen(move |id| {
        closed(*id);
        Ok(())
    });
    events.detach.listen(move |id| {
        detached(*id);
        Ok(())
    });
    events.close_detached.listen(move |id| {
        detached_closed(*id);
        Ok(())
    });
    let replaced = says("is to be replaced");
    events.soft_invalidate.listen(move |id| {
        replaced(*id);
        Ok(())
    });
    events.invalidate.listen(move |event| {
        let reason = event.error.map_or_else(String::new, |error| format!(": {}", error.message()));
        echo.line(None, &format!("pool: connection {} is unfit{reason}", event.id));
        Ok(())
    });
}

/// The line for one step.
fn line(step: &Step<'_>, hide_parameters: bool) -> String {
    match &step.kind {
        StepKind::Control(control) => control_line(*control),
        StepKind::Fetch { statement, parameters, .. } => {
            with_parameters(statement.sql(), parameters, 1, hide_parameters)
        }
        StepKind::ExecuteMany { statement, sets, .. } => {
            let first: Vec<&[Value]> = sets.iter().take(SETS_SHOWN).collect();
            let shown = if hide_parameters { hidden(sets.len()) } else { many_sets(&first, sets.len()) };
            format!("{}  {shown}", statement.sql())
        }
    }
}

/// A statement and its parameters on one line.
fn with_parameters(sql: &str, parameters: &[Value], sets: usize, hide_parameters: bool) -> String {
    match (parameters.is_empty(), hide_parameters) {
        (true, _) => sql.to_owned(),
        (false, true) => format!("{sql}  {}", hidden(sets)),
        (false, false) => format!("{sql}  {}", Parameters(parameters)),
    }
}

fn hidden(sets: usize) -> String {
    if sets == 1 { "[parameters hidden]".to_owned() } else { format!("[{sets} sets of parameters hidden]") }
}

fn many_sets(first: &[&[Value]], count: usize) -> String {
    let shown: Vec<String> = first.iter().map(|set| Parameters(set).to_string()).collect();
    match count - first.len() {
        0 => shown.join(" "),
        more => format!("{} … and {more} more", shown.join(" ")),
    }
}

/// A control statement in SQL's words. Backends may spell it a little differently.
fn control_line(control: Control<'_>) -> String {
    match control {
        Control::Begin(options) | Control::BeginTwoPhase(options, _) => {
            let mut line = "BEGIN".to_owned();
            if let Some(level) = options.isolation {
                let _ = write!(line, " ISOLATION LEVEL {level}");
            }
            if options.read_only {
                line.push_str(" READ ONLY");
            }
            if options.deferrable {
                line.push_str(" DEFERRABLE");
            }
            if let Control::BeginTwoPhase(_, name) = control {
                let _ = write!(line, " (two-phase '{name}')");
            }
            line
        }
        Control::Commit => "COMMIT".to_owned(),
        Control::Rollback => "ROLLBACK".to_owned(),
        Control::Savepoint(name) => format!("SAVEPOINT {name}"),
        Control::Release(name) => format!("RELEASE SAVEPOINT {name}"),
        Control::RollbackTo(name) => format!("ROLLBACK TO SAVEPOINT {name}"),
        Control::Prepare(name) => format!("PREPARE TRANSACTION '{name}'"),
        Control::CommitPrepared(name) => format!("COMMIT PREPARED '{name}'"),
        Control::RollbackPrepared(name) => format!("ROLLBACK PREPARED '{name}'"),
        other => format!("{other:?}"),
    }
}

const SETS_SHOWN: usize = 3;
const VALUES_SHOWN: usize = 24;
const CHARACTERS_SHOWN: usize = 60;

/// Parameters, shown short: `[1, 'George Orwell', NULL]`.
pub(crate) struct Parameters<'a>(pub(crate) &'a [Value]);

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_values(formatter, self.0.iter(), &|_| None)
    }
}

/// What a value is called that is not known yet.
pub(crate) type Names<'a> = &'a dyn Fn(&Value) -> Option<String>;

/// The parameters of a statement that is only planned, as [`line`] would show them.
pub(crate) fn planned(parameters: &[Value], sets: usize, hide_parameters: bool, names: Names<'_>) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    if hide_parameters {
        return hidden(sets);
    }
    let width = (parameters.len() / sets.max(1)).max(1);
    let shown: Vec<String> =
        parameters.chunks(width).take(SETS_SHOWN).map(|values| Named { values, names }.to_string()).collect();
    match sets.saturating_sub(shown.len()) {
        0 => shown.join(" "),
        more => format!("{} … and {more} more", shown.join(" ")),
    }
}

struct Named<'a> {
    values: &'a [Value],
    names: Names<'a>,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_values(formatter, self.values.iter(), self.names)
    }
}

fn write_values<'v>(
    formatter: &mut fmt::Formatter<'_>,
    values: impl ExactSizeIterator<Item = &'v Value>,
    names: Names<'_>,
) -> fmt::Result {
    let length = values.len();
    formatter.write_char('[')?;
    for (position, value) in values.take(VALUES_SHOWN).enumerate() {
        if position > 0 {
            formatter.write_str(", ")?;
        }
        match names(value) {
            Some(name) => write!(formatter, "<{name}>")?,
            None => write_value(formatter, value, names)?,
        }
    }
    match length.saturating_sub(VALUES_SHOWN) {
        0 => formatter.write_char(']'),
        more => write!(formatter, ", … and {more} more]"),
    }
}

fn write_value(formatter: &mut fmt::Formatter<'_>, value: &Value, names: Names<'_>) -> fmt::Result {
    match value {
        Value::Null => formatter.write_str("NULL"),
        Value::Bool(flag) => write!(formatter, "{flag}"),
        Value::I64(number) => write!(formatter, "{number}"),
        Value::U64(number) => write!(formatter, "{number}"),
        Value::F32(number) => write!(formatter, "{number}"),
        Value::F64(number) => write!(formatter, "{number}"),
        Value::Decimal(number) => write!(formatter, "{number}"),
        Value::Text(text) | Value::Json(text) => write_text(formatter, text),
        Value::Bytes(bytes) => write!(formatter, "<{} bytes>", bytes.len()),
        Value::Uuid(bytes) => write_uuid(formatter, bytes),
        Value::Date(days) => write!(formatter, "'{}'", temporal::format_date(*days)),
        Value::Time(microseconds) => write!(formatter, "'{}'", temporal::format_time(*microseconds)),
        Value::DateTime(microseconds) => write!(formatter, "'{}'", temporal::format_datetime(*microseconds)),
        Value::Instant(microseconds) => write!(formatter, "'{}Z'", temporal::format_datetime(*microseconds)),
        Value::Array(array) => write_values(formatter, array.values.iter(), names),
        other => write!(formatter, "<{}>", other.kind()),
    }
}

/// A long text shows its beginning and its length.
fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let end = text.char_indices().nth(CHARACTERS_SHOWN).map_or(text.len(), |(end, _)| end);
    let shown = text[..end].replace('\'', "''").replace('\n', "\\n");
    if end == text.len() {
        write!(formatter, "'{shown}'")
    } else {
        write!(formatter, "'{shown}…' ({} characters)", text.chars().count())
    }
}

fn write_uuid(formatter: &mut fmt::Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
    formatter.write_char('\'')?;
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            formatter.write_char('-')?;
        }
        write!(formatter, "{byte:02x}")?;
    }
    formatter.write_char('\'')
}
