//! From the read tables to rows, which `grpc::convert` turns into messages.

mod explain;
mod periods;

pub use explain::{Cursor, Explained, Question, explain};
pub use periods::{Amounts, Figures, PeriodPage, Span, figures, page, rebuild_is_due, span, step};
