//! What identity looks up of other services before it decides, always on current knowledge.

mod upcoming_bookings;

pub use upcoming_bookings::{BookingFeed, UpcomingBookings, UpcomingBookingsError};
