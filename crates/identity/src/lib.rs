#![doc = include_str!("../README.md")]

// From below: a room imports from groups before its own in this list, never from later ones.

// What identity decides, and how its values are written for others.
mod domain;
mod wire;

// What identity reads of the environment for itself.
mod settings;

// Personal data in its sealed form.
mod personal;

// Messages to users, and what identity signs.
mod mail;
mod signing;

// What all of the following rooms work with.
mod resources;

// How users prove who they are.
mod proofs;

// From events to read tables, from these to rows, and look-ups that catch up first.
mod projector;
mod query;
mod reference;

// What is done beyond the decision of one aggregate.
mod accounts;

// From events to others, and from events to commands.
mod process;
mod publisher;

// The RPCs, and the service as a whole.
mod grpc;
mod migrations;
mod wiring;

pub mod internals;

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
        contract: &contracts::CONTRACT,
        settings: own_settings::<IdentitySettings>,
        migrations: migrations::migrations(),
        // No event has changed yet.
        upcasters: Upcasters::none,
        build: |runtime| Box::pin(wiring::build(runtime)),
    }
}
