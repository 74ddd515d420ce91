//! Choosing what goes into one batch, and laying it out as the arrays of `append_batch`.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use ring::digest::{Context as Hasher, SHA256};
use sqlx::{Executor, Postgres, Row, postgres::PgRow};
use uuid::Uuid;

use super::{Decided, Entry, FirstAnswer, Verdict};
use crate::claims::{Claim, ClaimChange};

/// Upper bounds of one batch: what a flush of a few milliseconds can carry.
const MAX_COMMANDS: usize = 2_048;
const MAX_EVENTS: usize = 8_192;

/// Takes from the queue, in order, what may go into one batch.
///
/// Two commands that touch the same claim or carry the same request id never share a batch,
/// so that each refusal has its cause in what was committed before. What is left behind
/// takes the later commands of its aggregate with it, and goes first the next time. So does
/// what was decided on top of a batch under way, which is what `is_busy` says.
pub(super) fn take(queue: &mut VecDeque<Entry>, is_busy: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    let mut taken = Vec::with_capacity(queue.len().min(MAX_COMMANDS));
    let mut touched = Touched::default();
    let mut left = VecDeque::new();
    let mut events = 0;
    while let Some(entry) = queue.pop_front() {
        if taken.len() >= MAX_COMMANDS || events >= MAX_EVENTS {
            queue.push_front(entry);
            break;
        }
        match entry.decided() {
            _ if is_busy(&entry) => left.push_back(entry),
            Some(decided) if !touched.admit(decided) => left.push_back(entry),
            // A confirmation waits for whatever of its aggregate was left behind.
            None if left.iter().any(|l| Arc::ptr_eq(&l.lineage, &entry.lineage)) => {
                left.push_back(entry);
            }
            decided => {
                events += decided.map_or(0, |d| d.events.len());
                taken.push(entry);
            }
        }
    }
    while let Some(entry) = left.pop_back() {
        queue.push_front(entry);
    }
    taken
}

/// What the commands of a batch touch so far.
#[derive(Default)]
struct Touched {
    requests: HashSet<Uuid>,
    claims: HashMap<(&'static str, String), Vec<Claim>>,
    left_behind: HashSet<(&'static str, Arc<str>)>,
}

impl Touched {
    fn admit(&mut self, decided: &Decided) -> bool {
        let collides = decided.claims.iter().any(|change| {
            let claim = change.claim();
            self.claims
                .get(&(claim.scope(), claim.key().to_owned()))
                .is_some_and(|others| others.iter().any(|other| other.collides(claim)))
        });
        let repeated = decided
            .context
            .request
            .is_some_and(|request| self.requests.contains(&request.id));
        let follows = !self.left_behind.is_empty()
            && self
                .left_behind
                .contains(&(decided.aggregate_type, decided.aggregate_id.clone()));
        if collides || repeated || follows {
            self.left_behind
                .insert((decided.aggregate_type, decided.aggregate_id.clone()));
            return false;
        }
        for change in &decided.claims {
            let claim = change.claim();
            self.claims
                .entry((claim.scope(), claim.key().to_owned()))
                .or_default()
                .push(claim.clone());
        }
        if let Some(request) = decided.context.request {
            self.requests.insert(request.id);
        }
        true
    }
}

/// The SHA-256 of everything of a command that is stored with its events. The chain of
/// batches hashes these; `verify` computes them again from the table.
pub(crate) struct Digest(Hasher);

impl Digest {
    pub(crate) fn of_command(
        command_id: Uuid,
        actor: &str,
        correlation_id: Uuid,
        causation_id: Option<Uuid>,
        trace_context: Option<&str>,
    ) -> Self {
        let mut digest = Self(Hasher::new(&SHA256));
        digest.0.update(command_id.as_bytes());
        digest.0.update(correlation_id.as_bytes());
        digest.0.update(causation_id.unwrap_or_default().as_bytes());
        digest.text(actor);
        digest.text(trace_context.unwrap_or_default());
        digest
    }

    #[expect(clippy::too_many_arguments, reason = "one for each stored column")]
    pub(crate) fn event(
        &mut self,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
        event_type: &str,
        event_version: &str,
        payload: &str,
        event_id: Uuid,
    ) {
        self.0.update(event_id.as_bytes());
        self.0.update(&sequence.to_be_bytes());
        for text in [
            aggregate_type,
            aggregate_id,
            event_type,
            event_version,
            payload,
        ] {
            self.text(text);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }
}

/// The arguments of one call of `append_batch`, in its order.
#[derive(Default)]
struct Arguments<'a> {
    commands: i32,
    digests: Vec<u8>,
    events: Events<'a>,
    unique: Unique<'a>,
    intervals: Intervals<'a>,
    requests: Requests<'a>,
}

/// One element for each event.
#[derive(Default)]
struct Events<'a> {
    command: Vec<i32>,
    aggregate_type: Vec<&'a str>,
    aggregate_id: Vec<&'a str>,
    sequence: Vec<i64>,
    event_type: Vec<&'a str>,
    version: Vec<&'a str>,
    payload: Vec<&'a str>,
    id: Vec<Uuid>,
    command_id: Vec<Uuid>,
    actor: Vec<&'a str>,
    correlation: Vec<Uuid>,
    causation: Vec<Option<Uuid>>,
    trace: Vec<Option<&'a str>>,
}

/// One element for each change of a unique claim.
#[derive(Default)]
struct Unique<'a> {
    command: Vec<i32>,
    aggregate_id: Vec<&'a str>,
    acquire: Vec<bool>,
    scope: Vec<&'a str>,
    key: Vec<&'a str>,
}

/// One element for each change of an interval claim.
#[derive(Default)]
struct Intervals<'a> {
    command: Vec<i32>,
    aggregate_id: Vec<&'a str>,
    acquire: Vec<bool>,
    scope: Vec<&'a str>,
    key: Vec<&'a str>,
    from: Vec<DateTime<Utc>>,
    to: Vec<DateTime<Utc>>,
}

/// One element for each request id.
#[derive(Default)]
struct Requests<'a> {
    command: Vec<i32>,
    /// Events of the batch up to the last of the command.
    offset: Vec<i32>,
    id: Vec<Uuid>,
    fingerprint: Vec<&'a [u8]>,
    reply: Vec<&'a [u8]>,
}

impl<'a> Arguments<'a> {
    fn push(&mut self, decided: &'a Decided) {
        self.commands += 1;
        self.push_events(decided);
        for change in &decided.claims {
            self.push_claim(&decided.aggregate_id, change);
        }
        if let Some(request) = &decided.context.request {
            self.requests.command.push(self.commands);
            self.requests.offset.push(count(self.events.id.len()));
            self.requests.id.push(request.id);
            self.requests.fingerprint.push(&request.fingerprint);
            self.requests.reply.push(&decided.reply);
        }
    }

    fn push_events(&mut self, decided: &'a Decided) {
        let context = &decided.context;
        let trace = context.trace_context.as_deref();
        let mut digest = Digest::of_command(
            context.command_id,
            &context.actor,
            context.correlation_id,
            context.causation_id,
            trace,
        );
        let arrays = &mut self.events;
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
            arrays.command.push(self.commands);
            arrays.aggregate_type.push(decided.aggregate_type);
            arrays.aggregate_id.push(&decided.aggregate_id);
            arrays.sequence.push(sequence);
            arrays.event_type.push(&event.event_type);
            arrays.version.push(&event.event_version);
            arrays.payload.push(&event.payload);
            arrays.id.push(event.id);
            arrays.command_id.push(context.command_id);
            arrays.actor.push(&context.actor);
            arrays.correlation.push(context.correlation_id);
            arrays.causation.push(context.causation_id);
            arrays.trace.push(trace);
        }
        self.digests.extend_from_slice(&digest.finish());
    }

    fn push_claim(&mut self, aggregate_id: &'a str, change: &'a ClaimChange) {
        let claim = change.claim();
        if let Some((from, to)) = claim.bounds() {
            self.intervals.command.push(self.commands);
            self.intervals.aggregate_id.push(aggregate_id);
            self.intervals.acquire.push(change.acquires());
            self.intervals.scope.push(claim.scope());
            self.intervals.key.push(claim.key());
            self.intervals.from.push(from);
            self.intervals.to.push(to);
        } else {
            self.unique.command.push(self.commands);
            self.unique.aggregate_id.push(aggregate_id);
            self.unique.acquire.push(change.acquires());
            self.unique.scope.push(claim.scope());
            self.unique.key.push(claim.key());
        }
    }
}

/// The answer of `append_batch`.
pub(super) struct Appended {
    /// Head of the log before the batch.
    pub previous_position: i64,
    /// 0-based command number and verdict of each that was refused.
    pub refused: HashMap<usize, Verdict>,
}

const APPEND: &str = "select * from append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
    $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)";

/// Appends the commands in one transaction.
pub(super) async fn append(
    executor: impl Executor<'_, Database = Postgres>,
    batch_id: Uuid,
    commands: &[&Decided],
) -> Result<Appended, sqlx::Error> {
    let mut arguments = Arguments::default();
    for decided in commands {
        arguments.push(decided);
    }
    let row = sqlx::query(APPEND)
        .bind(batch_id)
        .bind(arguments.commands)
        .bind(arguments.digests)
        .bind(arguments.events.command)
        .bind(arguments.events.aggregate_type)
        .bind(arguments.events.aggregate_id)
        .bind(arguments.events.sequence)
        .bind(arguments.events.event_type)
        .bind(arguments.events.version)
        .bind(arguments.events.payload)
        .bind(arguments.events.id)
        .bind(arguments.events.command_id)
        .bind(arguments.events.actor)
        .bind(arguments.events.correlation)
        .bind(arguments.events.causation)
        .bind(arguments.events.trace)
        .bind(arguments.unique.command)
        .bind(arguments.unique.aggregate_id)
        .bind(arguments.unique.acquire)
        .bind(arguments.unique.scope)
        .bind(arguments.unique.key)
        .bind(arguments.intervals.command)
        .bind(arguments.intervals.aggregate_id)
        .bind(arguments.intervals.acquire)
        .bind(arguments.intervals.scope)
        .bind(arguments.intervals.key)
        .bind(arguments.intervals.from)
        .bind(arguments.intervals.to)
        .bind(arguments.requests.command)
        .bind(arguments.requests.offset)
        .bind(arguments.requests.id)
        .bind(arguments.requests.fingerprint)
        .bind(arguments.requests.reply)
        .fetch_one(executor)
        .await?;
    Ok(Appended {
        previous_position: row.try_get("previous_position")?,
        refused: refusals(&row)?,
    })
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

/// Lengths here are bounded by [`MAX_EVENTS`] and what one command emits.
fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
