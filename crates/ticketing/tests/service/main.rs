//! The service as its callers see it: on a port of its own, with a real database and broker,
//! beside stand-ins that serve the logs of the services it listens to.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod children;
mod events;
mod sale;
mod settlement;
mod tickets;
mod world;
