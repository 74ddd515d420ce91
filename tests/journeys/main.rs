//! Journeys through the running system: one file each.

mod access;
mod booking;
mod canaries;
mod erasure;
mod faults;
mod guardians;
mod identity;
mod matrix;
mod nasty;
mod tickets;
