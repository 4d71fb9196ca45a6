//! Every numbered conformance case has a test, or a line in `docs/conformance.md` that says why not.
//!
//! The page has a table for each of the two lists. The first cell of a row is a number or a range, the last
//! one its state: the names of its tests in backquotes, `not yet: ` and a topic, or `differs: ` and the reason
//! (with tests of what holds here, if there are any).

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// One list of numbered cases.
struct List {
    /// The heading of its table in the page.
    heading: &'static str,
    /// What its tests are called: `case_007_what_it_says`.
    prefix: &'static str,
    last: u16,
}

const LISTS: [List; 2] = [
    List { heading: "## Core and session", prefix: "case_", last: 103 },
    List { heading: "## Migrations", prefix: "mcase_", last: 162 },
];

/// Where a case that is not there yet belongs.
const TOPICS: [&str; 6] = ["engine", "session", "expression language", "inspector", "drivers", "migrations"];

#[test]
fn every_case_has_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("docs/conformance.md")).unwrap();
    let mut functions = Vec::new();
    for folder in ["crates", "tests", "examples"] {
        read_functions(&root.join(folder), &mut functions);
    }
    let problems = problems(&page, &functions);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Collects the names of all functions below a folder that are called as a case is.
fn read_functions(folder: &Path, functions: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                read_functions(&path, functions);
            }
        // This file's own sources hold names that are no tests.
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("it/cases.rs")
        {
            functions.extend(functions_in(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The functions of a Rust source that are called as a case is; what stands in a line comment is none.
fn functions_in(source: &str) -> Vec<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let names = code.flat_map(|line| line.split("fn ").skip(1)).map(|rest| {
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter(|name| LISTS.iter().any(|list| name.starts_with(list.prefix))).map(str::to_owned).collect()
}

fn problems(page: &str, functions: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    for list in &LISTS {
        let rows = read_rows(page, list, &mut problems);
        check_numbers(list, &rows, &mut problems);
        for row in &rows {
            check_state(list, row, functions, &mut problems);
        }
        for function in functions.iter().filter(|function| function.starts_with(list.prefix)) {
            check_mention(list, function, &rows, &mut problems);
        }
    }
    problems
}

/// A row of a table of the page.
struct Row {
    numbers: RangeInclusive<u16>,
    /// What the last cell has in backquotes.
    tests: Vec<String>,
    state: String,
}

impl Row {
    fn name(&self, list: &List) -> String {
        let (first, last) = (self.numbers.start(), self.numbers.end());
        let numbers = if first == last { first.to_string() } else { format!("{first}-{last}") };
        format!("docs/conformance.md, \"{}\", {numbers}", list.heading.trim_start_matches("## "))
    }
}

fn read_rows(page: &str, list: &List, problems: &mut Vec<String>) -> Vec<Row> {
    let below = page.lines().skip_while(|line| line.trim_end() != list.heading).skip(1);
    let table = below.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with('|'));
    let mut rows = Vec::new();
    // The first two lines of a table are its head and the rule under it.
    for line in table.skip(2) {
        let cells: Vec<_> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let (Some(numbers), Some(state), true) =
            (cells.first().and_then(|cell| read_range(cell)), cells.last(), cells.len() == 3)
        else {
            problems.push(format!("docs/conformance.md: not a row of number, title and state: {line}"));
            continue;
        };
        let tests = state.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        rows.push(Row { numbers, tests, state: (*state).to_owned() });
    }
    rows
}

/// Reads `7` or `1-162`.
fn read_range(cell: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = cell.split_once('-').unwrap_or((cell, cell));
    let range = first.trim().parse().ok()?..=last.trim().parse().ok()?;
    (!range.is_empty()).then_some(range)
}

/// The number in the name of a case's test: 7 in `case_007_expanding_in`.
fn number_of(list: &List, function: &str) -> Option<u16> {
    let (digits, title) = function.strip_prefix(list.prefix)?.split_once('_')?;
    if title.is_empty() { None } else { digits.parse().ok() }
}

fn check_numbers(list: &List, rows: &[Row], problems: &mut Vec<String>) {
    let mut listed = BTreeMap::<u16, usize>::new();
    for number in rows.iter().flat_map(|row| row.numbers.clone()) {
        *listed.entry(number).or_default() += 1;
    }
    let heading = list.heading;
    for number in 1..=list.last {
        match listed.remove(&number) {
            None => problems.push(format!("docs/conformance.md: no row for {number} under \"{heading}\"")),
            Some(1) => {}
            Some(rows) => {
                problems.push(format!("docs/conformance.md: {rows} rows for {number} under \"{heading}\""))
            }
        }
    }
    for number in listed.into_keys() {
        problems
            .push(format!("docs/conformance.md: {number} under \"{heading}\", which ends at {}", list.last));
    }
}

fn check_state(list: &List, row: &Row, functions: &[String], problems: &mut Vec<String>) {
    let name = row.name(list);
    if let Some(topic) = row.state.strip_prefix("not yet:") {
        if !TOPICS.contains(&topic.trim()) {
            problems.push(format!("{name}: \"{}\" is none of the topics {TOPICS:?}", topic.trim()));
        }
    } else if let Some(reason) = row.state.strip_prefix("differs:") {
        if reason.trim().is_empty() {
            problems.push(format!("{name}: differs, but does not say why"));
        }
    } else if row.tests.is_empty() {
        problems.push(format!("{name}: names no test, and is neither \"not yet:\" nor \"differs:\""));
    }
    for test in &row.tests {
        // In a reason, code is quoted in backquotes too.
        let Some(number) = number_of(list, test) else {
            if !row.state.starts_with("differs:") {
                problems.push(format!("{name}: `{test}` is not called like a case's test"));
            }
            continue;
        };
        if !row.numbers.contains(&number) {
            problems.push(format!("{name}: `{test}` is a test of another number"));
        }
        if !functions.contains(test) {
            problems.push(format!("{name}: there is no function `{test}`"));
        }
    }
}

fn check_mention(list: &List, function: &String, rows: &[Row], problems: &mut Vec<String>) {
    let Some(number) = number_of(list, function) else {
        problems.push(format!("fn {function}: a case's test is called {}007_what_it_says", list.prefix));
        return;
    };
    let row = rows.iter().find(|row| row.numbers.contains(&number));
    if !row.is_some_and(|row| row.tests.contains(function)) {
        problems.push(format!("fn {function}: docs/conformance.md does not name it in the row of {number}"));
    }
}

// The check itself ----------------------------------------------------------------------------------

/// A page that is in order, with one row of the first list put in place of the usual one.
fn page_with(row: &str) -> String {
    format!(
        "# Conformance\n\n## Core and session\n\n| case | what it says | state |\n| --- | --- | --- |\n{row}\n\
         | 2-103 | the rest | not yet: session |\n\n## Migrations\n\n| case | what it says | state |\n\
         | --- | --- | --- |\n| 1-162 | all | not yet: migrations |\n"
    )
}

#[track_caller]
fn assert_problem(row: &str, functions: &[&str], part: &str) {
    let functions: Vec<_> = functions.iter().map(|&function| function.to_owned()).collect();
    let problems = problems(&page_with(row), &functions);
    assert!(problems.len() == 1 && problems[0].contains(part), "expected {part:?}, got {problems:#?}");
}

#[track_caller]
fn assert_in_order(row: &str, functions: &[&str]) {
    let functions: Vec<_> = functions.iter().map(|&function| function.to_owned()).collect();
    assert_eq!(problems(&page_with(row), &functions), [""; 0]);
}

#[test]
fn a_page_in_order_is_accepted() {
    assert_in_order("| 1 | limit | not yet: expression language |", &[]);
    assert_in_order("| 1 | limit | `case_001_limit` |", &["case_001_limit"]);
    assert_in_order("| 1 | limit | `case_001_a`, `case_1_b` |", &["case_001_a", "case_1_b"]);
    assert_in_order("| 1 | limit | differs: `read()` does no I/O |", &[]);
    assert_in_order("| 1 | limit | differs: no I/O; `case_001_limit` |", &["case_001_limit"]);
}

#[test]
fn missing_doubled_and_unknown_numbers_are_found() {
    assert_problem("", &[], "no row for 1 under");
    assert_problem("| 1-2 | limit | not yet: session |", &[], "2 rows for 2 under");
    let beyond = "| 1 | limit | not yet: session |\n| 104 | more | not yet: session |";
    assert_problem(beyond, &[], "104 under \"## Core and session\", which ends at 103");
    assert_eq!(problems("", &[]).len(), 103 + 162);
}

#[test]
fn states_without_a_meaning_are_found() {
    assert_problem("| 1 | limit | soon |", &[], "names no test");
    assert_problem("| 1 | limit | not yet: someday |", &[], "\"someday\" is none of the topics");
    assert_problem("| 1 | limit | differs: |", &[], "does not say why");
    assert_problem("| 1 | limit | `limit` |", &[], "not called like a case's test");
    assert_problem("| 1 | limit |\n| 1 | x | not yet: session |", &[], "not a row of number");
}

#[test]
fn tests_and_rows_have_to_agree() {
    assert_problem("| 1 | limit | `case_001_limit` |", &[], "there is no function `case_001_limit`");
    assert_problem(
        "| 1 | limit | not yet: session |",
        &["case_001_limit"],
        "does not name it in the row of 1",
    );
    assert_problem(
        "| 1 | limit | not yet: session |",
        &["mcase_140_types"],
        "does not name it in the row of 140",
    );
    assert_problem("| 1 | limit | not yet: session |", &["case_limit"], "is called case_007_what_it_says");
}

#[test]
fn a_test_in_the_row_of_another_number_is_found() {
    let problems = problems(&page_with("| 1 | limit | `case_002_joins` |"), &["case_002_joins".to_owned()]);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("`case_002_joins` is a test of another number"), "{problems:#?}");
    assert!(problems[1].contains("does not name it in the row of 2"), "{problems:#?}");
}

#[test]
fn functions_are_found_in_code_and_not_in_comments() {
    let source = "async fn case_001_limit() {}\n// fn case_002_gone() {}\npub(crate) fn mcase_3_down<T>(x: T) {}\n\
                  fn other() {} fn case_004_same_line() {}";
    assert_eq!(functions_in(source), ["case_001_limit", "mcase_3_down", "case_004_same_line"]);
}
