//! The RPCs: each parses, waits for what it has to include, reads.

mod statistics;

pub use statistics::StatisticsRpcs;
