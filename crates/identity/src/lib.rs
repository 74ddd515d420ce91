#![doc = include_str!("../README.md")]

// The rooms. `ARCHITECTURE.md` says what each is for, and which may use which.
mod accounts;
mod domain;
mod grpc;
pub mod internals;
mod mail;
mod migrations;
mod personal;
mod process;
mod projector;
mod proofs;
mod publisher;
mod query;
mod reference;
mod resources;
mod settings;
mod signing;
mod wire;
mod wiring;

use eventsourcing::Upcasters;
use service::{Definition, own_settings};

pub use accounts::{CreateAdminError, CreatedAdmin, NewAdmin, create_admin};
pub use proofs::{Password, Passwords};
pub use resources::{Resources, master_keys};
pub use settings::{IdentitySettings, MailSettings};

/// The name of the service, of its schema and of its log.
pub const NAME: &str = "identity";

/// What a host needs to know to run this service.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        has_log: true,
        contract: &contracts::CONTRACT,
        settings: own_settings::<IdentitySettings>,
        migrations: migrations::migrations(),
        // No event has changed yet.
        upcasters: Upcasters::none,
        build: |runtime| Box::pin(wiring::build(runtime)),
    }
}
