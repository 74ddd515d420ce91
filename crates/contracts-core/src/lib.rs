#![doc = include_str!("../README.md")]

pub mod access;
mod rpc;
pub mod wire;

pub use access::{AccessRule, Contract};
pub use generated::divinetime::*;
pub use generated::google;
pub use rpc::{EventKind, EventsMessage, ListRpc, Positioned, ReadRpc, Rpc, WriteRpc};

#[expect(
    clippy::pedantic,
    clippy::all,
    rustdoc::all,
    reason = "generated code and comments written for protobuf"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}
