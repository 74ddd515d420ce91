//! The service as its callers see it: on a port of its own, with a real database and broker,
//! beside stand-ins that serve the logs of the services it listens to.

mod events;
mod neighbours;
mod sale;
mod settlement;
mod world;
