#![doc = include_str!("../README.md")]

pub mod mailbox;
pub mod people;
pub mod replay;
pub mod system;
