//! Checking that the log is what was appended: the hash chain over its batches, recomputed.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use ring::digest::{Context as Hasher, SHA256};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{error::LogError, hex, journal::Digest};

/// What `verify` found in an intact log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub batches: u64,
    /// Number of events, which is the last position.
    pub events: i64,
    /// Hash of the last batch, lower-case hex. Kept elsewhere, it proves later that no tail was cut.
    pub head: String,
}

/// A log that is not what was appended.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The chain breaks: something at or before this position was changed, removed or forged.
    #[error("the log is broken at position {position}: {reason}")]
    Broken {
        /// First position that does not fit.
        position: i64,
        /// What does not fit.
        reason: String,
    },
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Log(error.into())
    }
}

struct Batch {
    first: i64,
    last: i64,
    recorded_at: DateTime<Utc>,
    hash: Vec<u8>,
}

/// Recomputes the chain from the tables, calling `progress` with (verified, total) positions.
///
/// `exported_head`, a head hash noted earlier, must occur in the chain.
pub async fn verify(
    pool: &PgPool,
    exported_head: Option<&str>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Verified, VerifyError> {
    let (total, stored_head): (i64, Vec<u8>) =
        sqlx::query_as("select position, hash from log_head")
            .fetch_one(pool)
            .await?;
    let mut hash = vec![0; 32];
    let mut position = 0;
    let mut count = 0;
    let mut seen = exported_head.is_none() || exported_head == Some(hex(&hash).as_str());
    let mut batches = sqlx::query(
        "select first_position, last_position, recorded_at, hash from batches \
         where first_position <= $1 order by first_position",
    )
    .bind(total)
    .fetch(pool);
    while let Some(row) = batches.try_next().await? {
        let batch = Batch {
            first: row.try_get(0)?,
            last: row.try_get(1)?,
            recorded_at: row.try_get(2)?,
            hash: row.try_get(3)?,
        };
        if batch.first != position + 1 {
            return Err(broken(position + 1, "no batch covers it"));
        }
        hash = recompute(pool, &hash, &batch).await?;
        if hash != batch.hash {
            return Err(broken(batch.first, "the hash of its batch differs"));
        }
        position = batch.last;
        count += 1;
        seen |= exported_head.is_some_and(|head| head == hex(&hash));
        progress(position, total);
    }
    if position != total || hash != stored_head {
        return Err(broken(position + 1, "the head of the log does not follow"));
    }
    if !seen {
        return Err(broken(
            total,
            "the exported head is not in the chain: a tail is missing",
        ));
    }
    let stray: Option<i64> = sqlx::query_scalar(
        "select position from events where position > $1 or position < 1 limit 1",
    )
    .bind(total)
    .fetch_optional(pool)
    .await?;
    if let Some(position) = stray {
        return Err(broken(position, "it lies outside of the log"));
    }
    Ok(Verified {
        batches: count,
        events: total,
        head: hex(&hash),
    })
}

async fn recompute(pool: &PgPool, previous: &[u8], batch: &Batch) -> Result<Vec<u8>, VerifyError> {
    let mut chain = Hasher::new(&SHA256);
    chain.update(previous);
    chain.update(&batch.first.to_be_bytes());
    chain.update(&batch.recorded_at.timestamp_micros().to_be_bytes());
    let mut rows = sqlx::query(
        "select position, command_id, actor, correlation_id, causation_id, trace_context, aggregate_type, \
         aggregate_id, sequence, event_type, event_version, payload::text, event_id, recorded_at \
         from events where position between $1 and $2 order by position",
    )
    .bind(batch.first)
    .bind(batch.last)
    .fetch(pool);
    let mut expected = batch.first;
    let mut command: Option<(Uuid, Digest)> = None;
    while let Some(row) = rows.try_next().await? {
        let position: i64 = row.try_get(0)?;
        if position != expected {
            return Err(broken(expected, "the event is missing"));
        }
        if row.try_get::<DateTime<Utc>, _>(13)? != batch.recorded_at {
            return Err(broken(position, "its time differs from its batch"));
        }
        expected += 1;
        let id: Uuid = row.try_get(1)?;
        let mut digest = match command.take() {
            Some((current, digest)) if current == id => digest,
            earlier => {
                if let Some((_, digest)) = earlier {
                    chain.update(&digest.finish());
                }
                command_digest(&row, id)?
            }
        };
        add_event(&mut digest, &row)?;
        command = Some((id, digest));
    }
    if expected != batch.last + 1 {
        return Err(broken(expected, "the event is missing"));
    }
    if let Some((_, digest)) = command {
        chain.update(&digest.finish());
    }
    Ok(chain.finish().as_ref().to_vec())
}

fn command_digest(row: &PgRow, id: Uuid) -> Result<Digest, sqlx::Error> {
    Ok(Digest::of_command(
        id,
        row.try_get(2)?,
        row.try_get(3)?,
        row.try_get(4)?,
        row.try_get(5)?,
    ))
}

fn add_event(digest: &mut Digest, row: &PgRow) -> Result<(), sqlx::Error> {
    digest.event(
        row.try_get(6)?,
        row.try_get(7)?,
        row.try_get(8)?,
        row.try_get(9)?,
        row.try_get(10)?,
        row.try_get(11)?,
        row.try_get(12)?,
    );
    Ok(())
}

fn broken(position: i64, reason: &str) -> VerifyError {
    VerifyError::Broken {
        position,
        reason: reason.to_owned(),
    }
}
