//! Journeys through the running system: one file each.

mod access;
mod booking;
mod faults;
mod matrix;
mod tickets;
