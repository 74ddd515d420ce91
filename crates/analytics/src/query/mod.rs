//! From read tables to rows.

mod explain;
mod periods;

pub use explain::{Cursor, Explained, Question, explain};
pub use periods::{Figures, figures, page, rebuild_is_due, span, step};
