//! [`Columns`]: the values of many rows, column by column.

use super::{
    Value, ValueSink,
    elements::Elements,
    packed::{Packed, Texts},
};

/// The values of many rows, column by column, so that each column can be sent as one array.
///
/// What most columns hold is packed: whole numbers stand side by side, and texts in one text. So no value is made for each
/// of them, and an array is written from one run of memory.
///
/// Each value goes to the next column in turn; a row is as many values as there are columns.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{
///     Value,
///     value::{Columns, ValueSink as _},
/// };
///
/// let mut columns = Columns::new(2, 2);
/// columns.integer(1);
/// columns.text("Ann");
/// columns.integer(2);
/// columns.value(Value::Null);
/// let columns = columns.into_elements();
/// assert_eq!(columns[0].iter().collect::<Vec<_>>(), [&Value::I64(1), &Value::I64(2)]);
/// assert_eq!(columns[1].iter().collect::<Vec<_>>(), [&Value::Text("Ann".into()), &Value::Null]);
/// ```
#[derive(Clone, Debug)]
pub struct Columns {
    columns: Vec<Column>,
    /// The column of the next value.
    next: usize,
    /// How many rows there will be, or so.
    rows: usize,
}

/// The values of one column.
#[derive(Clone, Debug)]
enum Column {
    /// So many NULLs: it is not known yet what else it holds.
    Nulls(usize),
    Integers(Vec<Option<i64>>),
    Texts(Texts),
    Values(Vec<Value>),
}

impl Columns {
    /// No values yet, for so many columns, and room for about so many rows.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self { columns: vec![Column::Nulls(0); columns], next: 0, rows }
    }

    /// The elements of each column.
    pub fn into_elements(self) -> Vec<Elements> {
        self.columns.into_iter().map(Column::into_elements).collect()
    }

    /// The same values row by row.
    pub fn into_rows(self) -> Vec<Value> {
        let mut columns: Vec<_> =
            self.columns.into_iter().map(|column| column.into_values().into_iter()).collect();
        let rows = columns.first().map_or(0, ExactSizeIterator::len);
        let mut values = Vec::with_capacity(rows * columns.len());
        for _ in 0..rows {
            values.extend(columns.iter_mut().filter_map(Iterator::next));
        }
        values
    }

    /// The column of the next value, and how many rows there will be. None: there are no columns.
    #[inline]
    fn column(&mut self) -> Option<(&mut Column, usize)> {
        let present = self.next;
        self.next = if present + 1 < self.columns.len() { present + 1 } else { 0 };
        Some((self.columns.get_mut(present)?, self.rows))
    }
}

impl ValueSink for Columns {
    #[inline]
    fn integer(&mut self, number: i64) {
        match self.column() {
            Some((Column::Integers(numbers), _)) => numbers.push(Some(number)),
            Some((column, rows)) => column.first_integer(number, rows),
            None => {}
        }
    }

    #[inline]
    fn text(&mut self, text: &str) {
        match self.column() {
            Some((Column::Texts(texts), _)) if Texts::takes(text) => texts.push(text),
            Some((column, rows)) => column.first_text(text, rows),
            None => {}
        }
    }

    #[inline]
    fn null(&mut self) {
        match self.column() {
            Some((Column::Nulls(count), _)) => *count += 1,
            Some((Column::Integers(numbers), _)) => numbers.push(None),
            Some((Column::Texts(texts), _)) => texts.push_null(),
            Some((Column::Values(values), _)) => values.push(Value::Null),
            None => {}
        }
    }

    fn other(&mut self, value: Value) {
        if let Some((column, rows)) = self.column() {
            column.values(rows).push(value);
        }
    }
}

impl Column {
    #[cold]
    fn first_integer(&mut self, number: i64, rows: usize) {
        match self {
            Self::Nulls(count) => {
                let mut numbers = Vec::with_capacity(rows.max(*count + 1));
                numbers.resize(*count, None);
                numbers.push(Some(number));
                *self = Self::Integers(numbers);
            }
            column => column.values(rows).push(Value::I64(number)),
        }
    }

    #[cold]
    fn first_text(&mut self, text: &str, rows: usize) {
        match self {
            Self::Nulls(count) if Texts::takes(text) => {
                let mut texts = Texts::with_capacity(rows.max(*count + 1));
                (0..*count).for_each(|_| texts.push_null());
                texts.push(text);
                *self = Self::Texts(texts);
            }
            column => column.values(rows).push(Value::Text(text.into())),
        }
    }

    /// The values one by one, since not all of them can be packed alike.
    fn values(&mut self, rows: usize) -> &mut Vec<Value> {
        if !matches!(self, Self::Values(_)) {
            let mut values = std::mem::replace(self, Self::Nulls(0)).into_values();
            values.reserve(rows.saturating_sub(values.len()).max(1));
            *self = Self::Values(values);
        }
        match self {
            Self::Values(values) => values,
            _ => unreachable!("it was made so above"),
        }
    }

    fn into_values(self) -> Vec<Value> {
        match self {
            Self::Nulls(count) => vec![Value::Null; count],
            Self::Integers(numbers) => Packed::Integers(numbers).to_values(),
            Self::Texts(texts) => Packed::Texts(texts).to_values(),
            Self::Values(values) => values,
        }
    }

    fn into_elements(self) -> Elements {
        match self {
            Self::Integers(numbers) => Packed::Integers(numbers).into(),
            Self::Texts(texts) => Packed::Texts(texts).into(),
            column => column.into_values().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Value, ValueSink as _};

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    /// Rows come back as they were put in, whatever a column holds, and in whatever order it turns up.
    #[test]
    fn rows_come_back_as_they_were_put_in() {
        let rows = [
            vec![Value::Null, Value::Null, text(""), Value::I64(i64::MIN), Value::Null],
            vec![Value::I64(3), text("Zürich"), text("b"), Value::Bool(true), Value::Null],
            vec![Value::Null, text("\u{1F980}"), Value::I64(4), Value::I64(5), Value::Null],
            vec![Value::I64(-1), Value::Null, text("c"), Value::Null, Value::Null],
        ];
        let mut columns = Columns::new(5, 2);
        rows.iter().flatten().cloned().for_each(|value| columns.value(value));
        assert_eq!(columns.clone().into_rows(), rows.concat());
        for (number, elements) in columns.into_elements().into_iter().enumerate() {
            let expected: Vec<&Value> = rows.iter().map(|row| &row[number]).collect();
            assert_eq!(elements.iter().collect::<Vec<_>>(), expected, "column {number}");
            assert_eq!(elements.len(), rows.len());
            assert_eq!(elements.packed().is_some(), number < 2, "column {number}");
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(Columns::new(0, 10).into_rows().is_empty());
        let mut none = Columns::new(0, 0);
        none.integer(1);
        none.text("x");
        none.null();
        none.value(Value::Bool(true));
        assert!(none.into_elements().is_empty());
        assert!(Columns::new(1, 0).into_elements()[0].is_empty());
    }
}
