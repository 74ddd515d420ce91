//! What identity looks up before it decides, always on current knowledge.

mod own_tables;
mod upcoming_bookings;

pub use own_tables::OwnTables;
pub use upcoming_bookings::UpcomingBookings;
