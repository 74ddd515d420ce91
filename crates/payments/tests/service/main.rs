//! The real service on a port of its own, between stand-ins for scheduling and ticketing.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod listing;
mod paying;
mod refunding;
mod refusing;
mod restarting;
mod world;
