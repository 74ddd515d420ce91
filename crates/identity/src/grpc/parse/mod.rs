//! From requests to commands. Every function takes its request apart field by field, so that
//! a new field does not build before it is looked at here, and reports all that is wrong
//! together.

pub mod accounts;
pub mod auth;
pub mod children;
pub mod emails;
pub mod medical;
pub mod subjects;
pub mod trainers;
pub mod transfers;
pub mod users;

use service::{Call, Fields, not_found};
use tonic::Status;
use uuid::Uuid;

/// `NOT_FOUND` unless the thing is the caller's, or an admin calls.
pub fn own_or_admin(call: &Call, owner_id: Uuid, what: &str) -> Result<(), Status> {
    if call.user_id() == Some(owner_id) || call.is_admin() {
        Ok(())
    } else {
        Err(not_found(what, &owner_id.to_string()))
    }
}

/// A user's id that may be left out by everyone but an admin: it is the caller's then.
pub fn own_unless_admin(fields: &mut Fields, call: &Call, field: &str, value: &str) -> Uuid {
    match call.user_id() {
        Some(caller) if value.is_empty() && !call.is_admin() => caller,
        _ => fields.id(field, value),
    }
}
