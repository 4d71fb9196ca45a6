//! JSON documents of `serde_json`.

use serde_json_1 as serde_json;

use crate::{
    Cell, Decode, Error, Result,
    decode::{array_elements, mismatch},
    typed::column_types,
    types::SqlType,
};

impl Decode for serde_json::Value {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Json(text) | Cell::Text(text) => serde_json::from_str(text)
                .map_err(|error| Error::data(format!("the value is not JSON: {error}"))),
            cell => Err(mismatch(cell, "serde_json::Value")),
        }
    }
}

column_types! {
    serde_json::Value: SqlType::Json, value => crate::Value::Json(value.to_string().into());
}

array_elements! { serde_json::Value }
