//! [`ValueSink`]: where the values of rows go.

use super::Value;

/// Takes the values of rows, one after the other. Whole numbers and texts come as they are, so that a sink which writes them
/// somewhere needs no [`Value`] of each: the arrays of PostgreSQL, and the lines of MySQL's LOAD DATA.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Value, typed::ColumnType as _, value::ValueSink};
///
/// #[derive(Default)]
/// struct Line(String);
///
/// impl ValueSink for Line {
///     fn integer(&mut self, number: i64) {
///         self.0 += &format!("{number};");
///     }
///
///     fn text(&mut self, text: &str) {
///         self.0 += &format!("{text};");
///     }
///
///     fn null(&mut self) {
///         self.0 += ";";
///     }
///
///     fn other(&mut self, value: Value) {
///         self.0 += &format!("{value:?};");
///     }
/// }
///
/// let mut line = Line::default();
/// 7_i32.write_to(&mut line);
/// String::from("Ann").write_to(&mut line);
/// None::<i64>.write_to(&mut line);
/// true.write_to(&mut line);
/// assert_eq!(line.0, "7;Ann;;Bool(true);");
/// ```
pub trait ValueSink {
    /// Takes a whole number.
    fn integer(&mut self, number: i64);

    /// Takes a text.
    fn text(&mut self, text: &str);

    /// Takes NULL.
    fn null(&mut self);

    /// Takes a value that is none of these.
    fn other(&mut self, value: Value);

    /// Takes any value.
    #[inline]
    fn value(&mut self, value: Value) {
        match value {
            Value::Null => self.null(),
            Value::I64(number) => self.integer(number),
            Value::Text(text) => self.text(&text),
            value => self.other(value),
        }
    }
}
