//! Laying a batch out as the rows of `append_batch`, and the answers of the database.

use std::{collections::HashMap, ops::Bound};

use chrono::{DateTime, Utc};
use sqlx::{
    Connection, Encode, Executor, PgConnection, Postgres, Row, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo,
        types::{PgRange, PgRecordEncoder},
    },
};
use uuid::Uuid;

use super::{Decided, FirstAnswer, NewEvent, Verdict, batch::Digest};
use crate::claims::{Claim, ClaimChange};

/// The rows of one batch.
#[derive(Default)]
struct Rows<'a> {
    commands: i32,
    digests: Vec<u8>,
    events: Vec<Event<'a>>,
    unique: Vec<Unique<'a>>,
    intervals: Vec<Interval<'a>>,
    released: Vec<Released<'a>>,
    requests: Vec<Request<'a>>,
}

struct Event<'a> {
    ordinal: i32,
    command: i32,
    decided: &'a Decided,
    sequence: i64,
    new: &'a NewEvent,
}

struct Unique<'a> {
    command: i32,
    aggregate_id: &'a str,
    acquire: bool,
    claim: &'a Claim,
}

struct Interval<'a> {
    command: i32,
    aggregate_id: &'a str,
    acquire: bool,
    claim: &'a Claim,
    during: PgRange<DateTime<Utc>>,
}

/// An aggregate that gives back everything.
struct Released<'a> {
    command: i32,
    aggregate_id: &'a str,
}

struct Request<'a> {
    command: i32,
    last: i32,
    id: Uuid,
    fingerprint: &'a [u8],
    reply: &'a [u8],
}

impl<'a> Rows<'a> {
    fn of(commands: &[&'a Decided]) -> Self {
        let mut rows = Self::default();
        rows.events.reserve(commands.len());
        rows.requests.reserve(commands.len());
        rows.digests.reserve(commands.len() * 32);
        for decided in commands {
            rows.push(decided);
        }
        rows
    }

    fn push(&mut self, decided: &'a Decided) {
        self.commands += 1;
        self.push_events(decided);
        for change in &decided.claims {
            self.push_claim(&decided.aggregate_id, change);
        }
        if let Some(request) = &decided.context.request {
            self.requests.push(Request {
                command: self.commands,
                last: count(self.events.len()),
                id: request.id,
                fingerprint: &request.fingerprint,
                reply: &decided.reply,
            });
        }
    }

    fn push_events(&mut self, decided: &'a Decided) {
        let context = &decided.context;
        let mut digest = Digest::of_command(
            context.command_id,
            &context.actor,
            context.correlation_id,
            context.causation_id,
            context.trace_context.as_deref(),
        );
        for (event, sequence) in decided.events.iter().zip(decided.sequence..) {
            digest.event(
                decided.aggregate_type,
                &decided.aggregate_id,
                sequence,
                &event.event_type,
                &event.event_version,
                &event.payload,
                event.id,
            );
            self.events.push(Event {
                ordinal: count(self.events.len() + 1),
                command: self.commands,
                decided,
                sequence,
                new: event,
            });
        }
        self.digests.extend_from_slice(&digest.finish());
    }

    fn push_claim(&mut self, aggregate_id: &'a str, change: &'a ClaimChange) {
        let command = self.commands;
        let acquire = change.acquired().is_some();
        let Some(claim) = change.claim() else {
            self.released.push(Released {
                command,
                aggregate_id,
            });
            return;
        };
        match claim.bounds() {
            Some((from, to)) => self.intervals.push(Interval {
                command,
                aggregate_id,
                acquire,
                claim,
                during: PgRange {
                    start: Bound::Included(from),
                    end: Bound::Excluded(to),
                },
            }),
            None => self.unique.push(Unique {
                command,
                aggregate_id,
                acquire,
                claim,
            }),
        }
    }
}

/// Encodes a row as a composite type of the log's schema, field by field in the type's order.
macro_rules! composite {
    ($row:ident is $name:literal: |$self:ident, $record:ident| $encode:expr) => {
        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }

        impl Encode<'_, Postgres> for $row<'_> {
            fn encode_by_ref(&$self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let mut $record = PgRecordEncoder::new(buffer);
                $encode;
                $record.finish();
                Ok(IsNull::No)
            }
        }
    };
}

composite!(Event is "append_event": |self, record| {
    let context = &self.decided.context;
    record
        .encode(self.ordinal)?
        .encode(self.command)?
        .encode(self.decided.aggregate_type)?
        .encode(&*self.decided.aggregate_id)?
        .encode(self.sequence)?
        .encode(self.new.event_type.as_str())?
        .encode(self.new.event_version.as_str())?
        .encode(self.new.payload.as_str())?
        .encode(self.new.id)?
        .encode(context.command_id)?
        .encode(context.actor.as_str())?
        .encode(context.correlation_id)?
        .encode(context.causation_id)?
        .encode(context.trace_context.as_deref())?;
});

composite!(Unique is "append_unique": |self, record| {
    record
        .encode(self.command)?
        .encode(self.aggregate_id)?
        .encode(self.acquire)?
        .encode(self.claim.scope())?
        .encode(self.claim.key())?;
});

composite!(Interval is "append_interval": |self, record| {
    record
        .encode(self.command)?
        .encode(self.aggregate_id)?
        .encode(self.acquire)?
        .encode(self.claim.scope())?
        .encode(self.claim.key())?
        .encode(self.during)?;
});

composite!(Released is "append_released": |self, record| {
    record
        .encode(self.command)?
        .encode(self.aggregate_id)?;
});

composite!(Request is "append_request": |self, record| {
    record
        .encode(self.command)?
        .encode(self.last)?
        .encode(self.id)?
        .encode(self.fingerprint)?
        .encode(self.reply)?;
});

/// What became of a batch.
pub(super) struct Appended {
    /// Head of the log before the batch.
    pub previous_position: i64,
    /// 0-based command number and verdict of each that was refused.
    pub refused: HashMap<usize, Verdict>,
}

/// Appends the commands in one transaction, all or none.
pub(super) async fn append(
    executor: impl Executor<'_, Database = Postgres>,
    batch_id: Uuid,
    commands: &[&Decided],
) -> Result<Appended, sqlx::Error> {
    let rows = Rows::of(commands);
    let previous_position = sqlx::query_scalar("select append_batch($1, $2, $3, $4, $5, $6, $7)")
        .bind(batch_id)
        .bind(rows.digests)
        .bind(rows.events)
        .bind(rows.unique)
        .bind(rows.intervals)
        .bind(rows.released)
        .bind(rows.requests)
        .fetch_one(executor)
        .await?;
    Ok(Appended {
        previous_position,
        refused: HashMap::new(),
    })
}

/// Appends those of the commands that nothing stands in the way of, in one transaction, and says
/// why the others were refused.
pub(super) async fn append_accepted(
    connection: &mut PgConnection,
    batch_id: Uuid,
    commands: &[&Decided],
) -> Result<Appended, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let refused = judge(&mut transaction, batch_id, commands).await?;
    let accepted: Vec<&Decided> = commands
        .iter()
        .enumerate()
        .filter(|(number, _)| !refused.contains_key(number))
        .map(|(_, decided)| *decided)
        .collect();
    let previous_position = if accepted.is_empty() {
        head(&mut transaction).await?
    } else {
        append(&mut *transaction, batch_id, &accepted)
            .await?
            .previous_position
    };
    transaction.commit().await?;
    Ok(Appended {
        previous_position,
        refused,
    })
}

async fn judge(
    connection: &mut PgConnection,
    batch_id: Uuid,
    commands: &[&Decided],
) -> Result<HashMap<usize, Verdict>, sqlx::Error> {
    let rows = Rows::of(commands);
    let row = sqlx::query("select * from judge_batch($1, $2, $3, $4, $5, $6)")
        .bind(batch_id)
        .bind(rows.events)
        .bind(rows.unique)
        .bind(rows.intervals)
        .bind(rows.released)
        .bind(rows.requests)
        .fetch_one(connection)
        .await?;
    refusals(&row)
}

async fn head(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select position from log_head")
        .fetch_one(connection)
        .await
}

fn refusals(row: &PgRow) -> Result<HashMap<usize, Verdict>, sqlx::Error> {
    let Some(refused) = row.try_get::<Option<Vec<i32>>, _>("refused")? else {
        return Ok(HashMap::new());
    };
    let kinds: Vec<String> = row.try_get("kinds")?;
    let details: Vec<Option<String>> = row.try_get("details")?;
    let positions: Vec<Option<i64>> = row.try_get("first_positions")?;
    let fingerprints: Vec<Option<Vec<u8>>> = row.try_get("fingerprints")?;
    let replies: Vec<Option<Vec<u8>>> = row.try_get("replies")?;
    let details = details
        .into_iter()
        .zip(positions)
        .zip(fingerprints)
        .zip(replies);
    Ok(refused
        .into_iter()
        .zip(kinds)
        .zip(details)
        .map(
            |((command, kind), (((detail, position), fingerprint), reply))| {
                let verdict = match kind.as_str() {
                    "duplicate" => Verdict::Duplicate(FirstAnswer {
                        position: position.unwrap_or_default(),
                        fingerprint: fingerprint.unwrap_or_default(),
                        reply: reply.unwrap_or_default(),
                    }),
                    "claim" => {
                        let detail = detail.unwrap_or_default();
                        let (scope, key) = detail.split_once(' ').unwrap_or((&detail, ""));
                        Verdict::ClaimTaken {
                            scope: scope.to_owned(),
                            key: key.to_owned(),
                        }
                    }
                    "conflict" => Verdict::Conflict,
                    _ => Verdict::Stale,
                };
                (usize::try_from(command - 1).unwrap_or_default(), verdict)
            },
        )
        .collect())
}

/// Lengths here are bounded by the largest batch and what one command emits.
fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
