//! Values as the text that LOAD DATA reads.

use std::io::{self, Write as _};

use aludel_driver::{Error, ErrorKind, Result, Value};
use mysql_async::Value as Parameter;

use crate::parameter;

/// How the text of a column is written, by what the server says of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// As it is: times, JSON.
    Plain,
    /// Words of an ENUM or SET. A number would be one of a place, and its digits a word.
    Word,
    /// As it is: text, into which the server would write other values in a form of its own.
    Text,
    /// Whole numbers: the server rounds what it reads in another way than what it is given.
    Integer,
    /// Other numbers.
    Number,
    /// Bytes, which need not be text: as hexadecimal digits.
    Hexadecimal,
    /// A number of which the server would take the digits for bytes or for something else: it is cast.
    Unsigned,
    Signed,
}

impl Writing {
    /// How a column of this type is written; none where only a parameter says it right.
    pub(crate) fn of(type_name: &str) -> Option<Self> {
        Some(match type_name.trim_end_matches(" unsigned") {
            "binary" | "varbinary" | "blob" => Self::Hexadecimal,
            "char" | "varchar" | "text" => Self::Text,
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Self::Integer,
            "float" | "double" | "decimal" => Self::Number,
            "enum" | "set" => Self::Word,
            "bit" => Self::Unsigned,
            "year" => Self::Signed,
            "geometry" | "vector" | "null" | "" => return None,
            _ => Self::Plain,
        })
    }

    /// What the column is set to, where that is not what was read for it.
    pub(crate) fn assignment(self, variable: &str) -> Option<String> {
        match self {
            Self::Plain | Self::Word | Self::Text | Self::Integer | Self::Number => None,
            Self::Hexadecimal => Some(format!("UNHEX({variable})")),
            Self::Unsigned => Some(format!("CAST({variable} AS UNSIGNED)")),
            Self::Signed => Some(format!("CAST({variable} AS SIGNED)")),
        }
    }

    /// Writes a value, so that the server reads what an INSERT would have given it.
    ///
    /// # Errors
    /// As [`parameter::convert`].
    #[inline]
    pub(crate) fn write(self, value: &Value, output: &mut Vec<u8>) -> Result<()> {
        let bytes: &[u8] = match value {
            Value::Null => {
                output.extend_from_slice(b"\\N");
                return Ok(());
            }
            Value::I64(number) if !matches!(self, Self::Hexadecimal | Self::Word) => {
                return self.write_integer(*number, output);
            }
            Value::Text(text) | Value::Json(text) | Value::Number(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            Value::Uuid(bytes) => bytes,
            value if self == Self::Word => {
                let message = format!("{} is no word of the column's", value.kind());
                return Err(Error::new(ErrorKind::Data, message));
            }
            value if self == Self::Hexadecimal => {
                let mut text = Vec::new();
                self.write_other(value, &mut text)?;
                write_hexadecimal(&text, output);
                return Ok(());
            }
            value => return self.write_other(value, output),
        };
        self.write_bytes(bytes, output)
    }

    /// The same for a whole number.
    ///
    /// # Errors
    /// As [`parameter::convert`].
    #[inline]
    pub(crate) fn write_integer(self, number: i64, output: &mut Vec<u8>) -> Result<()> {
        if matches!(self, Self::Hexadecimal | Self::Word) {
            return self.write(&Value::I64(number), output);
        }
        output.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        Ok(())
    }

    /// The same for a text, or for bytes.
    ///
    /// # Errors
    /// As [`parameter::convert`].
    #[inline]
    pub(crate) fn write_bytes(self, bytes: &[u8], output: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Hexadecimal => write_hexadecimal(bytes, output),
            Self::Unsigned => write_bits(bytes, output)?,
            Self::Signed => write_year(bytes, output)?,
            _ => write_escaped(bytes, output),
        }
        Ok(())
    }

    /// Writes what is neither text nor bytes. No character of it means anything else.
    fn write_other(self, value: &Value, output: &mut Vec<u8>) -> Result<()> {
        // Writing into memory does not fail.
        let _ = match parameter::convert_one(value)? {
            Parameter::NULL => output.write_all(b"\\N"),
            Parameter::Bytes(bytes) => match self {
                Self::Unsigned => return write_bits(&bytes, output),
                Self::Signed => return write_year(&bytes, output),
                _ => output.write_all(&bytes),
            },
            Parameter::Date(..) | Parameter::Time(..) if matches!(self, Self::Unsigned | Self::Signed) => {
                let message = format!("{} cannot be loaded into a column of bits or years", value.kind());
                return Err(Error::new(ErrorKind::Data, message));
            }
            Parameter::Int(number) => write!(output, "{number}"),
            Parameter::UInt(number) => write!(output, "{number}"),
            // In full: the nearest number of single precision is then the same.
            Parameter::Float(number) => self.write_float(f64::from(number), output),
            Parameter::Double(number) => self.write_float(number, output),
            Parameter::Date(year, month, day, hour, minute, second, microsecond) => {
                let (day, clock) = ((year, month, day), (hour, minute, second));
                self.write_moment(Some(day), clock, microsecond, matches!(value, Value::Date(_)), output)
            }
            Parameter::Time(_, _, hour, minute, second, microsecond) => {
                self.write_moment(None, (hour, minute, second), microsecond, false, output)
            }
        };
        Ok(())
    }

    fn write_float(self, number: f64, output: &mut Vec<u8>) -> io::Result<()> {
        let size = number.abs();
        match self {
            // A parameter is rounded to the even one of two neighbours; text is rounded away from zero.
            Self::Integer => write!(output, "{:.0}", number.round_ties_even() + 0.0),
            Self::Unsigned | Self::Signed => write!(output, "{:.0}", number.trunc() + 0.0),
            Self::Number if size == 0.0 => write!(output, "{number}"),
            _ if size == 0.0 => output.write_all(b"0"),
            _ if (1e-5..1e15).contains(&size) => write!(output, "{number}"),
            _ => write!(output, "{number:e}"),
        }
    }

    /// Writes a day, a time, or both. A number column takes the digits alone.
    fn write_moment(
        self,
        day: Option<(u16, u8, u8)>,
        (hour, minute, second): (u8, u8, u8),
        microsecond: u32,
        is_day_alone: bool,
        output: &mut Vec<u8>,
    ) -> io::Result<()> {
        let is_number = matches!(self, Self::Integer | Self::Number);
        if let Some((year, month, day)) = day {
            match is_number {
                true => write!(output, "{year:04}{month:02}{day:02}")?,
                false => write!(output, "{year:04}-{month:02}-{day:02}")?,
            }
            if is_day_alone && self == Self::Plain {
                return Ok(());
            }
            if !is_number {
                output.push(b' ');
            }
        }
        match is_number {
            true => write!(output, "{hour:02}{minute:02}{second:02}")?,
            false => write!(output, "{hour:02}:{minute:02}:{second:02}")?,
        }
        if microsecond == 0 || (is_number && self != Self::Number) {
            return Ok(());
        }
        write!(output, ".{microsecond:06}")
    }
}

/// Text between tabs and line feeds, with `\` as what takes the meaning from the next character. All others stand for
/// themselves, NUL among them.
#[inline]
fn write_escaped(bytes: &[u8], output: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(place) = memchr::memchr3(b'\\', b'\t', b'\n', rest) {
        output.extend_from_slice(&rest[..place]);
        output.extend_from_slice(match rest[place] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\\\",
        });
        rest = &rest[place + 1..];
    }
    output.extend_from_slice(rest);
}

fn write_hexadecimal(bytes: &[u8], output: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    output.reserve(bytes.len() * 2);
    for byte in bytes {
        output.push(DIGITS[usize::from(byte >> 4)]);
        output.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// The bits of a text or of bytes, as the number that they are.
fn write_bits(bytes: &[u8], output: &mut Vec<u8>) -> Result<()> {
    if bytes.len() > 8 {
        let message =
            format!("{} bytes do not fit into a column of bits, which holds 8 at most", bytes.len());
        return Err(Error::new(ErrorKind::Data, message));
    }
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let _ = write!(output, "{number}");
    Ok(())
}

/// A year that comes as text. The server takes the text `0` for another year than the number 0.
fn write_year(text: &[u8], output: &mut Vec<u8>) -> Result<()> {
    let year = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u16>().ok());
    match year {
        Some(year @ 1..) => {
            let _ = write!(output, "{year}");
            Ok(())
        }
        _ => {
            let message = format!("`{}` is no year from 1 on", String::from_utf8_lossy(text));
            Err(Error::new(ErrorKind::Data, message))
        }
    }
}
