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
pub mod server;
pub mod telemetry;

pub use auth::{Principal, Verifier};
pub use call::{CAUSATION_HEADER, CORRELATION_HEADER, Call, FingerprintKey};
pub use config::{ConfigError, MailSettings, MasterKeyText, SERVICES, Secret, Settings};
pub use definition::{BuildError, Definition, Runtime, Service, Worker, WorkerError};
pub use errors::{
    DOMAIN, Refusal, internal, invalid_fields, not_found, refused, refused_with, retry_later,
    status, unavailable, violation,
};
pub use fields::Fields;
pub use metrics::Metrics;
pub use page::Page;
pub use reads::{checkpoint_status, reached};
pub use telemetry::{Telemetry, TelemetryError, TelemetrySettings};
