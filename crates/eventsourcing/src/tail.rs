//! The newest events of a service's own log, read once for everybody who follows it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{EventLog, LogError, RecordedEvent};

/// How often the log is looked at for what other processes append.
const POLL: Duration = Duration::from_millis(50);
/// A reader looks by itself after so long.
const LOOK: Duration = Duration::from_secs(1);
/// How much of the log is kept in memory.
const KEPT_EVENTS: usize = 4_096;
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// What this process knows of the end of a log. All readers of the log share it.
pub(crate) struct Tail {
    head: watch::Sender<i64>,
    kept: Mutex<Kept>,
    /// Held by the one that reads for the others.
    reading: tokio::sync::Mutex<()>,
    _watcher: DropGuard,
}

/// The stretch `(floor, last]` of the log, complete.
#[derive(Default)]
struct Kept {
    floor: i64,
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
}

impl Tail {
    /// The tail of a log. Starts to watch its head.
    pub fn of(log: &EventLog) -> Arc<Self> {
        log.shared(|| {
            let head = watch::Sender::new(0);
            let stop = CancellationToken::new();
            let (pool, committed) = (log.pool().clone(), log.subscribe());
            tokio::spawn(watch_head(pool, committed, head.clone(), stop.clone()));
            Self {
                head,
                kept: Mutex::default(),
                reading: tokio::sync::Mutex::default(),
                _watcher: stop.drop_guard(),
            }
        })
    }

    /// Returns when the log has more than a position, or after a second.
    pub async fn beyond(&self, position: i64) {
        let mut head = self.head.subscribe();
        let more = head.wait_for(|head| *head > position);
        let _ = tokio::time::timeout(LOOK, more).await;
    }

    /// The last position of the log now.
    pub async fn head(&self, log: &EventLog) -> Result<i64, LogError> {
        let head = log.head().await?;
        self.kept().ends_at(head);
        Ok(head)
    }

    /// At most `limit` events after a position: those before the first that cannot be brought to
    /// its present version. Fails when that is the next.
    ///
    /// Of several readers at the end of the log one reads and the others take what it has read. A
    /// reader that is far behind reads for itself.
    pub async fn read(
        &self,
        log: &EventLog,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        if self.head.borrow().saturating_sub(after) > limit {
            let events = read_up_to_undecodable(log, after, limit).await?;
            return Ok(events.into_iter().map(Arc::new).collect());
        }
        if let Some(events) = self.kept().after(after, limit) {
            return Ok(events);
        }
        let _reading = self.reading.lock().await;
        // Somebody may have read it meanwhile.
        if let Some(events) = self.kept().after(after, limit) {
            return Ok(events);
        }
        let events: Vec<_> = read_up_to_undecodable(log, after, limit)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect();
        self.kept().keep(after, &events);
        Ok(events)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn last(&self) -> i64 {
        self.events
            .back()
            .map_or(self.floor, |event| event.position)
    }

    /// What follows a position, `None` when the log has to be asked.
    fn after(&self, position: i64, limit: i64) -> Option<Vec<Arc<RecordedEvent>>> {
        if position < self.floor || position >= self.last() {
            return None;
        }
        let first = usize::try_from(position - self.floor).ok()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Some(
            self.events
                .iter()
                .skip(first)
                .take(limit)
                .cloned()
                .collect(),
        )
    }

    /// Forgets everything if the log ends before what is kept: it was restored from a backup.
    fn ends_at(&mut self, head: i64) {
        if head < self.last() {
            *self = Self::default();
        }
    }

    /// Takes what was read after a position. What does not follow begins a new stretch.
    fn keep(&mut self, after: i64, events: &[Arc<RecordedEvent>]) {
        let last = self.last();
        if events.last().is_none_or(|event| event.position <= last) {
            return;
        }
        if after < self.floor || after > last {
            *self = Self {
                floor: after,
                ..Self::default()
            };
        }
        let last = self.last();
        for event in events.iter().filter(|event| event.position > last) {
            self.bytes += event.payload.len();
            self.events.push_back(Arc::clone(event));
        }
        while self.events.len() > KEPT_EVENTS || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= oldest.payload.len();
            self.floor = oldest.position;
        }
    }
}

async fn watch_head(
    pool: PgPool,
    mut committed: watch::Receiver<i64>,
    known: watch::Sender<i64>,
    stop: CancellationToken,
) {
    let mut appending = true;
    loop {
        let own = tokio::select! {
            () = stop.cancelled() => return,
            changed = committed.changed(), if appending => {
                // Without a journal nothing is appended here any more; others may.
                appending = changed.is_ok();
                *committed.borrow_and_update()
            }
            () = tokio::time::sleep(POLL) => 0,
        };
        let head = if own > 0 {
            own
        } else {
            sqlx::query_scalar("select position from log_head")
                .fetch_one(&pool)
                .await
                .unwrap_or(0)
        };
        known.send_if_modified(|known| {
            let more = head > *known;
            *known = (*known).max(head);
            more
        });
    }
}

/// At most `limit` events after a position: those before the first that cannot be brought to its
/// present version. Fails when that is the next.
pub(crate) async fn read_up_to_undecodable(
    log: &EventLog,
    after: i64,
    limit: i64,
) -> Result<Vec<RecordedEvent>, LogError> {
    match log.read(after, limit).await {
        Err(LogError::Decode(error)) if error.position > after + 1 => {
            log.read(after, error.position - after - 1).await
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn events(positions: std::ops::RangeInclusive<i64>, bytes: usize) -> Vec<Arc<RecordedEvent>> {
        positions
            .map(|position| {
                Arc::new(RecordedEvent {
                    position,
                    event_id: Uuid::nil(),
                    recorded_at: DateTime::UNIX_EPOCH,
                    aggregate_type: "account".to_owned(),
                    aggregate_id: "a".to_owned(),
                    sequence: position,
                    event_type: "Opened".to_owned(),
                    event_version: "1".to_owned(),
                    payload: "x".repeat(bytes),
                    command_id: Uuid::nil(),
                    actor: "somebody".to_owned(),
                    correlation_id: Uuid::nil(),
                    causation_id: None,
                    trace_context: None,
                })
            })
            .collect()
    }

    fn after(kept: &Kept, position: i64, limit: i64) -> Option<Vec<i64>> {
        let events = kept.after(position, limit)?;
        Some(events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn a_reader_gets_what_follows_its_position() {
        let mut kept = Kept::default();
        kept.keep(3, &events(4..=6, 1));
        kept.keep(6, &events(7..=8, 1));
        assert_eq!(after(&kept, 3, 10), Some(vec![4, 5, 6, 7, 8]));
        assert_eq!(after(&kept, 5, 2), Some(vec![6, 7]));
        assert_eq!(after(&kept, 7, 10), Some(vec![8]));
    }

    #[test]
    fn the_log_is_asked_for_what_is_not_known() {
        let mut kept = Kept::default();
        assert_eq!(after(&kept, 0, 10), None);
        kept.keep(3, &events(4..=6, 1));
        assert_eq!(after(&kept, 2, 10), None);
        assert_eq!(after(&kept, 6, 10), None);
        assert_eq!(after(&kept, 9, 10), None);
    }

    #[test]
    fn what_overlaps_is_kept_once() {
        let mut kept = Kept::default();
        kept.keep(3, &events(4..=6, 1));
        kept.keep(4, &events(5..=8, 1));
        kept.keep(4, &events(5..=7, 1));
        assert_eq!(after(&kept, 3, 10), Some(vec![4, 5, 6, 7, 8]));
        assert_eq!(kept.bytes, 5);
    }

    #[test]
    fn what_leaves_a_gap_begins_a_new_stretch() {
        let mut kept = Kept::default();
        kept.keep(3, &events(4..=6, 1));
        kept.keep(7, &events(8..=9, 1));
        assert_eq!(after(&kept, 5, 10), None);
        assert_eq!(after(&kept, 7, 10), Some(vec![8, 9]));
        // From before the stretch to behind its end.
        kept.keep(2, &events(3..=10, 1));
        assert_eq!(after(&kept, 2, 2), Some(vec![3, 4]));
        assert_eq!(kept.bytes, 8);
    }

    #[test]
    fn a_log_that_has_become_shorter_is_read_again() {
        let mut kept = Kept::default();
        kept.keep(3, &events(4..=6, 1));
        kept.ends_at(6);
        assert_eq!(after(&kept, 4, 10), Some(vec![5, 6]));
        kept.ends_at(5);
        assert_eq!(after(&kept, 4, 10), None);
    }

    #[test]
    fn the_oldest_are_let_go() {
        let mut kept = Kept::default();
        kept.keep(0, &events(1..=5_000, 1));
        assert_eq!(after(&kept, 903, 10), None);
        assert_eq!(after(&kept, 904, 1), Some(vec![905]));
        kept.keep(5_000, &events(5_001..=5_005, 1024 * 1024));
        assert_eq!(after(&kept, 5_000, 10), None);
        assert_eq!(after(&kept, 5_001, 1), Some(vec![5_002]));
    }
}
