//! From read tables to rows.

mod payments;

pub use payments::{PaymentCursor, PaymentFilter, PaymentView, payment, payments};
