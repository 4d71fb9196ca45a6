//! What the session makes for rows: client-side defaults, and versions.

use aludel_driver::Result;
use aludel_sql_expression::Value;

use super::{assignment::is_unset, work::Work};
use crate::mapping::VersionId;

/// Client-side defaults are put in where nothing was given, and versions begin to count.
pub(super) fn apply_defaults(work: &Work) -> Result<()> {
    if !work.needs.fills {
        return Ok(());
    }
    for slot in &work.inserts {
        let configuration = slot.mapper().configuration()?;
        let key = slot.mapper().key();
        let unset = configuration.defaults.iter().filter(|(number, _)| match key.contains(number) {
            true => is_unset(&slot.sending(*number)),
            false => slot.sending(*number).is_null(),
        });
        let mut values: Vec<_> = unset.map(|(number, default)| (*number, default())).collect();
        let version = configuration.version.filter(|version| is_unset(&slot.sending(*version)));
        values.extend(
            version.and_then(|version| Some((version, next_version(configuration.version_id, None)?))),
        );
        if !values.is_empty() {
            slot.receive(&values)?;
        }
    }
    Ok(())
}

/// The version after another; none: the session makes none.
pub(crate) fn next_version(kind: VersionId, version: Option<Value>) -> Option<Value> {
    match (kind, version) {
        (VersionId::Counter, Some(Value::I64(number))) => Some(Value::I64(number.wrapping_add(1))),
        (VersionId::Counter, Some(Value::U64(number))) => Some(Value::U64(number.wrapping_add(1))),
        (VersionId::Counter, _) => Some(Value::I64(1)),
        (VersionId::Generator(make), _) => Some(make()),
        (VersionId::Server, _) => None,
    }
}
