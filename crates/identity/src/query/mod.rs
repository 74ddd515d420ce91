//! From read tables to rows, in which personal values stay sealed. Lists are cut by the key that
//! they are sorted by.

mod bookings;
mod children;
mod medical;
mod trainers;
mod transfers;
mod users;

pub use bookings::{any_paid_ahead, coaches_ahead};
pub use children::{ChildCursor, ChildView, child, child_row, children, children_of, has_children};
pub use medical::{MedicalAccessCursor, custom_allergens, medical_accesses};
pub use trainers::{TrainerCursor, TrainerFilter, TrainerOrder, TrainerView, trainer, trainers};
pub use transfers::{TransferCursor, transfers};
pub use users::{UserCursor, UserFilter, UserOrder, user, users};
