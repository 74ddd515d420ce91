//! Read table to row.

mod payables;
mod payments;

pub use payables::{PayableQuery, PayableRecord};
pub use payments::{Filter, PaymentQuery, PaymentRecord, RefundRecord};
