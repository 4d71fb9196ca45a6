//! UUIDs of `uuid`.

use uuid_1::Uuid;

use crate::{
    Cell, Decode, Error, Result, Value,
    decode::{array_elements, mismatch},
    typed::column_types,
    types::SqlType,
};

impl Decode for Uuid {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Uuid(bytes) => Ok(Self::from_bytes(bytes)),
            // MySQL keeps the 16 bytes, SQLite and MariaDB's own type give text.
            Cell::Bytes(bytes) => Self::from_slice(bytes)
                .map_err(|_error| Error::data(format!("{} bytes are not a UUID, which has 16", bytes.len()))),
            Cell::Text(text) => {
                Self::parse_str(text).map_err(|_error| Error::data(format!("`{text}` is not a UUID")))
            }
            cell => Err(mismatch(cell, "Uuid")),
        }
    }
}

column_types! {
    Uuid: SqlType::Uuid, value => Value::Uuid(value.into_bytes());
}

array_elements! { Uuid }
