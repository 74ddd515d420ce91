//! Values that exist only in a valid form: each is parsed once, at the edge.

mod birthdate;
mod email;
mod id;
mod phone;
mod price;
mod role;

pub use birthdate::{Birthdate, BirthdateError};
pub use email::{EmailAddress, EmailError};
pub use id::{ChildId, UserId};
pub use phone::{PhoneError, PhoneNumber};
pub use price::{Price, PriceError};
pub use role::Role;
