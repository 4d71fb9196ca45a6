//! Random texts for the scanner of `text`, and random values between quotes.
//!
//! `ALUDEL_TEST_FUZZ` says how many there are (default: 2000), `ALUDEL_TEST_SEED` where the generator begins.

use std::{env, sync::Arc};

use aludel_sql_expression::{Dialect, Executable, Value, literal, select, text, trusted};

use crate::fixture::{mysql, postgres, render, sqlite};

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| {
        env::var(name).map_or(usual, |text| text.parse().expect("the variable is a number"))
    };
    let (first, count) = (number("ALUDEL_TEST_SEED", 1), number("ALUDEL_TEST_FUZZ", 2000));
    first..first + count
}

const DIALECTS: [fn() -> Arc<dyn Dialect>; 3] = [sqlite, postgres, mysql];

/// Letters that could mean something, and some of any others.
fn letters(random: &mut fastrand::Rng, most: usize) -> String {
    let special = "'\"`\\:;?$-/*#@%_(){}[],.=<>!|&^~ \n\tEexabA019nNULé🦀\u{1a}\u{0}";
    let special: Vec<char> = special.chars().collect();
    (0..random.usize(..=most)).map(|_| special[random.usize(..special.len())]).collect()
}

/// Whatever the text is, it is scanned to its end, and nothing of it is lost.
#[test]
fn any_text_is_scanned() {
    for seed in seeds() {
        let written = letters(&mut fastrand::Rng::with_seed(seed), 60);
        for dialect in DIALECTS {
            let Ok(rendered) = render(&text(trusted(written.clone())), &dialect()) else { continue };
            // Without parameters only backslashes before colons go.
            let lost = written.len() - rendered.parts[0].sql.len();
            assert!(lost <= written.matches("\\:").count(), "seed {seed}: {written:?}");
            assert!(rendered.parts[0].parameters.is_empty());
        }
    }
}

/// A text made of parts, what it becomes, and the parameters in it.
#[derive(Default)]
struct Made {
    text: String,
    becomes: String,
    parameters: Vec<String>,
}

impl Made {
    fn plain(&mut self, part: &str) {
        self.text.push_str(part);
        self.becomes.push_str(part);
    }

    fn part(&mut self, random: &mut fastrand::Rng, place: usize) {
        let inside = letters(random, 8).replace('\0', "");
        match random.u8(..12) {
            0 => self.plain(&format!(" '{}' ", inside.replace(['\\', '\''], "''"))),
            1 => self.plain(&format!(" \"{}\" ", inside.replace(['\\', '"'], "\"\""))),
            2 => self.plain(&format!(" /*{}*/ ", inside.replace('*', "+"))),
            3 => self.plain(&format!(" --{}\n", inside.replace('\n', " "))),
            4 => self.plain(" a::int "),
            5 => self.plain(" b[1:2] x:y "),
            6 => {
                self.text.push_str(" \\:c ");
                self.becomes.push_str(" :c ");
            }
            7 if place == 1 => self.plain(&format!(" $tag${}$tag$ ", inside.replace('$', ":"))),
            7 if place == 2 => self.plain(&format!(" '{}\\':x' ", inside.replace(['\\', '\''], ""))),
            8 if place == 2 => self.plain(&format!(" #{}\n", inside.replace('\n', " "))),
            8 if place == 1 => self.plain(&format!(" E'{}\\':x' ", inside.replace(['\\', '\''], ""))),
            _ => {
                let name = ["a", "b_1", "ü", "Name"][random.usize(..4)];
                let known = self.parameters.iter().position(|own| own == name);
                let number = known.map_or(self.parameters.len() + 1, |known| known + 1);
                if known.is_none() {
                    self.parameters.push(name.to_owned());
                }
                self.text.push_str(&format!("(:{name})"));
                self.becomes.push_str(&if place == 1 { format!("(${number})") } else { "(?)".to_owned() });
            }
        }
    }
}

/// Parameters are found where they are, and nowhere else.
#[test]
fn parameters_are_found_between_anything() {
    for seed in seeds() {
        for (place, dialect) in DIALECTS.iter().enumerate() {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut made = Made::default();
            (0..random.usize(1..9)).for_each(|_| made.part(&mut random, place));
            let statement = made
                .parameters
                .iter()
                .fold(text(trusted(made.text.clone())), |statement, name| statement.bind(name.clone(), 1));
            let rendered = render(&statement, &dialect())
                .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{:?}", made.text));
            assert_eq!(*rendered.parts[0].sql, *made.becomes, "seed {seed}: {:?}", made.text);
        }
    }
}

/// Reads a literal as each database does: the text, and what comes after it.
fn read(written: &str, place: usize) -> (String, &str) {
    let hex = |digits: &str| {
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|byte| u8::from_str_radix(&digits[2 * byte..2 * byte + 2], 16).expect("two digits"))
            .collect();
        String::from_utf8(bytes).expect("text")
    };
    if let Some(rest) = written.strip_prefix("CAST(x'").or_else(|| written.strip_prefix("_utf8mb4 x'")) {
        let (digits, rest) = rest.split_once('\'').expect("the end of the digits");
        return (hex(digits), rest.strip_prefix(" AS TEXT)").unwrap_or(rest));
    }
    let (escapes, rest) = match written.strip_prefix('E') {
        Some(rest) => (true, rest),
        None => (place == 2, written),
    };
    let mut letters = rest.strip_prefix('\'').expect("a quote").char_indices();
    let mut found = String::new();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' => match letters.clone().next() {
                Some((_, '\'')) => {
                    letters.next();
                    found.push('\'');
                }
                _ => return (found, &rest[at + 2..]),
            },
            '\\' if escapes => match letters.next() {
                Some((_, '\\')) => found.push('\\'),
                other => panic!("a backslash before {other:?}"),
            },
            letter => found.push(letter),
        }
    }
    panic!("the literal has no end: {written}");
}

/// A literal is read as the value that was written, ends where it ends, and hides no parameter after it.
#[test]
fn literals_are_read_as_they_were_meant() {
    for seed in seeds() {
        let value = letters(&mut fastrand::Rng::with_seed(seed), 30);
        for (place, dialect) in DIALECTS.iter().enumerate() {
            let dialect = dialect();
            let mut written = String::new();
            if dialect.write_literal(&Value::Text(value.as_str().into()), &mut written).is_err() {
                assert!(place == 1 && value.contains('\0'), "seed {seed}: {value:?}");
                continue;
            }
            let (found, rest) = read(&written, place);
            assert_eq!((&*found, rest), (&*value, ""), "seed {seed}: {written}");
            let statement = select(literal(value.clone())).to_sql(&*dialect).expect("it was written before");
            let statement = text(trusted(format!("{statement}, :after"))).bind("after", 1);
            let rendered = render(&statement, &dialect)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{value:?}"));
            assert_eq!(rendered.parts[0].parameters.len(), 1, "seed {seed}: {value:?}");
            let mut name = String::new();
            let named = value.replace('\0', "");
            dialect.write_quoted(&named, &mut name);
            let quote = if place == 2 { '`' } else { '"' };
            let inner = name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote)).expect("quotes");
            assert_eq!(
                inner.replace(&format!("{quote}{quote}"), &quote.to_string()),
                named,
                "seed {seed}: {name}"
            );
        }
    }
}
