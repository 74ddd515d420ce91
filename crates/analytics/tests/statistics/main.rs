//! The statistics: the fold against a recount, and the service as its callers see it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod figures;
mod rpc;
mod settings;
mod support;
