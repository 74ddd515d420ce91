//! Journeys through the running system: one file each.

mod access;
mod booking;
mod faults;
mod tickets;
