//! Addresses with their networks, of `ipnetwork`.

use ipnetwork_0_21::IpNetwork;

use crate::{
    Cell, Decode, Error, Result, Value, decode::array_elements, typed::column_types, types::SqlType,
    value::network_of,
};

impl Decode for IpNetwork {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        let (address, prefix) = network_of(cell, "IpNetwork")?;
        Self::new(address, prefix)
            .map_err(|error| Error::data(format!("`{address}/{prefix}` is no network: {error}")))
    }
}

column_types! {
    IpNetwork: SqlType::Inet, value => Value::Text(value.to_string().into());
}

array_elements! { IpNetwork }
