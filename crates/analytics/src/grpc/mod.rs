//! The gRPC face of the statistics.

mod convert;
mod statistics_service;

pub use statistics_service::Statistics;
