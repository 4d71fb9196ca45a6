//! What the compiler says of a mistake. Each case in `ui/` has the message beside it; `TRYBUILD=overwrite` writes it anew.
//!
//! The messages are those of the pinned toolchain: another one may word them differently.

use std::{fs, path::Path};

/// A message longer than this is not read to its end.
const LINES: usize = 16;

#[test]
fn compile_fail_messages_are_those_beside_them() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

#[test]
fn compile_fail_messages_are_short_and_name_what_is_wrong() {
    let mut problems = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "stderr") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for message in messages(&fs::read_to_string(&path).unwrap()) {
            count += 1;
            let first = message.lines().next().unwrap_or_default();
            let lines = message.trim_end_matches(['\n', ' ', '|']).lines().count();
            if lines > LINES {
                problems.push(format!("{name}: {lines} lines: {first}"));
            }
            // The user's words stand between backticks: the field, or the types. Where a plain function was given the wrong
            // argument, the compiler has them below the argument.
            if first.matches('`').count() < 2 && !first.contains("E0308") {
                problems.push(format!("{name}: names nothing: {first}"));
            }
        }
    }
    assert!(count >= 20, "only {count} messages were found");
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Cuts what the compiler printed into its messages.
fn messages(printed: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in printed.lines() {
        if line.starts_with("error") || line.starts_with("warning") {
            messages.push(String::new());
        }
        if let Some(message) = messages.last_mut() {
            message.push_str(line);
            message.push('\n');
        }
    }
    messages
}
