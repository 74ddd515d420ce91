//! How far each projection has come, and waiting for it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgPool, Row as _, postgres::PgRow};
use tokio::sync::watch;

use crate::{ASK, Feed, FeedError};

/// How soon a waiter looks again by itself: the projection may run in another process.
const POLL: Duration = Duration::from_millis(20);
/// Who has waited for long looks no more often than this.
const SLOWEST_POLL: Duration = Duration::from_secs(1);
/// Nor does it look at every move of a projection that is far behind, but once in this time.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// A projection that nobody has looked at for so long is shown as stopped.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// The checkpoints of one service.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    pool: PgPool,
}

/// Why a projection cannot be waited for.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Its read tables are being built anew; answer UNAVAILABLE.
    #[error("{0} is being rebuilt")]
    Rebuilding(String),
    /// No projection of this name has ever run here.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// A process cannot be rebuilt: it has sent commands.
    #[error("{0} is not a projection and cannot be rebuilt")]
    NotAProjection(String),
    /// The log whose head was asked for does not answer.
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("the checkpoints cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

/// What a projection, process or relay is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProjectionState {
    /// It follows its sources.
    Live,
    /// Its read tables are offline until it has replayed everything.
    Rebuilding,
    /// Something keeps it from going on; it tries again. See `error`.
    Failing,
    /// Nobody has run it for ten seconds.
    Stopped,
}

/// How far a projection has come in one of its sources.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectionStatus {
    pub projection: String,
    /// `PROJECTION`, `PROCESS` or `RELAY`.
    pub kind: String,
    /// The service whose log it follows.
    pub source: String,
    /// What it is doing.
    pub state: ProjectionState,
    /// Everything up to here is folded.
    pub position: i64,
    /// The head of the source at the last look.
    pub head: i64,
    /// Events between the two.
    pub lag_events: i64,
    /// 0 while it runs and has everything; else the seconds since it last was known to.
    pub lag_seconds: f64,
    /// Seconds since the last look at the source.
    pub look_age_seconds: f64,
    /// Keys that are parked, over all its sources. As what follows, it is told with the first of
    /// its sources alone, so that a sum counts it once.
    pub parked_keys: i64,
    /// Events that wait with them, over all its sources.
    pub parked_events: i64,
    /// Commands of a process that are to be sent, parked ones apart.
    pub waiting_commands: i64,
    /// Commands of a process that were refused for good: what follows them in their key waits.
    pub parked_commands: i64,
    /// Timers of a process that are due and have not fired; those of parked keys apart.
    pub due_timers: i64,
    /// What a process asks for again and again because its outcome is not known yet: timers named
    /// [`ASK`].
    pub asking: i64,
    /// Where a rebuild ends.
    pub target: Option<i64>,
    /// The version of its fold.
    pub fold_version: i32,
    /// What keeps it from going on.
    pub error: Option<String>,
}

struct StatusRow {
    projection: String,
    kind: String,
    source: String,
    state: String,
    position: i64,
    head: i64,
    target: Option<i64>,
    fold_version: i32,
    error: Option<String>,
    now: DateTime<Utc>,
    looked_at: DateTime<Utc>,
    complete_at: DateTime<Utc>,
    parked_keys: i64,
    parked_events: i64,
    waiting_commands: i64,
    parked_commands: i64,
    due_timers: i64,
    asking: i64,
}

impl FromRow<'_, PgRow> for StatusRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            projection: row.try_get("projection")?,
            kind: row.try_get("kind")?,
            source: row.try_get("source")?,
            state: row.try_get("state")?,
            position: row.try_get("position")?,
            head: row.try_get("head")?,
            target: row.try_get("target")?,
            fold_version: row.try_get("fold_version")?,
            error: row.try_get("error")?,
            now: row.try_get("now")?,
            looked_at: row.try_get("looked_at")?,
            complete_at: row.try_get("complete_at")?,
            parked_keys: row.try_get("parked_keys")?,
            parked_events: row.try_get("parked_events")?,
            waiting_commands: row.try_get("waiting_commands")?,
            parked_commands: row.try_get("parked_commands")?,
            due_timers: row.try_get("due_timers")?,
            asking: row.try_get("asking")?,
        })
    }
}

impl Checkpoints {
    /// The checkpoints in the schema of the pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Returns when a projection has folded a log up to a position. The caller bounds it by its
    /// deadline.
    pub async fn wait(
        &self,
        projection: &str,
        source: &str,
        position: i64,
    ) -> Result<(), CheckpointError> {
        let began = Instant::now();
        let signals = signals(projection);
        let mut moved = signals.moved.subscribe();
        loop {
            // Seen before the look, so that no move falls between the two.
            moved.borrow_and_update();
            if self.position(projection, source).await? >= position {
                return Ok(());
            }
            signals.wanted.send_modify(|looks| *looks += 1);
            let waited = began.elapsed();
            tokio::time::sleep((waited / 8).min(LONGEST_REST)).await;
            let poll = (waited / 2).clamp(POLL, SLOWEST_POLL);
            let _ = tokio::time::timeout(poll, moved.changed()).await;
        }
    }

    /// Asks a feed for its head and waits until a projection has folded it. What is then not
    /// in the read table does not exist.
    pub async fn catch_up<E>(
        &self,
        projection: &str,
        feed: &(impl Feed<E> + ?Sized),
    ) -> Result<(), CheckpointError> {
        let head = feed.head().await?;
        self.wait(projection, feed.source(), head).await
    }

    /// Where a projection stands in a log, 0 when it has not started.
    ///
    /// Fails with [`CheckpointError::Rebuilding`] while its read tables are offline.
    pub async fn position(&self, projection: &str, source: &str) -> Result<i64, CheckpointError> {
        let row: Option<(String, Option<i64>)> = sqlx::query_as(
            "select p.state, c.position from projections p \
             left join checkpoints c on c.projection = p.projection and c.source = $2 \
             where p.projection = $1",
        )
        .bind(projection)
        .bind(source)
        .fetch_optional(&self.pool)
        .await?;
        match row {
            Some((state, _)) if state == "REBUILDING" => {
                Err(CheckpointError::Rebuilding(projection.to_owned()))
            }
            Some((_, position)) => Ok(position.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// The services whose logs a projection folds; none before it has first run.
    pub async fn sources(&self, projection: &str) -> Result<Vec<String>, CheckpointError> {
        let sources = sqlx::query_scalar("select source from checkpoints where projection = $1");
        Ok(sources.bind(projection).fetch_all(&self.pool).await?)
    }

    /// How many rebuilds of these projections have begun, in all. Rows that were read between two
    /// answers with the same number are of complete tables.
    ///
    /// Fails with [`CheckpointError::Rebuilding`] while read tables of one of them are offline.
    pub async fn rebuilds(&self, projections: &[&str]) -> Result<i64, CheckpointError> {
        let (begun, rebuilding): (i64, Option<String>) = sqlx::query_as(
            "select coalesce(sum(rebuilds), 0)::bigint, \
                    min(projection) filter (where state = 'REBUILDING') \
             from projections where projection = any ($1)",
        )
        .bind(projections)
        .fetch_one(&self.pool)
        .await?;
        rebuilding.map_or(Ok(begun), |name| Err(CheckpointError::Rebuilding(name)))
    }

    /// How far everything has come in each of its sources, by name.
    pub async fn list(&self) -> Result<Vec<ProjectionStatus>, CheckpointError> {
        let rows: Vec<StatusRow> = sqlx::query_as(
            "select p.projection, p.kind, c.source, \
                    case when p.rebuild_requested then 'REBUILDING' else p.state end as state, c.position, c.head, c.target, \
                    p.fold_version, p.error, clock_timestamp() as now, c.looked_at, c.complete_at, \
                    coalesce(n.parked_keys, 0) as parked_keys, coalesce(n.parked_events, 0) as parked_events, \
                    coalesce(n.waiting_commands, 0) as waiting_commands, \
                    coalesce(n.parked_commands, 0) as parked_commands, \
                    coalesce(n.due_timers, 0) as due_timers, coalesce(n.asking, 0) as asking \
             from projections p join checkpoints c using (projection) \
             left join lateral (select \
                    (select count(*) from parked_keys k where k.projection = p.projection) as parked_keys, \
                    (select count(*) from parked_events e where e.projection = p.projection) as parked_events, \
                    (select count(*) from process_outbox o where o.process = p.projection and not o.parked) as waiting_commands, \
                    (select count(*) from process_outbox o where o.process = p.projection and o.parked) as parked_commands, \
                    (select count(*) from process_timers t \
                     where t.process = p.projection and t.due <= clock_timestamp() and not exists ( \
                        select 1 from parked_keys k where k.projection = t.process and k.key = t.key)) as due_timers, \
                    (select count(*) from process_timers t where t.process = p.projection and t.name = $1) as asking \
                where c.source = (select min(m.source) from checkpoints m where m.projection = p.projection) \
             ) n on true \
             order by p.projection, c.source",
        )
        .bind(ASK)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(ProjectionStatus::from).collect())
    }

    /// Asks the running owner of a projection to build its read tables anew. It takes them
    /// offline within a second; `list` shows how it goes on.
    pub async fn request_rebuild(&self, projection: &str) -> Result<(), CheckpointError> {
        let kind: Option<String> = sqlx::query_scalar(
            "update projections set rebuild_requested = (kind = 'PROJECTION') \
             where projection = $1 returning kind",
        )
        .bind(projection)
        .fetch_optional(&self.pool)
        .await?;
        match kind.as_deref() {
            Some("PROJECTION") => Ok(()),
            Some(_) => Err(CheckpointError::NotAProjection(projection.to_owned())),
            None => Err(CheckpointError::Unknown(projection.to_owned())),
        }
    }
}

impl From<StatusRow> for ProjectionStatus {
    fn from(row: StatusRow) -> Self {
        let seconds =
            |since: DateTime<Utc>| (row.now - since).to_std().unwrap_or_default().as_secs_f64();
        let look_age = seconds(row.looked_at);
        let stopped = look_age > SILENCE.as_secs_f64();
        let complete = row.position >= row.head && !stopped && row.error.is_none();
        Self {
            state: match (stopped, row.error.is_some(), row.state.as_str()) {
                (true, _, _) => ProjectionState::Stopped,
                (_, true, _) => ProjectionState::Failing,
                (_, _, "REBUILDING") => ProjectionState::Rebuilding,
                _ => ProjectionState::Live,
            },
            lag_events: (row.head - row.position).max(0),
            lag_seconds: if complete {
                0.0
            } else {
                seconds(row.complete_at)
            },
            look_age_seconds: look_age,
            projection: row.projection,
            kind: row.kind,
            source: row.source,
            position: row.position,
            head: row.head,
            parked_keys: row.parked_keys,
            parked_events: row.parked_events,
            waiting_commands: row.waiting_commands,
            parked_commands: row.parked_commands,
            due_timers: row.due_timers,
            asking: row.asking,
            target: row.target,
            fold_version: row.fold_version,
            error: row.error,
        }
    }
}

/// What those who wait for a projection and those who run it tell each other in this process.
/// It is only a hint to look: projections of one name in several schemas share it.
#[derive(Default)]
struct Signals {
    /// Counts the moves of the checkpoints. Who waits is subscribed to it.
    moved: watch::Sender<u64>,
    /// Counts how often somebody has waited and looked, and the projection was still behind.
    wanted: watch::Sender<u64>,
}

static SIGNALS: LazyLock<Mutex<HashMap<String, Arc<Signals>>>> = LazyLock::new(Mutex::default);

fn signals(projection: &str) -> Arc<Signals> {
    let mut signals = SIGNALS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = signals.get(projection) {
        return Arc::clone(found);
    }
    Arc::clone(signals.entry(projection.to_owned()).or_default())
}

/// Wakes those who wait for a projection.
pub(crate) fn moved(projection: &str) {
    signals(projection).moved.send_modify(|moves| *moves += 1);
}

/// Whether somebody in this process waits for a projection now.
pub(crate) fn awaited(projection: &str) -> bool {
    signals(projection).moved.receiver_count() > 0
}

/// Changes whenever somebody in this process waits for a projection, looks, and it is still behind.
pub(crate) fn wanted(projection: &str) -> watch::Receiver<u64> {
    signals(projection).wanted.subscribe()
}
