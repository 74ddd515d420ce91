//! The task that flushes batches, and what it does when the database does not answer.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{Decided, Entry, FirstAnswer, Verdict, What, batch};
use crate::error::{LogError, is_transient};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Flusher {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
    /// Head of the log as this process last saw it.
    head: i64,
    committed: watch::Sender<i64>,
    epoch: watch::Sender<u64>,
    waiting: Arc<AtomicUsize>,
}

impl Flusher {
    pub(super) fn new(
        pool: PgPool,
        head: i64,
        committed: watch::Sender<i64>,
        epoch: watch::Sender<u64>,
        waiting: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            pool,
            connection: None,
            head,
            committed,
            epoch,
            waiting,
        }
    }

    /// Flushes until the last journal handle is gone and the queue is empty.
    pub(super) async fn run(mut self, mut entries: mpsc::UnboundedReceiver<Entry>) {
        let mut queue = VecDeque::new();
        let mut arrived = Vec::new();
        loop {
            if queue.is_empty() && entries.recv_many(&mut arrived, usize::MAX).await == 0 {
                return;
            }
            while let Ok(entry) = entries.try_recv() {
                arrived.push(entry);
            }
            queue.extend(arrived.drain(..));
            let batch = batch::take(&mut queue);
            self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
            self.flush(batch).await;
            // Lets those who were just answered queue their next commands: one large batch is
            // cheaper than two small ones that take turns.
            tokio::task::yield_now().await;
        }
    }

    /// Appends one batch and answers each of its entries.
    async fn flush(&mut self, entries: Vec<Entry>) {
        let (live, void): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|e| !e.lineage.is_void());
        for entry in void {
            settle(entry, Verdict::Stale);
        }
        let (commands, confirmations): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|e| e.decided().is_some());
        let appended = !commands.is_empty();
        if appended {
            self.append(commands).await;
        }
        if !confirmations.is_empty() {
            self.confirm(confirmations, appended).await;
        }
    }

    /// Answers what was decided without events, with one look at the log for all of it.
    async fn confirm(&mut self, confirmations: Vec<Entry>, appended: bool) {
        let requests: Vec<Uuid> = confirmations
            .iter()
            .filter_map(|entry| match entry.what {
                What::Confirm(request) => request,
                What::Append(_) => None,
            })
            .collect();
        // An append has just looked at the head.
        let mut known = if appended && requests.is_empty() {
            HashMap::new()
        } else {
            self.look(&requests).await
        };
        let (epoch, position) = (*self.epoch.borrow(), self.head);
        for entry in confirmations {
            let first = match entry.what {
                What::Confirm(Some(request)) => known.remove(&request),
                _ => None,
            };
            let verdict = if entry.lineage.is_void() {
                Verdict::Stale
            } else {
                Verdict::Confirmed {
                    epoch,
                    position,
                    first,
                }
            };
            settle(entry, verdict);
        }
    }

    async fn append(&mut self, commands: Vec<Entry>) {
        match self.try_append(&commands).await {
            Ok(verdicts) => {
                for (entry, verdict) in commands.into_iter().zip(verdicts) {
                    settle(entry, verdict);
                }
            }
            // One command that the database cannot store must not fail its neighbours.
            Err(LogError::Database(_)) if commands.len() > 1 => {
                for entry in commands {
                    if entry.lineage.is_void() {
                        settle(entry, Verdict::Stale);
                    } else {
                        Box::pin(self.append(vec![entry])).await;
                    }
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for entry in commands {
                    settle(entry, Verdict::Failed(Arc::clone(&error)));
                }
            }
        }
    }

    /// Appends until the outcome is known, however often the connection is lost.
    async fn try_append(&mut self, entries: &[Entry]) -> Result<Vec<Verdict>, LogError> {
        let commands: Vec<&Decided> = entries.iter().filter_map(Entry::decided).collect();
        let mut pause = FIRST_PAUSE;
        loop {
            let batch_id = Uuid::now_v7();
            let outcome = batch::append(&mut **self.connect().await, batch_id, &commands).await;
            match outcome {
                Ok(appended) => {
                    return Ok(self.verdicts(
                        appended.previous_position,
                        appended.refused,
                        &commands,
                    ));
                }
                Err(error) if is_transient(&error) => {
                    tracing::warn!(%error, commands = commands.len(), "append was interrupted, asking what became of it");
                    self.connection = None;
                    if let Some((first, last)) = self.resolve(batch_id).await? {
                        return self.read_back(first, last, &commands).await;
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

    fn verdicts(
        &mut self,
        previous: i64,
        mut refused: HashMap<usize, Verdict>,
        commands: &[&Decided],
    ) -> Vec<Verdict> {
        self.seen(previous);
        let mut position = previous;
        let verdicts = commands
            .iter()
            .enumerate()
            .map(|(index, decided)| {
                refused.remove(&index).unwrap_or_else(|| {
                    position += i64::try_from(decided.events.len()).unwrap_or(i64::MAX);
                    Verdict::Committed(position)
                })
            })
            .collect();
        self.advance(position);
        verdicts
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
    ) -> Result<Vec<Verdict>, LogError> {
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
        Ok(self.verdicts(first - 1, refused, commands))
    }

    /// Looks at the head of the log and at what some requests were answered with, however long
    /// it takes.
    async fn look(&mut self, requests: &[Uuid]) -> HashMap<Uuid, FirstAnswer> {
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
                    if let Some((head, ..)) = rows.first() {
                        self.seen(*head);
                        self.advance(*head);
                    }
                    return rows.into_iter().filter_map(first_answer).collect();
                }
                Err(error) => {
                    tracing::warn!(%error, "the head of the log could not be read");
                    self.connection = None;
                    tokio::time::sleep(FIRST_PAUSE).await;
                }
            }
        }
    }

    /// Notes that another process has appended, if the log is not where this one left it.
    fn seen(&mut self, position: i64) {
        if position != self.head {
            self.epoch.send_modify(|epoch| *epoch += 1);
            self.head = position;
        }
    }

    fn advance(&mut self, position: i64) {
        self.head = position;
        self.committed.send_replace(position);
    }

    /// The flusher's own connection, however long it takes to get one.
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

/// The head of the log, and a request with its first answer if there is one.
type Looked = (
    i64,
    Option<Uuid>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

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

/// Answers an entry. A refusal voids everything decided on top of it.
fn settle(entry: Entry, verdict: Verdict) {
    if !matches!(verdict, Verdict::Committed(_) | Verdict::Confirmed { .. }) {
        entry.lineage.void();
    }
    // A caller that has gone no longer needs the answer; the command stands or falls without it.
    let _ = entry.answer.send(verdict);
}
