#![doc = include_str!("../README.md")]

// To the log and back: commands, aggregates, appending, reading.
pub mod claims;
pub mod context;
mod decide;
mod error;
mod event;
mod hex;
mod journal;
mod log;
mod migrations;
mod rebuild_claims;
mod repository;
mod snapshot;
mod upcast;
pub mod verify;

// ---- from the log to the others: feeds, relay, projectors, processes ----
mod broker;
mod bus;
mod checkpoints;
mod feed;
mod local_feed;
mod log_service;
mod parked;
pub mod personal;
mod process;
mod projector;
mod received;
mod relay;
mod remote_feed;
mod tables;
mod tail;
mod timers;
mod trace;
mod transaction;

pub use broker::{Broker, BrokerError};
pub use bus::{BadAddress, Bus, BusChannel, ServiceToken, TokenSource};
pub use checkpoints::{CheckpointError, Checkpoints, ProjectionState, ProjectionStatus};
pub use feed::{Batch, Delivered, Feed, FeedError, Undecodable};
pub use local_feed::{DecodeRecorded, LocalFeed};
pub use log_service::{LogService, Publish, Published};
pub use parked::{Parked, ParkedKey};
pub use process::{ASK, Effect, Input, Outbox, OutboxItem, Process, ProcessRunner};
pub use projector::{
    FoldError, Keys, Progress, Projection, Projector, ProjectorError, ReadTables, Step,
};
pub use received::Received;
pub use relay::{Relay, RelayError, RelayStep};
pub use remote_feed::{Remote, RemoteFeed};
pub use tables::{AnyTable, Row, Table, TableSet};
pub use transaction::begin;

pub use claims::{Claim, ClaimChange, ClaimingEvent};
pub use context::{Context, RequestKey};
pub use cqrs_es::DomainEvent;
pub use decide::{Decide, Root};
pub use error::{DecodeError, LogError, is_transient};
pub use event::RecordedEvent;
pub use hex::hex;
pub use log::EventLog;
pub use migrations::{migration, migrations};
pub use rebuild_claims::rebuild_claims;
pub use repository::{Committed, ExecuteError, Repository};
pub use sqlx::migrate::Migration;
pub use upcast::{Upcast, Upcasters};
