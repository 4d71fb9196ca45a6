//! Tests of what drivers and the engine share.

mod url;
