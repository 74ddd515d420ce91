//! From read tables to rows.

pub mod children;
pub mod trainers;
pub mod users;
