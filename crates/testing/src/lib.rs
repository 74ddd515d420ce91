#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, in its helpers too"
)]

mod answers;
mod caller;
mod database;
mod golden;
mod log_database;
mod process;
mod stand_in;
mod temporary;
mod world;

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

pub use answers::{eur, fields, reason, refusal, request_id, usd, violations};
pub use caller::Caller;
pub use database::Database;
pub use golden::golden;
pub use log_database::LogDatabase;
pub use process::{NOTHING, Run, delivered};
pub use stand_in::StandIn;
pub use world::{Setup, World};

/// The server of `TEST_DATABASE_URL`.
fn test_server() -> PgConnectOptions {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server");
    PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a URL")
}
