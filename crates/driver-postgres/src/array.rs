//! Arrays as parameters: one parameter that holds many values.

use aludel_driver::Value;
use aludel_sql_expression::value::{ArrayValue, Packed, Texts};
use bytes::{BufMut, BytesMut};

use crate::{
    parameter::{self, Encoding, NUL, Refusal, has_nul},
    target::Target,
};

/// How many bytes an element is likely to take, with its length: a number just these. The buffer is copied when it has to grow.
const LIKELY_LENGTH: usize = 12;

const TOO_LONG: Refusal = "it is too long, or one of its elements is";

/// How an array is sent: in binary form where each of its elements can be.
pub(crate) fn encoding(array: &ArrayValue, element: &Target) -> Encoding {
    // What one of those that are packed is, all of them are.
    match array.values.packed() {
        Some(Packed::Texts(_)) => return parameter::encoding(&Value::Text("".into()), element),
        Some(Packed::Integers(_)) => return parameter::encoding(&Value::I64(0), element),
        _ => {}
    }
    if is_plain(array, element) {
        return Encoding::Binary;
    }
    let mut whole = Encoding::Binary;
    for value in &array.values {
        let one = match value {
            Value::Array(inner) => encoding(inner, element),
            value => parameter::encoding(value, element),
        };
        match one {
            Encoding::Binary => {}
            Encoding::Text => whole = Encoding::Text,
            Encoding::Refused => return Encoding::Refused,
        }
    }
    whole
}

/// Whether it is a usual column, for which nobody has to look into the table of all types for each element.
fn is_plain(array: &ArrayValue, element: &Target) -> bool {
    match element {
        Target::Text => array.values.iter().all(|value| matches!(value, Value::Text(_) | Value::Null)),
        Target::Int8 => array.values.iter().all(|value| matches!(value, Value::I64(_) | Value::Null)),
        _ => false,
    }
}

/// Writes an array in binary form.
pub(crate) fn binary(
    array: &ArrayValue,
    element: &Target,
    oid: u32,
    out: &mut BytesMut,
) -> Result<(), Refusal> {
    let mut lengths = Vec::new();
    measure(array, &mut lengths)?;
    out.put_i32(lengths.len() as i32);
    let nulls = out.len();
    out.put_i32(0);
    out.put_u32(oid);
    for length in &lengths {
        out.put_i32(*length);
        // The first element's number.
        out.put_i32(1);
    }
    let mut has_nulls = false;
    elements(array, element, lengths.len(), &mut has_nulls, out)?;
    out[nulls..nulls + 4].copy_from_slice(&i32::from(has_nulls).to_be_bytes());
    Ok(())
}

/// The length of each dimension, taken from the first element of each.
fn measure(array: &ArrayValue, lengths: &mut Vec<i32>) -> Result<(), Refusal> {
    if array.values.is_empty() {
        // The server has only one empty array, which has no dimensions.
        return if lengths.is_empty() { Ok(()) } else { Err("an inner array is empty") };
    }
    lengths.push(i32::try_from(array.values.len()).map_err(|_error| "it has too many elements")?);
    // What is packed is no array, and does not become a value here.
    if array.values.packed().is_none()
        && let Some(Value::Array(inner)) = array.values.first()
    {
        return measure(inner, lengths);
    }
    Ok(())
}

fn elements(
    array: &ArrayValue,
    element: &Target,
    depth: usize,
    has_nulls: &mut bool,
    out: &mut BytesMut,
) -> Result<(), Refusal> {
    match array.values.packed() {
        Some(_) if depth > 1 => return Err("only some of its elements are arrays"),
        Some(Packed::Integers(numbers)) => return integers(numbers, element, has_nulls, out),
        Some(Packed::Texts(values)) => return texts(values, element, has_nulls, out),
        _ if depth == 1 && is_plain(array, element) => return plain(array, has_nulls, out),
        _ => {}
    }
    out.reserve(array.values.len() * LIKELY_LENGTH);
    for value in &array.values {
        match value {
            Value::Array(inner) => {
                let Some(Value::Array(first)) = array.values.first() else {
                    return Err("only some of its elements are arrays");
                };
                if depth < 2 || inner.values.len() != first.values.len() {
                    return Err("its inner arrays differ in length");
                }
                elements(inner, element, depth - 1, has_nulls, out)?;
            }
            _ if depth > 1 => return Err("only some of its elements are arrays"),
            Value::Null => {
                *has_nulls = true;
                out.put_i32(-1);
            }
            value => one(value, element, out)?,
        }
    }
    Ok(())
}

/// Writes an element of any type.
fn one(value: &Value, element: &Target, out: &mut BytesMut) -> Result<(), Refusal> {
    let start = out.len();
    out.put_i32(0);
    parameter::binary(value, element, out)?;
    let length = i32::try_from(out.len() - start - 4).map_err(|_error| TOO_LONG)?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Writes a usual column: texts, or whole numbers of 64 bits.
fn plain(array: &ArrayValue, has_nulls: &mut bool, out: &mut BytesMut) -> Result<(), Refusal> {
    let mut length = 0;
    for value in &array.values {
        length += 4 + match value {
            Value::Text(text) if has_nul(text) => return Err(NUL),
            Value::Text(text) => text.len(),
            Value::I64(_) => 8,
            _ => {
                *has_nulls = true;
                0
            }
        };
    }
    let mut room = room_for(length, out)?;
    for value in &array.values {
        room = match value {
            Value::Text(text) => element_in(room, text.as_bytes()),
            Value::I64(number) => element_in(room, &number.to_be_bytes()),
            _ => null_in(room),
        };
    }
    Ok(())
}

/// Writes whole numbers that are packed.
fn integers(
    numbers: &[Option<i64>],
    element: &Target,
    has_nulls: &mut bool,
    out: &mut BytesMut,
) -> Result<(), Refusal> {
    let nulls = numbers.iter().filter(|number| number.is_none()).count();
    *has_nulls |= nulls > 0;
    if !matches!(element, Target::Int8) {
        out.reserve(numbers.len() * LIKELY_LENGTH);
        return numbers.iter().try_for_each(|number| match number {
            Some(number) => one(&Value::I64(*number), element, out),
            None => {
                out.put_i32(-1);
                Ok(())
            }
        });
    }
    let mut room = room_for(numbers.len() * 12 - nulls * 8, out)?;
    for number in numbers {
        room = match number {
            Some(number) => element_in(room, &number.to_be_bytes()),
            None => null_in(room),
        };
    }
    Ok(())
}

/// Writes texts that are packed.
fn texts(texts: &Texts, element: &Target, has_nulls: &mut bool, out: &mut BytesMut) -> Result<(), Refusal> {
    *has_nulls |= texts.iter().any(|text| text.is_none());
    if !matches!(element, Target::Text) {
        return texts.iter().try_for_each(|text| match text {
            Some(text) => one(&Value::Text(text.into()), element, out),
            None => {
                out.put_i32(-1);
                Ok(())
            }
        });
    }
    if has_nul(texts.as_str()) {
        return Err(NUL);
    }
    let mut room = room_for(texts.iter().len() * 4 + texts.as_str().len(), out)?;
    for text in texts.iter() {
        room = match text {
            Some(text) => element_in(room, text.as_bytes()),
            None => null_in(room),
        };
    }
    Ok(())
}

/// Room for all elements, so that none has to ask for its own.
fn room_for(length: usize, out: &mut BytesMut) -> Result<&mut [u8], Refusal> {
    // The length of a parameter is a number of 32 bits, and so is that of each element in it.
    i32::try_from(length).map_err(|_error| TOO_LONG)?;
    let start = out.len();
    out.resize(start + length, 0);
    Ok(&mut out[start..])
}

/// Writes an element where there is room for it, and gives what is left of the room.
#[inline]
fn element_in<'r>(room: &'r mut [u8], bytes: &[u8]) -> &'r mut [u8] {
    let (length, rest) = room.split_at_mut(4);
    length.copy_from_slice(&(bytes.len() as i32).to_be_bytes());
    let (place, rest) = rest.split_at_mut(bytes.len());
    place.copy_from_slice(bytes);
    rest
}

/// The same for NULL.
#[inline]
fn null_in(room: &mut [u8]) -> &mut [u8] {
    let (length, rest) = room.split_at_mut(4);
    length.copy_from_slice(&(-1_i32).to_be_bytes());
    rest
}

/// Writes an array as a literal: `{"a",NULL}`.
pub(crate) fn text(array: &ArrayValue, out: &mut BytesMut) -> Result<(), Refusal> {
    out.put_u8(b'{');
    let mut scratch = BytesMut::new();
    for (position, value) in array.values.iter().enumerate() {
        if position > 0 {
            out.put_u8(b',');
        }
        match value {
            Value::Null => out.put_slice(b"NULL"),
            Value::Array(inner) => text(inner, out)?,
            value => {
                scratch.clear();
                parameter::text(value, &mut scratch)?;
                out.put_u8(b'"');
                for byte in &scratch {
                    if matches!(byte, b'"' | b'\\') {
                        out.put_u8(b'\\');
                    }
                    out.put_u8(*byte);
                }
                out.put_u8(b'"');
            }
        }
    }
    out.put_u8(b'}');
    Ok(())
}
