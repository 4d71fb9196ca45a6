//! Words that stand in a statement just so, and what else stands before a change and after it.

use super::compiler::Compiler;
use crate::{
    expression::AliasTarget,
    statement::{ChangeClauses, Hint},
};

impl<'n> Compiler<'n> {
    /// Writes words, where they are meant for the dialect.
    pub(super) fn hint(&mut self, hint: &Hint, before: &str, after: &str) {
        let name = self.dialect.name();
        let is_meant = hint.dialect.as_ref().is_none_or(|dialect| {
            // What is said to MySQL is said to MariaDB too, but not the other way about.
            **dialect == *name || (**dialect == *"mysql" && name == "mariadb")
        });
        if is_meant {
            self.push(before);
            self.push(&hint.text);
            self.push(after);
        }
    }

    /// Writes words with a space after each.
    pub(super) fn hints_before(&mut self, hints: &[Hint]) {
        hints.iter().for_each(|hint| self.hint(hint, "", " "));
    }

    /// Writes words with a space before each.
    pub(super) fn hints_after(&mut self, hints: &[Hint]) {
        hints.iter().for_each(|hint| self.hint(hint, " ", ""));
    }

    /// Writes the words after the first word of a change.
    pub(super) fn prefixes(&mut self, further: Option<&ChangeClauses>) {
        self.hints_before(further.map_or(&[], |further| &further.prefixes));
    }

    /// Writes the words at the end of a change.
    pub(super) fn suffixes(&mut self, further: Option<&ChangeClauses>) {
        self.hints_after(further.map_or(&[], |further| &further.suffixes));
    }

    /// Whether WITH holds what must stand before the whole statement.
    pub(super) fn has_changes_in_with(&self, further: Option<&ChangeClauses>) -> bool {
        further.is_some_and(|further| !further.with.is_empty())
            || self.aliases.iter().any(|alias| matches!(alias.target(), AliasTarget::Changes(_)))
    }
}
