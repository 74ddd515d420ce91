//! The read tables, each family a pure fold.

pub mod payables;
pub mod payments;
mod rows;

pub use rows::{PayableRow, PaymentRow, RefundRow, TrainerOrderRow};
