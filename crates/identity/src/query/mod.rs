//! From read tables to rows.

pub mod children;
pub mod emails;
pub mod trainers;
pub mod users;
