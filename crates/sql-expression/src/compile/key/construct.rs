//! Constructs in the key.

use super::Walk;
use crate::expression::{Construct, JsonStep};

impl<'n> Walk<'n> {
    /// Writes which construct it is, with all that is a part of its structure.
    pub(super) fn construct(&mut self, construct: &'n Construct) {
        match construct {
            Construct::Collate(name) => {
                self.tag(1);
                self.text(name);
            }
            Construct::TryCast(sql_type) => {
                self.tag(2);
                self.sql_type(sql_type);
            }
            Construct::Regexp { negated, ignore_case } => {
                self.tags([3, u8::from(*negated), u8::from(*ignore_case)]);
            }
            Construct::Bitwise(operator) => self.tags([4, *operator as u8]),
            Construct::Quantified { all } => self.tags([5, u8::from(*all)]),
            Construct::Json { path, read } => {
                self.tags([6, *read as u8]);
                self.count(path.len());
                for step in path {
                    match step {
                        JsonStep::Member(key) => {
                            self.tag(1);
                            self.text(key);
                        }
                        JsonStep::Position(index) => {
                            self.tag(2);
                            self.key.extend_from_slice(&index.to_le_bytes());
                        }
                    }
                }
            }
            Construct::Extract(field) => self.tags([7, *field as u8]),
            Construct::Later(sql_type) => {
                self.tag(8);
                self.sql_type(sql_type);
            }
            Construct::Between(unit) => self.tags([9, *unit as u8]),
            Construct::Now(sql_type) => {
                self.tag(10);
                self.sql_type(sql_type);
            }
            Construct::FullText { mode, configuration, rank } => {
                self.tags([11, *mode as u8, u8::from(*rank), u8::from(configuration.is_some())]);
                configuration.iter().for_each(|name| self.text(name));
            }
            Construct::Grouping(grouping) => self.tags([12, *grouping as u8]),
            Construct::Array(element) => {
                self.tag(13);
                self.optional_type(element.as_ref());
            }
            Construct::Element => self.tag(14),
            Construct::Slice => self.tag(18),
            Construct::Text(text) => {
                self.tag(15);
                self.text(text);
            }
            Construct::NextValue(sequence) => {
                let definition = sequence.definition();
                self.tags([17, u8::from(definition.schema.is_some())]);
                definition.schema.iter().chain([&definition.name]).for_each(|name| self.text(name));
            }
            Construct::Excluded(column) => {
                self.tag(16);
                self.text(column);
            }
        }
    }
}
