//! The statements that begin and end transactions.

use aludel_driver::{BeginOptions, Control, Error, ErrorKind, IsolationLevel, Result, TransactionState};

/// The SQL of a control, once it fits the state of the transaction.
///
/// # Errors
/// `InvalidRequest` for what MySQL would do in silence and nobody means: a second START TRANSACTION commits the first, and
/// a savepoint outside of a transaction holds nothing.
pub(crate) fn sql(control: Control<'_>, state: TransactionState) -> Result<String> {
    Ok(match control {
        Control::Begin(_) if state != TransactionState::Idle => return Err(open_already()),
        Control::Begin(options) => begin(options),
        Control::Commit => "COMMIT".to_owned(),
        Control::Rollback => "ROLLBACK".to_owned(),
        Control::Savepoint(_) | Control::Release(_) | Control::RollbackTo(_)
            if state == TransactionState::Idle =>
        {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a savepoint needs a transaction, and none is open on this connection; begin one first (a deadlock, and \
                 statements that change the schema, end it)",
            ));
        }
        Control::Savepoint(name) => format!("SAVEPOINT {}", quote(name)),
        Control::Release(name) => format!("RELEASE SAVEPOINT {}", quote(name)),
        Control::RollbackTo(name) => format!("ROLLBACK TO SAVEPOINT {}", quote(name)),
        _ => return Err(Error::not_supported("this transaction control", "the MySQL driver")),
    })
}

/// In one text, and so in one round trip.
fn begin(options: &BeginOptions) -> String {
    let access = if options.read_only { " READ ONLY" } else { "" };
    format!("{}START TRANSACTION{access}", characteristics(options.isolation, false))
}

/// What is said before a transaction begins, for it alone: that is what SET TRANSACTION without SESSION means.
pub(crate) fn characteristics(isolation: Option<IsolationLevel>, read_only: bool) -> String {
    let isolation = isolation.map(|level| format!("ISOLATION LEVEL {}", level.as_sql()));
    let access = read_only.then(|| "READ ONLY".to_owned());
    let words: Vec<_> = isolation.into_iter().chain(access).collect();
    match words.is_empty() {
        true => String::new(),
        false => format!("SET TRANSACTION {}; ", words.join(", ")),
    }
}

/// The error of a second transaction.
pub(crate) fn open_already() -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "a transaction is open on this connection, and MySQL would commit it to begin another; commit it or roll it back \
         first, or use a savepoint",
    )
}

fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
