#![doc = include_str!("../README.md")]

pub mod access;
pub mod wire;

pub use generated::divinetime::*;
pub use generated::google;

#[expect(
    clippy::pedantic,
    clippy::all,
    rustdoc::all,
    reason = "generated code and comments written for protobuf"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}

/// Every proto file of the project with its imports, comments and options: an encoded
/// `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
