#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, in its helpers too"
)]

mod answers;
mod caller;
mod database;
mod golden;
mod process;
mod rebuild;
mod stand_in;
mod world;

pub use answers::{eur, fields, reason, refusal, request_id, usd, violations};
pub use caller::{Bearer, Caller, Keys};
pub use database::Database;
pub use golden::golden;
pub use process::{NOTHING, Run, delivered};
pub use stand_in::StandIn;
pub use testing_core::sealed;
pub use world::{Setup, World};
