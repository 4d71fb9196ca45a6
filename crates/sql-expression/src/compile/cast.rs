//! CAST, and what says the same where the database's own says something else.

use super::{compiler::Compiler, inference};
use crate::{
    Result,
    dialect::DateStyle,
    expression::{CastNode, Node},
    types::SqlType,
};

/// How a cast is said.
enum Way {
    /// `CAST(x AS type)`.
    Plain,
    /// With a cast to another type in between.
    Through(SqlType),
    /// With something else around it.
    Around(&'static str, &'static str),
}

impl<'n> Compiler<'n> {
    /// Writes a cast.
    pub(super) fn cast(&mut self, cast: &'n CastNode) -> Result<()> {
        let target = cast.sql_type.plain(self.dialect.name());
        let from = inference::type_of(&cast.operand);
        let from = from.as_ref().map(|from| from.plain(self.dialect.name()));
        match self.way(&cast.operand, from, target) {
            Way::Around(before, after) => {
                self.push(before);
                self.lone(&cast.operand)?;
                self.push(after);
                Ok(())
            }
            way => {
                self.push("CAST(");
                if let Way::Through(between) = way {
                    self.push("CAST(");
                    self.node(&cast.operand)?;
                    self.cast_end(&between)?;
                } else {
                    self.node(&cast.operand)?;
                }
                self.cast_end(&cast.sql_type)
            }
        }
    }

    fn cast_end(&mut self, sql_type: &SqlType) -> Result<()> {
        let name = self.dialect.cast_type_name(sql_type)?;
        self.push(" AS ");
        self.push(&name);
        self.push(")");
        Ok(())
    }

    fn way(&self, operand: &Node, from: Option<&SqlType>, target: &SqlType) -> Way {
        let Some(from) = from else { return Way::Plain };
        if *target == SqlType::Boolean && inference::is_integer(from) {
            // Some databases cast no number to a truth value, and others keep the number.
            return Way::Around("(", " <> 0)");
        }
        if self.features.typed_parameters {
            return match operand {
                // The cast alone would say that the parameter is of the target's type.
                Node::Bind(_) if is_text(from) && !is_text(target) && sends_no_text(target) => {
                    Way::Through(SqlType::Text)
                }
                // Only a number of 32 bits can be made of a truth value.
                _ if *from == SqlType::Boolean
                    && inference::is_number(target)
                    && *target != SqlType::Integer =>
                {
                    Way::Through(SqlType::Integer)
                }
                _ => Way::Plain,
            };
        }
        match (self.features.constructs.dates, target) {
            (Some(DateStyle::Strftime), SqlType::Date) if *from != SqlType::Date => Way::Around("date(", ")"),
            (Some(DateStyle::Strftime), SqlType::Time)
                if matches!(from, SqlType::DateTime | SqlType::Timestamp) =>
            {
                Way::Around("substr(", ", 12, 15)")
            }
            (Some(DateStyle::Strftime), SqlType::DateTime) if *from == SqlType::Date => {
                Way::Around("strftime('%Y-%m-%d %H:%M:%f000', ", ")")
            }
            // A date is sent as a moment.
            (Some(DateStyle::DateAdd), target)
                if *from == SqlType::Date && is_text(target) && matches!(operand, Node::Bind(_)) =>
            {
                Way::Through(SqlType::Date)
            }
            (Some(DateStyle::DateAdd), SqlType::Uuid) if is_text(from) => {
                Way::Around("unhex(replace(", ", '-', ''))")
            }
            (Some(DateStyle::DateAdd), target) if *from == SqlType::Uuid && is_text(target) => Way::Around(
                "lower(insert(insert(insert(insert(hex(",
                "), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))",
            ),
            _ => Way::Plain,
        }
    }
}

fn is_text(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Text | SqlType::Varchar(_) | SqlType::Char(_))
}

/// Whether a text is refused as a parameter of the type.
fn sends_no_text(sql_type: &SqlType) -> bool {
    inference::is_number(sql_type)
        || matches!(
            sql_type,
            SqlType::Boolean
                | SqlType::LargeBinary
                | SqlType::Date
                | SqlType::Time
                | SqlType::DateTime
                | SqlType::Timestamp
                | SqlType::Uuid
                | SqlType::Interval
        )
}
