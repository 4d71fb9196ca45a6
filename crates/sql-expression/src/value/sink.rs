//! [`ValueSink`]: where the values of rows go.

use super::Value;

/// Takes the values of rows, one after the other. Whole numbers and texts come as they are, so that a sink which writes them
/// somewhere needs no [`Value`] of each: the arrays of PostgreSQL, and the lines of MySQL's LOAD DATA.
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
