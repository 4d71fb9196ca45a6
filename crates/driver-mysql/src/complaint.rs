//! The names in the server's messages: it tells the constraint, the table and the column only in words.

use aludel_driver::DatabaseError;
use mysql_async::ServerError;

/// What the server told about an error.
pub(crate) fn read(server: &ServerError) -> DatabaseError {
    let mut told = DatabaseError { code: Some(server.code.to_string()), ..DatabaseError::default() };
    let message = server.message.as_str();
    match server.code {
        // Duplicate entry '1-a' for key 'author.name'; the value may hold anything, so the key is looked for from the end.
        1062 | 1586 | 1859 => {
            let key = message.rsplit_once(" for key ").map(|(_, key)| key.trim_matches('\''));
            if let Some(key) = key {
                let (table, key) =
                    key.rsplit_once('.').map_or((None, key), |(table, key)| (Some(table), key));
                told.table = table.map(str::to_owned);
                told.constraint = Some(key.to_owned());
            }
        }
        // ... fails (`library`.`book`, CONSTRAINT `book_author` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`))
        1216 | 1217 | 1451 | 1452 => {
            if let Some((_, details)) = message.split_once(" fails (") {
                let (table, rest) = details.split_once(", ").unwrap_or((details, ""));
                told.table = last_name(table);
                told.constraint = after(rest, "CONSTRAINT ");
                told.column = after(rest, "FOREIGN KEY (");
            }
        }
        // Column 'name' cannot be null; Field 'name' doesn't have a default value; Data too long for column 'name' at row 1
        1048 | 1263 | 1264 | 1265 | 1364 | 1406 => told.column = single_quoted(message),
        // Unknown column 'book.name' in 'SELECT'; Column 'id' in SELECT is ambiguous
        1052 | 1054 => told.column = single_quoted(message).as_deref().and_then(last_name),
        // Incorrect integer value: 'x' for column `library`.`book`.`pages` at row 1 (MySQL: for column 'pages')
        1366 | 1292 | 1411 => {
            if let Some((_, column)) = message.rsplit_once(" for column ") {
                let column = column.rsplit_once(" at row ").map_or(column, |(column, _)| column);
                told.column = last_name(column);
            }
        }
        // Check constraint 'positive' is violated.
        3819 => told.constraint = single_quoted(message),
        // CONSTRAINT `positive` failed for `library`.`book`
        4025 => {
            told.constraint = after(message, "CONSTRAINT ");
            told.table = message.rsplit_once(" failed for ").and_then(|(_, table)| last_name(table));
        }
        // Table 'library.book' doesn't exist
        1146 | 1050 | 1051 => {
            let table = single_quoted(message);
            told.table = table
                .map(|table| table.rsplit_once('.').map_or(table.clone(), |(_, table)| table.to_owned()));
        }
        _ => {}
    }
    told
}

/// The last of `schema`.`table`, without quotes.
fn last_name(path: &str) -> Option<String> {
    let path = path.trim();
    if let Some(inner) = path.strip_suffix('`') {
        let start = inner.rfind("`.`").map_or_else(|| usize::from(inner.starts_with('`')), |at| at + 3);
        return inner.get(start..).map(|name| name.replace("``", "`"));
    }
    let path = path.trim_matches('\'');
    Some(path.rsplit_once('.').map_or(path, |(_, name)| name).to_owned()).filter(|name| !name.is_empty())
}

/// The name in backquotes after some words.
fn after(message: &str, words: &str) -> Option<String> {
    let (_, rest) = message.split_once(words)?;
    let name = rest.strip_prefix('`')?;
    let mut output = String::new();
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '`' if letters.peek() == Some(&'`') => {
                letters.next();
                output.push('`');
            }
            '`' => return Some(output),
            letter => output.push(letter),
        }
    }
    None
}

/// What stands in the first single quotes.
fn single_quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('\'')?;
    rest.split_once('\'').map(|(name, _)| name.to_owned())
}
