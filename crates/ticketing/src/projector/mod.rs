//! The folds from events to read tables, with the rows beside them.

mod children;
mod listings;
mod locations;
mod sales;
mod tickets;

#[cfg(test)]
mod tests;

pub use children::{ChildEvent, Children};
pub use listings::{ListingRow, TierRow};
pub use locations::{LocationRow, Locations};
pub use sales::Sales;
pub use tickets::{HoldRow, TicketRow};
