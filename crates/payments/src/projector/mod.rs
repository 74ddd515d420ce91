//! The folds from events to read tables.

mod payables;
mod payments;
#[cfg(test)]
mod tests;

pub use payables::{PayableEvent, PayableRow, Payables};
pub use payments::{Payments, RefundRow};
