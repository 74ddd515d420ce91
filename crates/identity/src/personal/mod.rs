//! Personal data between its clear and its sealed form.
//!
//! Personal data is sealed before a command is made of it, and opened when an answer is made. In
//! between it stays sealed, and is found by keyed fingerprints and tokens.

mod account;
mod child;
mod column;
mod medical;
mod profile;
pub mod search;

pub use account::{ClearPhoneChange, ClearRegistration, ClearUpdate, email_key};
pub use child::{ClearPlayer, ClearPlayerChanges};
pub use column::Column;
pub use medical::{ClearAllergen, ClearContact, ClearMedical};
pub use profile::{ClearProfile, Profiles};
