//! From read tables to rows.

mod directory;
mod lists;

pub use directory::Directory;
pub use lists::{
    LocationCursor, SessionFilter, SessionViewer, SlotFilter, StartCursor, available_slots,
    locations, session, sessions,
};
