//! The read tables, each a pure fold of events.

pub mod availability;
pub mod bookings;
pub mod children;
pub mod trainers;
pub mod users;
