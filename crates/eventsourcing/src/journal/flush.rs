//! The task that flushes batches.
//!
//! While one batch is being appended the next is gathered. When so many commands wait that the
//! database would stand still between the two, the next is sent already: it waits in the
//! database for the lock of the log. Nothing that depends on a batch under way is sent with it.

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use super::{
    Entry, Lineage, Verdict, What, batch,
    lane::{Lane, Stretch},
};

/// From so many waiting commands on, a batch is sent before the one ahead of it has landed.
pub(super) const OVERLAP: usize = 128;

pub(super) struct Flusher {
    pool: PgPool,
    idle: Vec<Lane>,
    /// Batches under way, the oldest first.
    appending: FuturesOrdered<BoxFuture<'static, Option<Landed>>>,
    flights: VecDeque<Flight>,
    /// What waits for a batch.
    queue: VecDeque<Entry>,
    /// How many of them are confirmations.
    questions: usize,
    /// Nothing that waits can be sent beside what is under way.
    blocked: bool,
    /// Head of the log as this process last saw it.
    head: i64,
    committed: watch::Sender<i64>,
    epoch: watch::Sender<u64>,
    waiting: Arc<AtomicUsize>,
    /// Told when [`OVERLAP`] entries wait.
    many: Arc<Notify>,
}

/// How often those who were just answered are let run, to queue their next commands, before a
/// batch without them is sent.
const GATHERING: usize = 16;

/// What belongs to a batch under way.
struct Flight {
    /// Answered when it has landed.
    confirmations: Vec<Entry>,
    /// The lineages in it, by address.
    lineages: HashMap<usize, Arc<Lineage>>,
}

/// A batch that was appended.
struct Landed {
    lane: Lane,
    commands: Vec<Entry>,
    verdicts: Vec<Verdict>,
    stretches: Vec<Stretch>,
}

impl Flusher {
    pub(super) fn new(
        pool: PgPool,
        head: i64,
        committed: watch::Sender<i64>,
        epoch: watch::Sender<u64>,
        waiting: Arc<AtomicUsize>,
        many: Arc<Notify>,
    ) -> Self {
        Self {
            pool,
            idle: Vec::new(),
            appending: FuturesOrdered::new(),
            flights: VecDeque::new(),
            queue: VecDeque::new(),
            questions: 0,
            blocked: false,
            head,
            committed,
            epoch,
            waiting,
            many,
        }
    }

    /// Flushes until the last journal handle is gone and everything is answered.
    pub(super) async fn run(mut self, mut entries: mpsc::UnboundedReceiver<Entry>) {
        let mut arrived = Vec::new();
        let mut open = true;
        while open || !self.queue.is_empty() || !self.flights.is_empty() {
            while let Ok(entry) = entries.try_recv() {
                arrived.push(entry);
            }
            self.enqueue(&mut arrived);
            if self.may_start() {
                if self.start() {
                    continue;
                }
                // Everything that waits depends on what is under way: not before that has landed.
                self.blocked = !self.flights.is_empty();
            }
            if self.flights.is_empty() {
                if self.queue.is_empty() {
                    open = entries.recv_many(&mut arrived, usize::MAX).await > 0;
                }
                continue;
            }
            // Not woken by each arrival: only a batch that lands, or many that wait, matter now.
            tokio::select! {
                Some(landed) = self.appending.next() => {
                    let answered = self.land(landed).await;
                    if self.flights.is_empty() {
                        gather(&mut entries, &mut arrived, answered).await;
                    }
                }
                () = self.many.notified() => {}
            }
        }
    }

    fn enqueue(&mut self, arrived: &mut Vec<Entry>) {
        self.questions += arrived.iter().filter(|e| e.decided().is_none()).count();
        self.queue.extend(arrived.drain(..));
    }

    /// A second batch goes out only for many commands, and never beside a question: its answer
    /// would take what the other batch appends for the doing of another process.
    fn may_start(&self) -> bool {
        match self.flights.len() {
            0 => !self.queue.is_empty(),
            1 => {
                !self.blocked
                    && self.queue.len() >= OVERLAP
                    && self.questions == 0
                    && self.flights[0].confirmations.is_empty()
            }
            _ => false,
        }
    }

    /// Sends the next batch; says whether there was anything that may go now.
    fn start(&mut self) -> bool {
        let flights = &self.flights;
        let is_busy = |entry: &Entry| {
            flights
                .iter()
                .any(|flight| flight.lineages.contains_key(&entry.lineage_address()))
        };
        let entries = batch::take(&mut self.queue, is_busy);
        self.waiting.fetch_sub(entries.len(), Ordering::Relaxed);
        let (commands, confirmations): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry.decided().is_some());
        self.questions -= confirmations.len();
        let (commands, void): (Vec<_>, Vec<_>) = commands
            .into_iter()
            .partition(|entry| !entry.lineage.is_void());
        for entry in void {
            settle(entry, Verdict::Stale);
        }
        if commands.is_empty() && confirmations.is_empty() {
            return false;
        }
        let lineages = commands
            .iter()
            .map(|entry| (entry.lineage_address(), Arc::clone(&entry.lineage)))
            .collect();
        let mut lane = self
            .idle
            .pop()
            .unwrap_or_else(|| Lane::new(self.pool.clone()));
        let append = async move {
            let (verdicts, stretches) = if commands.is_empty() {
                (Vec::new(), Vec::new())
            } else {
                lane.append(&commands).await
            };
            Landed {
                lane,
                commands,
                verdicts,
                stretches,
            }
        };
        // A defect in it must not take the journal with it.
        let append = AssertUnwindSafe(append).catch_unwind().map(Result::ok);
        self.appending.push_back(append.boxed());
        self.flights.push_back(Flight {
            confirmations,
            lineages,
        });
        true
    }

    /// Answers everybody in the oldest batch; says how many.
    async fn land(&mut self, landed: Option<Landed>) -> usize {
        let Some(flight) = self.flights.pop_front() else {
            return 0;
        };
        let answered = flight.confirmations.len();
        self.blocked = false;
        let Some(Landed {
            mut lane,
            commands,
            verdicts,
            stretches,
        }) = landed
        else {
            // Its entries are gone with it, and with them their answers: the waiters see that.
            tracing::error!("a batch was lost by a defect");
            flight.lineages.values().for_each(|lineage| lineage.void());
            return answered;
        };
        let answered = answered + commands.len();
        for stretch in stretches {
            self.seen(stretch.previous);
            self.advance(stretch.last);
        }
        let appended = !commands.is_empty();
        for (entry, verdict) in commands.into_iter().zip(verdicts) {
            settle(entry, verdict);
        }
        if !flight.confirmations.is_empty() {
            self.confirm(&mut lane, flight.confirmations, appended)
                .await;
        }
        self.idle.push(lane);
        answered
    }

    /// Answers what was decided without events, with one look at the log for all of it.
    async fn confirm(&mut self, lane: &mut Lane, confirmations: Vec<Entry>, appended: bool) {
        let requests: Vec<Uuid> = confirmations
            .iter()
            .filter_map(|entry| match entry.what {
                What::Confirm(request) => request,
                What::Append(_) => None,
            })
            .collect();
        // An append has just looked at the head.
        let mut known = HashMap::new();
        if !appended || !requests.is_empty() {
            let (head, answers) = lane.look(&requests).await;
            self.seen(head);
            self.advance(head);
            known = answers;
        }
        let (epoch, position) = (*self.epoch.borrow(), self.head);
        for entry in confirmations {
            let first = match entry.what {
                What::Confirm(Some(request)) => known.get(&request).cloned(),
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

    /// Notes that another process has appended, if the log is not where this one left it.
    fn seen(&mut self, position: i64) {
        if position != self.head {
            self.epoch.send_modify(|epoch| *epoch += 1);
            self.head = self.head.max(position);
        }
    }

    fn advance(&mut self, position: i64) {
        self.head = self.head.max(position);
        self.committed.send_if_modified(|committed| {
            let moved = position > *committed;
            *committed = position.max(*committed);
            moved
        });
    }
}

/// Lets those who were just answered queue their next commands: one large batch is cheaper than
/// two small ones that take turns. Ends when all have, or nobody came any more.
async fn gather(
    entries: &mut mpsc::UnboundedReceiver<Entry>,
    arrived: &mut Vec<Entry>,
    answered: usize,
) {
    for _ in 0..GATHERING {
        let before = arrived.len();
        tokio::task::yield_now().await;
        while let Ok(entry) = entries.try_recv() {
            arrived.push(entry);
        }
        if arrived.len() >= answered || arrived.len() == before {
            return;
        }
    }
}

/// Answers an entry. A refusal voids everything decided on top of it.
fn settle(entry: Entry, verdict: Verdict) {
    if !matches!(verdict, Verdict::Committed(_) | Verdict::Confirmed { .. }) {
        entry.lineage.void();
    }
    // A caller that has gone no longer needs the answer; the command stands or falls without it.
    let _ = entry.answer.send(verdict);
}
