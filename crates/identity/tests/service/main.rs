//! The service as it runs, on a real Postgres, called through gRPC. Scheduling and ticketing are
//! stand-ins that serve real envelopes from `EventLogService`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod accounts;
mod auth_support;
mod bookings;
mod browsing;
mod child_medical;
mod child_records;
mod child_transfers;
mod children;
mod codes;
mod directory;
mod emails;
mod erasure;
mod lifecycle;
mod logins;
mod mail_world;
mod outbox;
mod passwords;
mod projections;
mod sending;
mod signing_keys;
mod throttling;
mod trainer_updates;
mod trainers;
mod user_list;
mod whole;
mod world;
