//! [`RowEncoder`]: rows of values as the bytes of a COPY.

use std::collections::VecDeque;

use aludel_driver::{Error, ErrorKind, Result, Value};
use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::Statement as Described;

use super::CopyFormat;
use crate::{
    parameter::{self, Encoding, Refusal},
    target::Target,
};

/// How many bytes are gathered before they are sent.
const CHUNK: usize = 64 * 1024;

/// Room behind that for the last row.
const SLACK: usize = 4 * 1024;

/// How many buffers may be under way at once: those that wait to be sent, and one more.
const UNDER_WAY: usize = 4;

/// What the binary form begins with: its signature, no flags, and no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

const TOO_LONG: Refusal = "it is longer than a row can be";

/// Rows of values as the bytes of a COPY.
pub(crate) struct RowEncoder {
    columns: Box<[Column]>,
    /// None: the first row settles it.
    format: Option<CopyFormat>,
    out: BytesMut,
    /// Buffers whose bytes may be under way, the oldest first.
    sent: VecDeque<BytesMut>,
    /// What one value is as text.
    scratch: BytesMut,
    rows: u64,
    /// Whether the form is settled.
    has_begun: bool,
}

/// Whether a row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Written,
    /// One of its values has only a text form.
    HasNoBinaryForm,
}

struct Column {
    name: Box<str>,
    type_name: Box<str>,
    target: Target,
}

impl RowEncoder {
    /// For the columns of a query that was prepared to be told their types.
    pub(crate) fn new(described: &Described, format: Option<CopyFormat>) -> Self {
        let columns = described.columns().iter().map(|column| Column {
            name: column.name().into(),
            type_name: column.type_().name().into(),
            target: Target::of(column.type_()),
        });
        Self {
            columns: columns.collect(),
            format,
            out: BytesMut::with_capacity(CHUNK + SLACK),
            sent: VecDeque::new(),
            scratch: BytesMut::new(),
            rows: 0,
            has_begun: false,
        }
    }

    /// The form, once a row has settled it.
    pub(crate) fn format(&self) -> Option<CopyFormat> {
        self.format.filter(|_| self.has_begun)
    }

    /// How many rows were written.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether there is enough to be sent.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.out.len() >= CHUNK
    }

    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> Bytes {
        let bytes = self.out.split().freeze();
        // What is left of the buffer is all of it again, once its bytes were sent.
        let sent = std::mem::take(&mut self.out);
        self.sent.push_back(sent);
        let is_free = self.sent.front_mut().is_some_and(|oldest| oldest.try_reclaim(CHUNK + SLACK));
        let oldest = if is_free || self.sent.len() > UNDER_WAY { self.sent.pop_front() } else { None };
        self.out = oldest.filter(|_| is_free).unwrap_or_else(|| BytesMut::with_capacity(CHUNK + SLACK));
        bytes
    }

    /// Writes what ends the rows, in the forms that have an end.
    pub(crate) fn end(&mut self) {
        if self.format == Some(CopyFormat::Binary) {
            self.out.put_i16(-1);
        }
    }

    /// Writes a row. One that cannot be written leaves no trace.
    ///
    /// # Errors
    /// `Argument` for more or fewer values than there are columns, `Data` for a value that its column cannot take; both with
    /// the number of the row.
    #[inline]
    pub(crate) fn push(&mut self, values: &[Value]) -> Result<()> {
        match self.try_push(values)? {
            Pushed::Written => Ok(()),
            Pushed::HasNoBinaryForm => Err(self.no_binary_form(values)),
        }
    }

    /// The same, but for rows that only have a text form.
    ///
    /// # Errors
    /// As [`RowEncoder::push`].
    #[inline]
    pub(crate) fn try_push(&mut self, values: &[Value]) -> Result<Pushed> {
        if values.len() != self.columns.len() {
            return Err(self.wrong_width(values.len()));
        }
        let format = match self.format {
            Some(format) if self.has_begun => format,
            _ => self.begin(values),
        };
        let start = self.out.len();
        let written = match format {
            CopyFormat::Binary => self.push_binary(values),
            CopyFormat::Text => self.push_text(values).map(|()| Pushed::Written),
            CopyFormat::Csv => self.push_csv(values).map(|()| Pushed::Written),
        };
        match written {
            Ok(Pushed::Written) => {
                self.rows += 1;
                Ok(Pushed::Written)
            }
            Ok(Pushed::HasNoBinaryForm) => {
                self.out.truncate(start);
                Ok(Pushed::HasNoBinaryForm)
            }
            Err((position, refusal)) => {
                self.out.truncate(start);
                Err(self.refused(position, &values[position], refusal))
            }
        }
    }

    /// What comes next is text; what was written before must have been taken.
    pub(crate) fn go_on_as_text(&mut self) {
        self.format = Some(CopyFormat::Text);
    }

    /// Settles the form by the first row, and writes what stands before it.
    #[cold]
    fn begin(&mut self, values: &[Value]) -> CopyFormat {
        let all_binary = || {
            let mut pairs = values.iter().zip(&self.columns);
            pairs.all(|(value, column)| parameter::encoding(value, &column.target) != Encoding::Text)
        };
        let format = match self.format {
            Some(format) => format,
            None if all_binary() => CopyFormat::Binary,
            None => CopyFormat::Text,
        };
        self.format = Some(format);
        self.has_begun = true;
        if format == CopyFormat::Binary {
            self.out.put_slice(HEADER);
        }
        format
    }

    fn push_binary(&mut self, values: &[Value]) -> Result<Pushed, (usize, Refusal)> {
        let out = &mut self.out;
        // There are never so many columns that it does not fit.
        out.put_i16(values.len() as i16);
        for (position, (value, column)) in values.iter().zip(&self.columns).enumerate() {
            match (value, &column.target) {
                (Value::Null, _) => out.put_i32(-1),
                // The usual columns, without a look into the table of all types.
                (Value::I64(number), Target::Int8) => {
                    let mut bytes = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
                    bytes[4..].copy_from_slice(&number.to_be_bytes());
                    out.put_slice(&bytes);
                }
                (Value::Text(text), Target::Text) => {
                    out.put_i32(i32::try_from(text.len()).map_err(|_error| (position, TOO_LONG))?);
                    out.put_slice(text.as_bytes());
                }
                (value, target) => {
                    match parameter::encoding(value, target) {
                        Encoding::Binary => {}
                        Encoding::Text => return Ok(Pushed::HasNoBinaryForm),
                        Encoding::Refused => return Err((position, OTHER_TYPE)),
                    }
                    let start = out.len();
                    out.put_i32(0);
                    parameter::binary(value, target, out).map_err(|refusal| (position, refusal))?;
                    let length =
                        i32::try_from(out.len() - start - 4).map_err(|_error| (position, TOO_LONG))?;
                    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
                }
            }
        }
        Ok(Pushed::Written)
    }

    fn push_text(&mut self, values: &[Value]) -> Result<(), (usize, Refusal)> {
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.out.put_u8(b'\t');
            }
            if value.is_null() {
                self.out.put_slice(b"\\N");
                continue;
            }
            self.as_text(position, value).map_err(|refusal| (position, refusal))?;
            for byte in &self.scratch {
                let escaped = match byte {
                    b'\\' => b'\\',
                    b'\n' => b'n',
                    b'\r' => b'r',
                    b'\t' => b't',
                    byte => {
                        self.out.put_u8(*byte);
                        continue;
                    }
                };
                self.out.put_slice(&[b'\\', escaped]);
            }
        }
        self.out.put_u8(b'\n');
        Ok(())
    }

    fn push_csv(&mut self, values: &[Value]) -> Result<(), (usize, Refusal)> {
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.out.put_u8(b',');
            }
            // Nothing between two commas is NULL; what stands in quotes never is.
            if value.is_null() {
                continue;
            }
            self.as_text(position, value).map_err(|refusal| (position, refusal))?;
            self.out.put_u8(b'"');
            for byte in &self.scratch {
                if *byte == b'"' {
                    self.out.put_u8(b'"');
                }
                self.out.put_u8(*byte);
            }
            self.out.put_u8(b'"');
        }
        self.out.put_u8(b'\n');
        Ok(())
    }

    /// Writes a value as text that the server can read into `scratch`.
    fn as_text(&mut self, position: usize, value: &Value) -> Result<(), Refusal> {
        let target = &self.columns[position].target;
        if parameter::encoding(value, target) == Encoding::Refused {
            return Err(OTHER_TYPE);
        }
        if matches!((value, target), (Value::Bytes(_), Target::Other)) {
            return Err("bytes are the binary form of such a type; copy in the binary form: `.binary()`");
        }
        self.scratch.clear();
        parameter::text(value, &mut self.scratch)
    }

    #[cold]
    fn no_binary_form(&self, values: &[Value]) -> Error {
        let mut pairs = values.iter().zip(&self.columns);
        let position = pairs
            .position(|(value, column)| parameter::encoding(value, &column.target) == Encoding::Text)
            .unwrap_or_default();
        let refusal = "it has no binary form here; copy in the text form: `.text()`";
        self.refused(position, &values[position], refusal)
    }

    #[cold]
    fn wrong_width(&self, width: usize) -> Error {
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        let message = format!(
            "row {} has {width} values for the {} columns that are copied: {}",
            self.rows + 1,
            names.len(),
            names.join(", ")
        );
        Error::new(ErrorKind::Argument, message)
    }

    #[cold]
    fn refused(&self, position: usize, value: &Value, refusal: Refusal) -> Error {
        let Column { name, type_name, .. } = &self.columns[position];
        let message = format!(
            "row {}, column `{name}`: {} cannot be copied as {type_name}: {refusal}",
            self.rows + 1,
            value.kind(),
        );
        Error::new(ErrorKind::Data, message)
    }
}

const OTHER_TYPE: Refusal = "it is of another type";
