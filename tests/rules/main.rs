//! Rules that hold over all crates: the house words of ARCHITECTURE.md, as far as a test can
//! hold them.

mod dialect;
mod domain;
mod events;
mod manifests;
mod readmes;
mod rooms;
mod sources;
mod tests;
mod words;
