//! What was reflected as a [`Sequence`], an [`Enumeration`] and a [`Domain`], which create the same again.

use aludel_sql_expression::{
    SqlType,
    schema::{Domain, Enumeration, Sequence},
};

use super::{ReflectedDomain, ReflectedEnum, ReflectedSequence, definition};

impl ReflectedSequence {
    /// A sequence for DDL, in a schema or in the default one: created elsewhere on the same kind of database, it reflects the
    /// same.
    pub fn to_sequence(&self, schema: Option<&str>) -> Sequence {
        let mut sequence = Sequence::new(self.name.as_str())
            .increment(self.increment)
            .minvalue(self.minvalue)
            .maxvalue(self.maxvalue)
            .start(self.start)
            .cache(u64::try_from(self.cache).unwrap_or_default());
        if self.cycle {
            sequence = sequence.cycle(true);
        }
        if let Some(schema) = schema {
            sequence = sequence.in_schema(schema);
        }
        match self.type_name.as_deref() {
            Some("smallint") => sequence = sequence.sql_type(SqlType::SmallInteger),
            Some("integer") => sequence = sequence.sql_type(SqlType::Integer),
            _ => {}
        }
        if let Some(comment) = &self.comment {
            sequence = sequence.comment(comment.as_str());
        }
        match &self.owned_by {
            Some((table, column)) => sequence.owned_by(table.as_str(), column.as_str()),
            None => sequence,
        }
    }

    /// Whether a SERIAL column of a type would have made it just so.
    pub(super) fn is_of_serial(&self, table: &str, column: &str, sql_type: &SqlType) -> bool {
        let highest = match sql_type {
            SqlType::SmallInteger => i64::from(i16::MAX),
            SqlType::Integer => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        let counts = (self.start, self.increment, self.minvalue, self.maxvalue, self.cache, self.cycle);
        counts == (1, 1, 1, highest, 1, false)
            && self.comment.is_none()
            && self.name == name_of_serial(table, column)
    }
}

/// What PostgreSQL calls the sequence of a SERIAL column: the longer of the two names is cut until all fits.
fn name_of_serial(table: &str, column: &str) -> String {
    let room = 63 - "__seq".len();
    let (mut of_table, mut of_column) = (table.len(), column.len());
    while of_table + of_column > room {
        if of_table > of_column { of_table -= 1 } else { of_column -= 1 }
    }
    let cut = |name: &str, most: usize| {
        let end = (0..=most).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
        name[..end].to_owned()
    };
    format!("{}_{}_seq", cut(table, of_table), cut(column, of_column))
}

impl ReflectedEnum {
    /// An enumeration for DDL, with its schema where it is not found without.
    pub fn to_enumeration(&self) -> Enumeration {
        let mut enumeration = Enumeration::new(self.name.as_str(), self.values.iter().map(String::as_str));
        enumeration.comment = self.comment.as_deref().map(Into::into);
        if self.visible { enumeration } else { enumeration.in_schema(self.schema.as_str()) }
    }
}

impl ReflectedDomain {
    /// A domain for DDL, with its schema where it is not found without: created elsewhere, it reflects the same.
    pub fn to_domain(&self) -> Domain {
        let mut domain = Domain::new(self.name.as_str(), self.base.sql_type.clone());
        domain.schema = (!self.visible).then(|| self.schema.as_str().into());
        domain.nullable = self.nullable;
        domain.server_default = self.default.as_deref().map(Into::into);
        domain.collation = self.collation.as_deref().map(Into::into);
        domain.comment = self.comment.as_deref().map(Into::into);
        domain.checks = self.checks.iter().map(definition::check).collect();
        domain
    }
}
