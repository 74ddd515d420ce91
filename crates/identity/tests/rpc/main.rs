//! The service as its callers see it: on a port of its own, with access rules, projectors and
//! a database of its own on the server of `TEST_DATABASE_URL`.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod auth_support;
mod bookings;
#[cfg(test)]
mod browsing;
#[cfg(test)]
mod child_medical;
#[cfg(test)]
mod child_records;
#[cfg(test)]
mod child_transfers;
#[cfg(test)]
mod children;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod emails;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod mail_world;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod projections;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod signing_keys;
#[cfg(test)]
mod throttling;
#[cfg(test)]
mod trainer_updates;
#[cfg(test)]
mod trainers;
#[cfg(test)]
mod user_list;
#[cfg(test)]
mod whole;
