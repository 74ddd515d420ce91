//! A service on a real database and broker.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod database;
mod deployment;
mod host;
mod notes;
mod reads;
