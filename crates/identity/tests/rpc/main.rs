//! The service as its callers see it: on a port of its own, with access rules, projectors and
//! a schema in the server of `TEST_DATABASE_URL`.

mod accounts;
mod children;
mod harness;
mod projections;
mod trainers;
