//! Statements in a DO block, for what has no IF NOT EXISTS on PostgreSQL.

/// A statement that creates what may be there already.
pub(super) fn unless_there(sql: &str) -> String {
    of(&format!("{sql}; EXCEPTION WHEN duplicate_object THEN NULL;"))
}

/// Statements, each with its `;`, as a block.
pub(super) fn of(statements: &str) -> String {
    // The quotes must not stand in the statements: in the text of a condition, or in a word of an enumeration.
    let mut quote = "$$".to_owned();
    let mut number = 0;
    while statements.contains(&quote) {
        number += 1;
        quote = format!("$block_{number}$");
    }
    format!("DO {quote} BEGIN {statements} END {quote}")
}
