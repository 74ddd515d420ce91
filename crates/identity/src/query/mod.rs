//! The queries: from read tables to rows.

pub mod bookings;
pub mod children;
pub mod medical;
pub mod trainers;
pub mod transfers;
pub mod users;
