//! What a caller meets on the way to a handler.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod abuse;
mod access;
mod limits;
mod support;
mod traces;
