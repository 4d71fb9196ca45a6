//! Function calls and windows.

use super::{compiler::Compiler, inference, names};
use crate::{
    Error, Result, Value,
    dialect::{DateStyle, StringsStyle},
    expression::{Construct, FrameBound, FrameExclusion, FrameUnit, FunctionNode, Node, Window},
    name::Name,
    types::SqlType,
    value::Interval,
};

/// Functions that stand without parentheses.
const WITHOUT_PARENTHESES: [&str; 6] =
    ["current_date", "current_time", "current_timestamp", "current_user", "localtime", "localtimestamp"];

/// Functions that take values of any type, so that nothing tells a parameter's type.
const OF_ANY_TYPE: [&str; 8] = [
    "concat",
    "concat_ws",
    "format",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "num_nulls",
];

/// Functions whose values take the type of the first.
const OF_ONE_TYPE: [&str; 4] = ["coalesce", "nullif", "greatest", "least"];

impl<'n> Compiler<'n> {
    /// The sum and the average of decimals that the database would add as doubles.
    fn exact_name(&self, function: &FunctionNode) -> Option<&'static str> {
        let is = |name: &str| function.name.eq_ignore_ascii_case(name);
        if !is("sum") && !is("avg") {
            return None;
        }
        let sql_type = inference::type_of(function.arguments.first()?)?;
        let plain = sql_type.plain(self.dialect.name());
        match plain {
            SqlType::DecimalText | SqlType::ScaledInteger(_) if is("sum") => Some("aludel_sum"),
            SqlType::DecimalText | SqlType::ScaledInteger(_) => Some("aludel_avg"),
            _ => None,
        }
    }

    pub(super) fn function(&mut self, function: &'n FunctionNode) -> Result<()> {
        check_name(&function.name)?;
        let strings = function.name.eq_ignore_ascii_case("string_agg");
        let name = match self.features.constructs.aggregate_strings {
            StringsStyle::GroupConcat | StringsStyle::Separator if strings => "group_concat",
            _ => self.exact_name(function).unwrap_or_else(|| self.own_name(&function.name)),
        };
        self.push(name);
        if function.arguments.is_empty() && is_in(&WITHOUT_PARENTHESES, name) {
            return Ok(());
        }
        self.push("(");
        if function.distinct {
            self.push("DISTINCT ");
        }
        let lone = OF_ANY_TYPE.contains(&&*function.name)
            || function.arguments.iter().all(|argument| matches!(argument, Node::Bind(_) | Node::Null));
        let by_word = strings && self.features.constructs.aggregate_strings == StringsStyle::Separator;
        let alone = strings
            && function.distinct
            && self.features.constructs.aggregate_strings == StringsStyle::GroupConcat;
        let (arguments, separator) = match &function.arguments[..] {
            [text, separator] if by_word => (std::slice::from_ref(text), Some(separator)),
            // With DISTINCT there can be no separator but the usual one.
            [text, Node::Construct(separator)] if alone && is_comma(&separator.construct) => {
                (std::slice::from_ref(text), None)
            }
            _ if alone => {
                return Err(
                    self.unsupported("DISTINCT among texts that are put together with anything but a comma")
                );
            }
            arguments => (arguments, None),
        };
        let (passes_on, exact) = (self.passes_on(function), self.exact_name(function).is_some());
        self.separated(arguments, |this, argument| {
            if let Some(scale) = this.scale_of(argument) {
                return match (exact, passes_on) {
                    (true, _) => {
                        this.push("aludel_unscaled(");
                        this.kept(argument)?;
                        this.push(&format!(", {scale})"));
                        Ok(())
                    }
                    (_, true) => this.kept(argument),
                    _ => this.node(argument),
                };
            }
            let first = function.arguments.first();
            let is_given_back = passes_on || first.is_none_or(|first| this.scale_of(first).is_none());
            if is_given_back
                && OF_ONE_TYPE.contains(&&*function.name)
                && let Node::Bind(bind) = argument
                && let Some(first) = function.arguments.first()
                && let Some(wrap) = this.wrap_beside(bind, first)?
            {
                return this.wrapped_value(&wrap);
            }
            if lone { this.lone(argument) } else { this.node(argument) }
        })?;
        // ORDER BY stands before the separator here, whose values come first.
        let slot = self.slot;
        if let Some(separator) = separator {
            self.skipping(|walk| walk.node(separator));
        }
        if let Some(clauses) = function.clauses.as_ref().filter(|clauses| !clauses.order_by.is_empty()) {
            if !by_word && !self.features.constructs.aggregate_order {
                return Err(self.unsupported("ORDER BY among the arguments of an aggregate"));
            }
            self.push(" ORDER BY ");
            self.orders(&clauses.order_by, &[], false)?;
        }
        if let Some(separator) = separator {
            let after = std::mem::replace(&mut self.slot, slot);
            self.push(" SEPARATOR ");
            self.node(separator)?;
            self.slot = after;
        }
        self.push(")");
        if let Some(clauses) = function.clauses.as_ref().filter(|clauses| !clauses.within_group.is_empty()) {
            if !self.features.constructs.within_group {
                return Err(self.unsupported("WITHIN GROUP"));
            }
            self.push(" WITHIN GROUP (ORDER BY ");
            self.orders(&clauses.within_group, &[], false)?;
            self.push(")");
        }
        if let Some(filter) = &function.filter {
            if !self.features.aggregate_filter {
                return Err(
                    self.unsupported("FILTER (WHERE ..) after an aggregate (put a CASE into it instead)")
                );
            }
            self.push(" FILTER (WHERE ");
            self.node(filter)?;
            self.push(")");
        }
        let Some(window) = &function.over else { return Ok(()) };
        if !self.features.windows {
            return Err(self.unsupported("OVER (a window function)"));
        }
        self.push(" OVER ");
        match &window.base {
            Some(name)
                if window.partition_by.is_empty() && window.order_by.is_empty() && window.frame.is_none() =>
            {
                self.identifier(name);
                Ok(())
            }
            _ => self.window(window),
        }
    }

    /// The name that the dialect has for a function.
    fn own_name(&self, name: &'n str) -> &'n str {
        let names = self.features.constructs.function_names;
        names.iter().find(|(usual, _)| usual.eq_ignore_ascii_case(name)).map_or(name, |(_, own)| own)
    }

    /// Writes WINDOW.
    pub(super) fn windows(&mut self, windows: &'n [(Name, Window)]) -> Result<()> {
        if windows.is_empty() {
            return Ok(());
        }
        self.push(" WINDOW ");
        self.separated(windows, |this, (name, window)| {
            names::check_window(name, this.dialect)?;
            this.identifier(name);
            this.push(" AS ");
            this.window(window)
        })
    }

    fn window(&mut self, window: &'n Window) -> Result<()> {
        self.push("(");
        let mut space = "";
        if let Some(name) = &window.base {
            self.identifier(name);
            space = " ";
        }
        if !window.partition_by.is_empty() {
            self.push(space);
            self.push("PARTITION BY ");
            self.separated(&window.partition_by, Self::kept)?;
            space = " ";
        }
        if !window.order_by.is_empty() {
            self.push(space);
            self.push("ORDER BY ");
            self.orders(&window.order_by, &[], false)?;
            space = " ";
        }
        if let Some(frame) = window.frame {
            let unit = match frame.unit {
                FrameUnit::Rows => "ROWS",
                FrameUnit::Range => "RANGE",
                FrameUnit::Groups if self.features.groups_frame => "GROUPS",
                FrameUnit::Groups => return Err(self.unsupported("GROUPS in a window's frame")),
            };
            self.push(&format!("{space}{unit} BETWEEN "));
            self.frame_bound(frame.start)?;
            self.push(" AND ");
            self.frame_bound(frame.end)?;
            self.push(match frame.exclude {
                FrameExclusion::NoOthers => "",
                _ if !self.features.constructs.frame_exclusion => {
                    return Err(self.unsupported("EXCLUDE in a window's frame"));
                }
                FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
                FrameExclusion::Group => " EXCLUDE GROUP",
                FrameExclusion::Ties => " EXCLUDE TIES",
            });
        }
        self.push(")");
        Ok(())
    }

    fn frame_bound(&mut self, bound: FrameBound) -> Result<()> {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::Preceding(rows) => self.push(&format!("{rows} PRECEDING")),
            FrameBound::PrecedingBy(time) => {
                self.frame_time(time)?;
                self.push(" PRECEDING");
            }
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::FollowingBy(time) => {
                self.frame_time(time)?;
                self.push(" FOLLOWING");
            }
            FrameBound::Following(rows) => self.push(&format!("{rows} FOLLOWING")),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
        }
        Ok(())
    }

    /// Writes how far a frame goes in time.
    fn frame_time(&mut self, time: Interval) -> Result<()> {
        if !self.features.constructs.frame_intervals {
            return Err(self.unsupported("an interval in a window's frame"));
        }
        if self.features.constructs.dates != Some(DateStyle::DateAdd) {
            return self.dialect.write_literal(&Value::Interval(time), self.writer.text());
        }
        let unit = match time {
            Interval { months, days: 0, microseconds: 0 } => format!("INTERVAL {months} MONTH"),
            Interval { months: 0, days, microseconds: 0 } => format!("INTERVAL {days} DAY"),
            Interval { months: 0, days: 0, microseconds } => format!("INTERVAL {microseconds} MICROSECOND"),
            _ => return Err(self.unsupported("an interval of several units in a window's frame")),
        };
        self.push(&unit);
        Ok(())
    }
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether it is the text that SQLite puts between texts by itself.
fn is_comma(construct: &Construct) -> bool {
    matches!(construct, Construct::Text(text) if **text == *",")
}

/// A function's name is written just so, and so must be one.
fn check_name(name: &str) -> Result<()> {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part
                .chars()
                .all(|character| character.is_alphanumeric() || character == '_' || character == '$')
    };
    if name.split('.').all(is_name) {
        return Ok(());
    }
    Err(Error::argument(format!("`{name}` is not the name of a function")))
}
