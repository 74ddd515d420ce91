//! Values that exist only in a valid form: each is parsed once, at the edge.

mod birthdate;
mod email;
mod id;
mod medical;
mod phone;
mod role;
mod web_address;

pub use birthdate::Birthdate;
pub use email::{EmailAddress, EmailError};
pub use id::{AllergenId, EmailId, TransferId};
pub use medical::{Allergen, EmergencyContact, MedicalConditions, medical_subject};
pub use phone::PhoneNumber;
pub use role::Role;
pub use values::{ChildId, Price, PriceError, UserId};
pub use web_address::WebAddress;
