//! Group commit: the commands of one process queue up in memory while the batch before them
//! is flushed; one call of `append_batch` appends all of them and answers each.

mod append;
mod batch;
mod flush;
mod lane;

pub(crate) use batch::Digest;

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::{claims::ClaimChange, context::Context, error::LogError};

/// How many commands may wait for their flush before new ones are turned away.
const MAX_WAITING: usize = 65_536;

/// The queue in front of the log, and the task behind it.
pub(crate) struct Journal {
    queue: mpsc::UnboundedSender<Entry>,
    waiting: Arc<AtomicUsize>,
    many: Arc<Notify>,
    committed: watch::Receiver<i64>,
    epoch: watch::Receiver<u64>,
}

/// A chain of decisions on one cached aggregate. When the log refuses one of them, everything
/// that was decided on top of it is void.
#[derive(Debug, Default)]
pub(crate) struct Lineage(AtomicBool);

impl Lineage {
    pub(crate) fn is_void(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn void(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// An aggregate that must stay in the cache.
pub(crate) type Pin = Arc<dyn Any + Send + Sync>;

/// A decided command, ready to be stored.
#[derive(Debug)]
pub(crate) struct Decided {
    pub context: Context,
    pub aggregate_type: &'static str,
    pub aggregate_id: Arc<str>,
    /// Sequence of the first event.
    pub sequence: i64,
    pub events: Vec<NewEvent>,
    pub claims: Vec<ClaimChange>,
    pub reply: Vec<u8>,
}

/// An event that has no position yet.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub id: Uuid,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
}

/// What waits in the queue.
struct Entry {
    what: What,
    lineage: Arc<Lineage>,
    answer: oneshot::Sender<Verdict>,
    /// Keeps the aggregate in the cache until this is answered.
    _pin: Pin,
}

/// What a queued entry asks for.
enum What {
    /// To store a decided command.
    Append(Box<Decided>),
    /// To confirm what was decided without events, and to look up the request id.
    Confirm(Option<Uuid>),
}

impl Entry {
    /// Tells lineages apart while an entry keeps this one alive.
    fn lineage_address(&self) -> usize {
        Arc::as_ptr(&self.lineage).addr()
    }

    fn decided(&self) -> Option<&Decided> {
        match &self.what {
            What::Append(decided) => Some(decided),
            What::Confirm(_) => None,
        }
    }
}

/// What a request id was answered with when it was first seen.
#[derive(Clone, Debug)]
pub(crate) struct FirstAnswer {
    pub position: i64,
    pub fingerprint: Vec<u8>,
    pub reply: Vec<u8>,
}

/// What became of a queued entry.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Durable; the position of its last event.
    Committed(i64),
    /// Nothing was to be stored, everything it was decided on is durable, and no other process
    /// had appended anything up to that epoch. With what the request id was answered before.
    Confirmed {
        epoch: u64,
        position: i64,
        first: Option<FirstAnswer>,
    },
    /// The request id is known.
    Duplicate(FirstAnswer),
    /// Another process wrote to the aggregate; decide again.
    Conflict,
    /// Decided on top of something that was refused; decide again.
    Stale,
    /// Another aggregate has it.
    ClaimTaken {
        scope: String,
        key: String,
    },
    Failed(Arc<LogError>),
}

impl Journal {
    pub(crate) async fn start(pool: PgPool) -> Result<Self, LogError> {
        let head: i64 = sqlx::query_scalar("select position from log_head")
            .fetch_one(&pool)
            .await?;
        let (queue, entries) = mpsc::unbounded_channel();
        let (committed_tx, committed) = watch::channel(head);
        let (epoch_tx, epoch) = watch::channel(0);
        let waiting = Arc::new(AtomicUsize::new(0));
        let many = Arc::new(Notify::new());
        let flusher = flush::Flusher::new(
            pool,
            head,
            committed_tx,
            epoch_tx,
            Arc::clone(&waiting),
            Arc::clone(&many),
        );
        tokio::spawn(flusher.run(entries));
        Ok(Self {
            queue,
            waiting,
            many,
            committed,
            epoch,
        })
    }

    /// Queues a decided command. Never waits, so that deciding and queueing are one step that
    /// no cancellation can cut in two.
    pub(crate) fn submit(
        &self,
        decided: Box<Decided>,
        lineage: &Arc<Lineage>,
        pin: Pin,
    ) -> oneshot::Receiver<Verdict> {
        self.enqueue(What::Append(decided), lineage, pin)
    }

    /// Queues a question: is what this was decided on durable and up to date, and was the
    /// request answered before?
    pub(crate) fn confirm(
        &self,
        request: Option<Uuid>,
        lineage: &Arc<Lineage>,
        pin: Pin,
    ) -> oneshot::Receiver<Verdict> {
        self.enqueue(What::Confirm(request), lineage, pin)
    }

    fn enqueue(&self, what: What, lineage: &Arc<Lineage>, pin: Pin) -> oneshot::Receiver<Verdict> {
        let (answer, verdict) = oneshot::channel();
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        // The task ends only with the last sender; a dropped entry drops its answer, which the
        // waiter sees.
        let _ = self.queue.send(Entry {
            what,
            lineage: Arc::clone(lineage),
            answer,
            _pin: pin,
        });
        if before + 1 == flush::OVERLAP {
            self.many.notify_one();
        }
        verdict
    }

    /// Whether so much waits already that a new command should be turned away.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= MAX_WAITING
    }

    /// Counts how often another process was seen to have appended.
    pub(crate) fn epoch(&self) -> u64 {
        *self.epoch.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.committed.clone()
    }
}
