#![doc = include_str!("../README.md")]

pub mod people;
pub mod system;
