//! Dates and times: their parts, and what is reckoned with them.

use crate::{
    Result,
    compile::{compiler::Compiler, precedence::Precedence},
    dialect::DateStyle,
    expression::{DateField, DateUnit, Node},
    types::SqlType,
};

impl<'n> Compiler<'n> {
    fn date_style(&self, construct: &str) -> Result<DateStyle> {
        self.features.constructs.dates.ok_or_else(|| self.unsupported(construct))
    }

    /// Writes something around an expression, whose type is said where nothing else tells it.
    fn around(&mut self, before: &str, node: &'n Node, after: &str) -> Result<()> {
        self.push(before);
        self.lone(node)?;
        self.push(after);
        Ok(())
    }

    /// Writes a part of a date or time, as a whole number.
    pub(super) fn extract(&mut self, field: DateField, node: &'n Node) -> Result<()> {
        let (before, after) = match self.date_style("EXTRACT")? {
            DateStyle::Intervals => (
                match field {
                    DateField::Year => "CAST(EXTRACT(YEAR FROM ",
                    DateField::Quarter => "CAST(EXTRACT(QUARTER FROM ",
                    DateField::Month => "CAST(EXTRACT(MONTH FROM ",
                    DateField::Week => "CAST(EXTRACT(WEEK FROM ",
                    DateField::Day => "CAST(EXTRACT(DAY FROM ",
                    DateField::DayOfWeek => "CAST(EXTRACT(DOW FROM ",
                    DateField::DayOfYear => "CAST(EXTRACT(DOY FROM ",
                    DateField::Hour => "CAST(EXTRACT(HOUR FROM ",
                    DateField::Minute => "CAST(EXTRACT(MINUTE FROM ",
                    // A cast alone would round.
                    DateField::Second => "CAST(FLOOR(EXTRACT(SECOND FROM ",
                    DateField::Epoch => "CAST(FLOOR(EXTRACT(EPOCH FROM ",
                },
                match field {
                    DateField::Second | DateField::Epoch => ")) AS BIGINT)",
                    _ => ") AS BIGINT)",
                },
            ),
            DateStyle::Strftime => match field {
                DateField::Year => ("CAST(strftime('%Y', ", ") AS INTEGER)"),
                DateField::Quarter => ("((CAST(strftime('%m', ", ") AS INTEGER) + 2) / 3)"),
                DateField::Month => ("CAST(strftime('%m', ", ") AS INTEGER)"),
                // The week is that of its Thursday.
                DateField::Week => {
                    ("((CAST(strftime('%j', date(", ", '-3 days', 'weekday 4')) AS INTEGER) - 1) / 7 + 1)")
                }
                DateField::Day => ("CAST(strftime('%d', ", ") AS INTEGER)"),
                DateField::DayOfWeek => ("CAST(strftime('%w', ", ") AS INTEGER)"),
                DateField::DayOfYear => ("CAST(strftime('%j', ", ") AS INTEGER)"),
                DateField::Hour => ("CAST(strftime('%H', ", ") AS INTEGER)"),
                DateField::Minute => ("CAST(strftime('%M', ", ") AS INTEGER)"),
                DateField::Second => ("CAST(strftime('%S', ", ") AS INTEGER)"),
                DateField::Epoch => ("CAST(strftime('%s', ", ") AS INTEGER)"),
            },
            DateStyle::DateAdd => match field {
                DateField::Year => ("EXTRACT(YEAR FROM ", ")"),
                DateField::Quarter => ("EXTRACT(QUARTER FROM ", ")"),
                DateField::Month => ("EXTRACT(MONTH FROM ", ")"),
                DateField::Week => ("WEEK(", ", 3)"),
                DateField::Day => ("EXTRACT(DAY FROM ", ")"),
                DateField::DayOfWeek => ("(DAYOFWEEK(", ") - 1)"),
                DateField::DayOfYear => ("DAYOFYEAR(", ")"),
                DateField::Hour => ("EXTRACT(HOUR FROM ", ")"),
                DateField::Minute => ("EXTRACT(MINUTE FROM ", ")"),
                DateField::Second => ("EXTRACT(SECOND FROM ", ")"),
                DateField::Epoch => {
                    ("CAST(FLOOR(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ", ") / 1000000) AS SIGNED)")
                }
            },
        };
        self.around(before, node, after)
    }

    /// Writes a date or time so much later.
    pub(super) fn later(
        &mut self,
        sql_type: &SqlType,
        moment: &'n Node,
        [months, days, microseconds]: [&'n Node; 3],
    ) -> Result<()> {
        let is_date = *sql_type == SqlType::Date;
        match self.date_style("an interval")? {
            DateStyle::Intervals => {
                self.push(if is_date { "CAST(" } else { "(" });
                match moment {
                    Node::Bind(_) => self.lone(moment)?,
                    moment => self.operand(moment, Precedence::Sum)?,
                }
                self.push(" + make_interval(months => ");
                self.integer_value(months)?;
                self.push(", days => ");
                self.integer_value(days)?;
                self.push(", secs => ");
                self.push("CAST(");
                self.node(microseconds)?;
                self.push(" AS BIGINT) / 1000000.0)");
                self.push(if is_date { " AS DATE)" } else { ")" });
            }
            DateStyle::Strftime => {
                self.push(match sql_type {
                    SqlType::Date => "date(",
                    SqlType::Time => "strftime('%H:%M:%f000', ",
                    SqlType::Timestamp => "strftime('%Y-%m-%d %H:%M:%f000+00:00', ",
                    _ => "strftime('%Y-%m-%d %H:%M:%f000', ",
                });
                self.node(moment)?;
                self.push(", ");
                self.node(months)?;
                self.push(if self.features.constructs.date_floor {
                    " || ' months', 'floor', "
                } else {
                    " || ' months', "
                });
                self.node(days)?;
                self.push(" || ' days', (");
                self.node(microseconds)?;
                // Here `||` binds more strongly than `/`.
                self.push(" / 1000000.0) || ' seconds')");
            }
            DateStyle::DateAdd => {
                if is_date {
                    self.push("CAST(");
                }
                self.push("DATE_ADD(DATE_ADD(DATE_ADD(");
                self.lone(moment)?;
                self.push(", INTERVAL ");
                self.node(months)?;
                self.push(" MONTH), INTERVAL ");
                self.node(days)?;
                self.push(" DAY), INTERVAL ");
                self.node(microseconds)?;
                self.push(" MICROSECOND)");
                if is_date {
                    self.push(" AS DATE)");
                }
            }
        }
        Ok(())
    }

    /// Writes a number for a parameter of a function that takes no more than 32 bits.
    fn integer_value(&mut self, node: &'n Node) -> Result<()> {
        self.push("CAST(");
        self.node(node)?;
        self.push(" AS INTEGER)");
        Ok(())
    }

    /// Writes the whole units between two moments.
    pub(super) fn time_between(&mut self, unit: DateUnit, later: &'n Node, earlier: &'n Node) -> Result<()> {
        let style = self.date_style("the time between two moments")?;
        let [before, between, after] = match (style, unit) {
            (DateStyle::Intervals, DateUnit::Days) => ["(CAST(", " AS DATE) - CAST(", " AS DATE))"],
            (DateStyle::Intervals, DateUnit::Seconds) => {
                ["CAST(TRUNC(EXTRACT(EPOCH FROM ", " - ", ")) AS BIGINT)"]
            }
            (DateStyle::Strftime, DateUnit::Days) => {
                ["CAST(julianday(date(", ")) - julianday(date(", ")) AS INTEGER)"]
            }
            (DateStyle::Strftime, DateUnit::Seconds) => {
                ["(CAST(round((julianday(", ") - julianday(", ")) * 86400000.0) AS INTEGER) / 1000)"]
            }
            (DateStyle::DateAdd, DateUnit::Days) => ["DATEDIFF(", ", ", ")"],
            // The earlier one comes first here.
            (DateStyle::DateAdd, DateUnit::Seconds) => ["(-TIMESTAMPDIFF(SECOND, ", ", ", "))"],
        };
        self.around(before, later, between)?;
        self.around("", earlier, after)
    }

    /// Writes the present date or time.
    pub(super) fn now(&mut self, sql_type: &SqlType) -> Result<()> {
        let style = self.date_style("the present time")?;
        self.push(match (style, sql_type) {
            (DateStyle::Strftime, SqlType::Date) => "date('now')",
            (DateStyle::Strftime, SqlType::Time) => "strftime('%H:%M:%f000', 'now')",
            (DateStyle::Strftime, SqlType::Timestamp) => "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')",
            (DateStyle::Strftime, _) => "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
            (DateStyle::Intervals, SqlType::Date) => "CURRENT_DATE",
            (DateStyle::Intervals, SqlType::Time) => "LOCALTIME",
            (DateStyle::Intervals, SqlType::Timestamp) => "CURRENT_TIMESTAMP",
            (DateStyle::Intervals, _) => "LOCALTIMESTAMP",
            (DateStyle::DateAdd, SqlType::Date) => "CURRENT_DATE",
            (DateStyle::DateAdd, SqlType::Time) => "CURRENT_TIME(6)",
            (DateStyle::DateAdd, _) => "CURRENT_TIMESTAMP(6)",
        });
        Ok(())
    }
}
