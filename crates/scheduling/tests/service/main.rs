//! The service as it runs, on a real Postgres, called through gRPC. Identity and payments are
//! stand-ins that serve real envelopes from `EventLogService`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod booking;
mod calendar;
mod lists;
mod rebuilds;
mod refusals;
mod settlement;
mod standing;
mod world;
