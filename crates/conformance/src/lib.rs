//! The suite that every database backend of Aludel must pass.
//!
//! A backend is a [`Driver`](aludel_driver::Driver). Its tests make a [`Subject`] of it, hand that to [`run`], and look
//! at the [`Report`]: each [`Case`] has a name, needs certain [`Capabilities`](aludel_driver::Capabilities), and either
//! holds or says what it saw instead. What a backend says it cannot do must be refused by name, so a second look should
//! pin the list of capabilities itself: a backend that claims less passes more.
//!
//! No backend is named here. Tables are made from the dialect's own DDL, and parameters are written in its own style.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `subject` | [`Subject`]: the driver, and where it connects to |
//! | `case` | [`Case`], [`cases`]: what is asked |
//! | `suite` | [`run`], [`Report`]: asking it |
//! | `failure` | [`Failure`]: what was seen instead |
//! | `probe`, `kept` | one connection and one result, with what the cases need |
//! | `cases` | the cases, by topic |
//!
//! # Examples
//! ```no_run
//! # async fn test(driver: std::sync::Arc<dyn aludel_driver::Driver>) -> aludel_driver::Result<()> {
//! use aludel_conformance::{Subject, run};
//! use aludel_driver::DatabaseUrl;
//!
//! let url = DatabaseUrl::parse("mydatabase://user:password@localhost/empty_database")?;
//! let report = run(&Subject::new(driver, url.arguments), |_| true).await?;
//! assert!(report.is_success(), "{report}");
//! # Ok(()) }
//! ```

mod case;
mod cases;
mod failure;
mod kept;
mod probe;
mod subject;
mod suite;

pub use self::{
    case::{Case, cases},
    failure::Failure,
    subject::Subject,
    suite::{Report, run},
};
