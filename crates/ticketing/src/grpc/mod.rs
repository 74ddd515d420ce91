//! The gRPC services: parse, execute, reply.

mod convert;
mod errors;
mod event_service;
mod ticket_service;

pub use event_service::Events;
pub use ticket_service::Tickets;

use chrono::{DateTime, SubsecRound, Utc};
use contracts::common::v1::LogPosition;
use eventsourcing::Committed;
use prost::Message;
use service::internal;
use tonic::{Response, Status};

/// The time of a command, as exact as the database keeps it.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The stored answer, with the place where it is recorded.
fn answer<M: Message + Default>(
    committed: &Committed,
    place: impl FnOnce(&mut M, LogPosition),
) -> Result<Response<M>, Status> {
    let mut message = M::decode(committed.reply.as_slice()).map_err(internal)?;
    let position = LogPosition {
        service: crate::NAME.to_owned(),
        position: committed.position,
    };
    place(&mut message, position);
    Ok(Response::new(message))
}
