//! The log on a real Postgres: appending, claims, integrity.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod account;
mod claims;
mod integrity;
mod journal;
mod verdicts;
