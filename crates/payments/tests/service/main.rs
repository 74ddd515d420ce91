//! The real service on a port of its own, its neighbours played by small log services.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod crashing;
mod listing;
mod paying;
mod peers;
mod projecting;
mod refunding;
mod refusing;
mod sandbox;
mod world;
