//! The real service on a port of its own, its neighbours played by small log services.

mod listing;
mod paying;
mod peers;
mod refunding;
mod refusing;
mod sandbox;
mod world;
