#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, in its helpers too"
)]

mod log_database;
mod sealed;
mod temporary;

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

pub use log_database::LogDatabase;
pub use sealed::sealed;
pub use temporary::TemporaryDatabase;

/// The server of `TEST_DATABASE_URL`.
///
/// # Panics
/// When the variable is not set or no URL; `./dev test` brings a server.
pub fn test_server() -> PgConnectOptions {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server");
    PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a URL")
}
