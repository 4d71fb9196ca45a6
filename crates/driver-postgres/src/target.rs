//! [`Target`]: what the server wants a parameter to be.

use postgres_types::{Kind, Type};

/// What the server wants a parameter to be, found out once for a statement.
#[derive(Debug)]
pub(crate) enum Target {
    Bool,
    Int2,
    Int4,
    Int8,
    /// `oid` and the types that are one under another name.
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Everything whose wire form is the text itself: enumerations and `citext` too.
    Text,
    Json,
    Jsonb,
    Bytes,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Array {
        /// What each element is.
        element: Box<Target>,
        /// The element's type, which is written before the elements.
        oid: u32,
    },
    /// A type that only text can be bound to, for the server to read.
    Other,
}

impl Target {
    /// The target of a parameter's type.
    pub(crate) fn of(kind: &Type) -> Self {
        match kind.kind() {
            Kind::Domain(base) => return Self::of(base),
            Kind::Enum(_) => return Self::Text,
            Kind::Array(element) => {
                return Self::Array { element: Box::new(Self::of(element)), oid: element.oid() };
            }
            _ => {}
        }
        match *kind {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::OID
            | Type::XID
            | Type::CID
            | Type::REGPROC
            | Type::REGPROCEDURE
            | Type::REGOPER
            | Type::REGOPERATOR
            | Type::REGCLASS
            | Type::REGTYPE
            | Type::REGROLE
            | Type::REGNAMESPACE
            | Type::REGCOLLATION
            | Type::REGCONFIG
            | Type::REGDICTIONARY => Self::Oid,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::XML
            | Type::CSTRING => Self::Text,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::BYTEA => Self::Bytes,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            Type::INTERVAL => Self::Interval,
            _ if kind.name() == "citext" => Self::Text,
            _ => Self::Other,
        }
    }
}
