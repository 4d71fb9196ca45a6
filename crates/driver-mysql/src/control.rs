//! The statements that begin and end transactions.

use aludel_driver::{BeginOptions, Control, Error, ErrorKind, Result, TransactionState};

/// The SQL of a control, once it fits the state of the transaction.
///
/// # Errors
/// `InvalidRequest` for what MySQL would do in silence and nobody means: a second START TRANSACTION commits the first, and
/// a savepoint outside of a transaction holds nothing.
pub(crate) fn sql(control: Control<'_>, state: TransactionState) -> Result<String> {
    Ok(match control {
        Control::Begin(_) if state != TransactionState::Idle => {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a transaction is open on this connection, and MySQL would commit it to begin another; commit it or roll it \
                 back first, or use a savepoint",
            ));
        }
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

/// In one text, and so in one round trip. SET TRANSACTION without SESSION is for the next transaction alone.
fn begin(options: &BeginOptions) -> String {
    let mut sql = match options.isolation {
        Some(level) => format!("SET TRANSACTION ISOLATION LEVEL {}; ", level.as_sql()),
        None => String::new(),
    };
    sql.push_str("START TRANSACTION");
    if options.read_only {
        sql.push_str(" READ ONLY");
    }
    sql
}

fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
