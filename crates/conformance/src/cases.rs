//! The cases, by topic.

mod capabilities;
mod connecting;
mod cursors;
mod engine;
mod errors;
mod fetching;
mod interrupted;
mod many;
mod reflection;
mod steps;
mod transactions;
mod twophase;
mod values;

use crate::Case;

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    [
        connecting::CASES,
        fetching::CASES,
        values::CASES,
        many::CASES,
        steps::CASES,
        transactions::CASES,
        twophase::CASES,
        errors::CASES,
        cursors::CASES,
        interrupted::CASES,
        capabilities::CASES,
        reflection::CASES,
        engine::CASES,
    ]
    .concat()
}
