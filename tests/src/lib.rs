#![doc = include_str!("../README.md")]

pub mod mailbox;
pub mod own;
pub mod people;
pub mod replay;
pub mod shared;
pub mod system;
