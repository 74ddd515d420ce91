#![doc = include_str!("../README.md")]

// In the order in which a process comes up and a call passes.
pub mod auth;
mod call;
pub mod config;
pub mod database;
mod deadline;
mod definition;
mod errors;
mod fields;
pub mod guard;
pub mod host;
pub mod metrics;
pub mod page;
mod reads;
mod requests;
mod rows;
pub mod server;
pub mod telemetry;
mod variables;
mod write;

pub use auth::{Principal, Verifier};
pub use call::{CAUSATION_HEADER, CORRELATION_HEADER, Call, FingerprintKey, new_id, now};
pub use config::{
    ConfigError, MasterKeyText, OwnSettings, ReadSettings, SERVICES, Secret, Settings, no_settings,
    own_settings,
};
pub use definition::{BuildError, Definition, Runtime, Service, Worker, WorkerError};
pub use errors::{
    DOMAIN, Refusal, Taken, internal, invalid_fields, not_found, refusal_status, refused,
    refused_with, retry_later, role_not_allowed, status, unavailable, violation,
};
pub use fields::Fields;
pub use metrics::Metrics;
pub use page::Page;
pub use reads::{CatchUp, ReadError, Reads, Source};
pub use rows::json_row;
pub use telemetry::{Telemetry, TelemetryError, TelemetrySettings};
pub use variables::{Variable, Variables};
pub use write::{Operations, Recorded, Writes, recorded};
