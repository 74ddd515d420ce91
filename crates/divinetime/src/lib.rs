#![doc = include_str!("../README.md")]

mod cli;
mod console;
mod data_dir;
mod embedded;
mod operator;
mod outside;
mod ports;
mod running;
mod services;
mod settings;
mod signals;
mod version;

// The commands.
mod create_admin;
mod demo;
mod events;
mod health;
mod keys;
mod migrate;
mod projections;
mod serve;
mod up;
mod verify;

/// Why a command ends badly: one sentence for whoever gave it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub use cli::main;
