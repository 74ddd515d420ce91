//! One connection for appending, and what it does when the database does not answer.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, error::DatabaseError, pool::PoolConnection};
use uuid::Uuid;

use super::{
    Decided, Entry, FirstAnswer, Verdict,
    append::{self, Appended},
};
use crate::error::{LogError, is_transient};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const UNIQUE_VIOLATION: &str = "23505";
const EXCLUSION_VIOLATION: &str = "23P01";

/// A connection that is made again whenever it is lost.
pub(super) struct Lane {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
}

/// A stretch of the log that one transaction appended.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    /// Head of the log before it.
    pub previous: i64,
    /// Head of the log after it.
    pub last: i64,
}

/// The head of the log, and a request with its first answer if there is one.
type Looked = (
    i64,
    Option<Uuid>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

impl Lane {
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            connection: None,
        }
    }

    /// Appends the commands of a batch and gives a verdict for each, however often the
    /// connection is lost on the way; with the stretches of the log that it filled.
    pub(super) async fn append(&mut self, entries: &[Entry]) -> (Vec<Verdict>, Vec<Stretch>) {
        let commands: Vec<&Decided> = entries.iter().filter_map(Entry::decided).collect();
        match self.try_append(&commands).await {
            Ok(appended) => {
                let (verdicts, stretch) = verdicts(appended, &commands);
                (verdicts, vec![stretch])
            }
            // One command that the database cannot store must not fail its neighbours.
            Err(LogError::Database(_)) if commands.len() > 1 => self.append_singly(&commands).await,
            Err(error) => {
                let error = std::sync::Arc::new(error);
                let failed = commands.iter().map(|_| Verdict::Failed(error.clone()));
                (failed.collect(), Vec::new())
            }
        }
    }

    async fn append_singly(&mut self, commands: &[&Decided]) -> (Vec<Verdict>, Vec<Stretch>) {
        let (mut all, mut stretches) = (Vec::with_capacity(commands.len()), Vec::new());
        let mut refused = HashSet::new();
        for &decided in commands {
            let aggregate = (decided.aggregate_type, &*decided.aggregate_id);
            let verdict = if refused.contains(&aggregate) {
                Verdict::Stale
            } else {
                match self.try_append(&[decided]).await {
                    Ok(appended) => {
                        let (verdicts, stretch) = verdicts(appended, &[decided]);
                        stretches.push(stretch);
                        verdicts.into_iter().next().unwrap_or(Verdict::Stale)
                    }
                    Err(error) => Verdict::Failed(error.into()),
                }
            };
            if !matches!(verdict, Verdict::Committed(_)) {
                refused.insert(aggregate);
            }
            all.push(verdict);
        }
        (all, stretches)
    }

    async fn try_append(&mut self, commands: &[&Decided]) -> Result<Appended, LogError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let batch_id = Uuid::now_v7();
            let connection = self.connect().await;
            let mut outcome = append::append(&mut **connection, batch_id, commands).await;
            if outcome.as_ref().is_err_and(was_refused) {
                outcome = append::append_accepted(connection, batch_id, commands).await;
            }
            match outcome {
                Ok(appended) => return Ok(appended),
                Err(error) if is_transient(&error) => {
                    tracing::warn!(%error, commands = commands.len(), "append was interrupted, asking what became of it");
                    self.connection = None;
                    if let Some((first, last)) = self.resolve(batch_id).await? {
                        return self.read_back(first, last, commands).await;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    self.connection = None;
                    return Err(error.into());
                }
            }
        }
    }

    /// Waits until the database says whether a batch committed; a batch that did not never will.
    async fn resolve(&mut self, batch_id: Uuid) -> Result<Option<(i64, i64)>, LogError> {
        loop {
            let answer: Result<(Option<i64>, Option<i64>), _> =
                sqlx::query_as("select * from resolve_batch($1)")
                    .bind(batch_id)
                    .fetch_one(&mut **self.connect().await)
                    .await;
            match answer {
                Ok((first, last)) => return Ok(first.zip(last)),
                Err(error) if is_transient(&error) => self.connection = None,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Finds out which commands of a committed batch were accepted.
    async fn read_back(
        &mut self,
        first: i64,
        last: i64,
        commands: &[&Decided],
    ) -> Result<Appended, LogError> {
        let accepted: HashSet<Uuid> = loop {
            let rows: Result<Vec<Uuid>, _> = sqlx::query_scalar(
                "select distinct command_id from events where position between $1 and $2",
            )
            .bind(first)
            .bind(last)
            .fetch_all(&mut **self.connect().await)
            .await;
            match rows {
                Ok(rows) => break rows.into_iter().collect(),
                Err(error) if is_transient(&error) => self.connection = None,
                Err(error) => return Err(error.into()),
            }
        };
        let refused = commands
            .iter()
            .enumerate()
            .filter(|(_, decided)| !accepted.contains(&decided.context.command_id))
            .map(|(index, _)| (index, Verdict::Stale))
            .collect();
        Ok(Appended {
            previous_position: first - 1,
            refused,
        })
    }

    /// The head of the log, and what some requests were answered with, however long it takes.
    pub(super) async fn look(&mut self, requests: &[Uuid]) -> (i64, HashMap<Uuid, FirstAnswer>) {
        loop {
            let rows: Result<Vec<Looked>, _> = sqlx::query_as(
                "select h.position, r.request_id, r.position, r.fingerprint, r.reply \
                 from log_head h left join requests r on r.request_id = any ($1)",
            )
            .bind(requests)
            .fetch_all(&mut **self.connect().await)
            .await;
            match rows {
                Ok(rows) => {
                    let head = rows.first().map_or(0, |(head, ..)| *head);
                    return (head, rows.into_iter().filter_map(first_answer).collect());
                }
                Err(error) => {
                    tracing::warn!(%error, "the head of the log could not be read");
                    self.connection = None;
                    tokio::time::sleep(FIRST_PAUSE).await;
                }
            }
        }
    }

    /// The connection, however long it takes to get one.
    async fn connect(&mut self) -> &mut PoolConnection<Postgres> {
        let mut pause = FIRST_PAUSE;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => loop {
                match self.pool.acquire().await {
                    Ok(mut connection) => match prepare(&mut connection).await {
                        Ok(()) => break connection,
                        Err(error) => {
                            tracing::warn!(%error, "the event log is not reachable, trying again");
                        }
                    },
                    Err(error) => {
                        tracing::warn!(%error, "the event log is not reachable, trying again");
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            },
        };
        self.connection.insert(connection)
    }
}

/// Whether a constraint of the log stood in the way of something in the batch.
fn was_refused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == UNIQUE_VIOLATION || code == EXCLUSION_VIOLATION)
}

/// Gives each accepted command the position of its last event.
fn verdicts(mut appended: Appended, commands: &[&Decided]) -> (Vec<Verdict>, Stretch) {
    let previous = appended.previous_position;
    let mut last = previous;
    let verdicts = commands
        .iter()
        .enumerate()
        .map(|(index, decided)| {
            appended.refused.remove(&index).unwrap_or_else(|| {
                last += i64::try_from(decided.events.len()).unwrap_or(i64::MAX);
                Verdict::Committed(last)
            })
        })
        .collect();
    (verdicts, Stretch { previous, last })
}

fn first_answer((_, request, position, fingerprint, reply): Looked) -> Option<(Uuid, FirstAnswer)> {
    let first = FirstAnswer {
        position: position?,
        fingerprint: fingerprint?,
        reply: reply?,
    };
    Some((request?, first))
}

/// Plans of `append_batch` are made once; compiling them to machine code never pays.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set jit = off").execute(connection).await?;
    Ok(())
}
