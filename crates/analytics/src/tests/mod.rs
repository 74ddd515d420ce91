//! The fold against a recount, and the service as its callers see it.

mod figures;
mod rpc;
mod settings;
pub mod support;
