//! Executing commands on aggregates: a bounded cache of recent ones, and per aggregate a
//! pipeline in which the next command is decided while the last one is still being flushed.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cqrs_es::DomainEvent;
use quick_cache::{DefaultHashBuilder, Lifecycle, UnitWeighter, sync::Cache};
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

use crate::{
    claims::{self, ClaimChange, ClaimingEvent as _},
    context::{Context, RequestKey},
    decide::Decide,
    error::LogError,
    journal::{Decided, FirstAnswer, Lineage, NewEvent, Pin, Verdict},
    log::EventLog,
    snapshot,
};

/// Aggregates of one type that stay in memory.
const CACHED: usize = 10_000;
/// How often a command is decided again because of others before it is given up.
const MAX_ATTEMPTS: usize = 32;

/// The aggregates of one type in one log. Cheap to clone; all repositories of a type and log
/// share one cache.
pub struct Repository<A> {
    log: EventLog,
    cache: Arc<Cells<A>>,
}

impl<A> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            cache: Arc::clone(&self.cache),
        }
    }
}

type Cells<A> = Cache<Arc<str>, Shared<A>, UnitWeighter, DefaultHashBuilder, WhileUsed>;
type Shared<A> = Arc<Mutex<Cell<A>>>;
/// Makes the answer of a command. One type for all commands of an aggregate, so that what executes
/// them is compiled once.
type Reply<'a, A> = &'a (dyn Fn(&A, &[<A as Decide>::Event]) -> Vec<u8> + Sync);

/// Keeps an aggregate in the cache while a command holds it: a second copy, read from the log
/// without what is still on its way there, would be taken for the present one.
#[derive(Clone, Default)]
struct WhileUsed;

impl<A> Lifecycle<Arc<str>, Shared<A>> for WhileUsed {
    type RequestState = ();

    fn is_pinned(&self, _: &Arc<str>, cell: &Shared<A>) -> bool {
        Arc::strong_count(cell) > 1
    }
}

/// One aggregate in memory: everything decided so far, durable or on its way.
struct Cell<A> {
    aggregate: A,
    /// Sequence of the last event in it, 0 for a new aggregate.
    sequence: i64,
    lineage: Arc<Lineage>,
    /// Epoch of the journal before the state was read; `None` when nothing was read yet.
    epoch: Option<u64>,
    /// A chain of decisions that was given up here while some of it may still be on its way to
    /// the log: what is read before that has landed would lack it.
    given_up: Option<Arc<Lineage>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Position of the last event of the command; for a command that changed nothing, a
    /// position at which that was true.
    pub position: i64,
    /// What `reply` made, or what it made when the request id was first seen.
    pub reply: Vec<u8>,
    /// Whether this request id had been answered before.
    pub replayed: bool,
}

/// Why a command was not accepted. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E: Display> {
    /// The aggregate refused, on state that is durable and up to date.
    #[error("{0}")]
    Refused(E),
    /// Another aggregate holds what the command's events claim.
    #[error("{scope} {key} is taken")]
    ClaimTaken { scope: String, key: String },
    /// The request id was used with another request.
    #[error("the request id was used with another request")]
    RequestReused,
    /// Others kept coming first.
    #[error("the command kept colliding with others")]
    Contention,
    /// The log cannot take commands now.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Log(#[from] Arc<LogError>),
}

impl<E: Display> From<LogError> for ExecuteError<E> {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Log(Arc::new(other)),
        }
    }
}

/// What one attempt came to.
enum Attempt {
    Done(Committed),
    Again,
}

impl<A: Decide> Repository<A> {
    /// The repository of this aggregate type in a log.
    pub fn new(log: &EventLog) -> Self {
        Self {
            log: log.clone(),
            cache: log.shared(|| {
                let hasher = DefaultHashBuilder::default();
                Cache::with(CACHED, CACHED as u64, UnitWeighter, hasher, WhileUsed)
            }),
        }
    }

    /// Decides a command on an aggregate, appends what it emits, and waits until that is durable.
    ///
    /// `reply` makes the answer's bytes from the state after the command and its events; they
    /// are stored with the request id. A command without events is already done, which is success.
    ///
    /// Dropping the future is safe at any point: the command is then logged whole or not at all.
    pub async fn execute(
        &self,
        id: &str,
        context: Context,
        command: A::Command,
        reply: impl Fn(&A, &[A::Event]) -> Vec<u8> + Sync,
    ) -> Result<Committed, ExecuteError<A::Error>> {
        self.run(id, false, context, command, &reply).await
    }

    /// The same for an aggregate whose id was made for this command: nothing is loaded.
    pub async fn create(
        &self,
        id: &str,
        context: Context,
        command: A::Command,
        reply: impl Fn(&A, &[A::Event]) -> Vec<u8> + Sync,
    ) -> Result<Committed, ExecuteError<A::Error>> {
        self.run(id, true, context, command, &reply).await
    }

    /// The aggregate as the log has it now; `None` if nothing happened to it.
    pub async fn load(&self, id: &str) -> Result<Option<A>, LogError> {
        let (aggregate, sequence) = snapshot::load::<A>(&self.log, id).await?;
        Ok((sequence > 0).then_some(aggregate))
    }

    async fn run(
        &self,
        id: &str,
        fresh: bool,
        context: Context,
        command: A::Command,
        reply: Reply<'_, A>,
    ) -> Result<Committed, ExecuteError<A::Error>> {
        let id: Arc<str> = id.into();
        for attempt in 0..MAX_ATTEMPTS {
            if self.log.journal().is_full() {
                return Err(ExecuteError::Unavailable(
                    "too many commands are waiting".to_owned(),
                ));
            }
            let fresh = fresh && attempt == 0;
            match self
                .attempt(&id, fresh, &context, command.clone(), reply)
                .await?
            {
                Attempt::Done(committed) => return Ok(committed),
                Attempt::Again => tracing::debug!(aggregate.id = %id, attempt, "deciding again"),
            }
        }
        Err(ExecuteError::Contention)
    }

    async fn attempt(
        &self,
        id: &Arc<str>,
        fresh: bool,
        context: &Context,
        command: A::Command,
        reply: Reply<'_, A>,
    ) -> Result<Attempt, ExecuteError<A::Error>> {
        let shared = self.cell(id);
        let mut cell = shared.lock().await;
        let was_read = cell.refresh(&self.log, id, fresh, &shared).await?;
        let state = State {
            was_read,
            epoch: cell.epoch,
        };
        let decision = cell.decide(id, context, command, reply)?;
        let journal = self.log.journal();
        let pin: Pin = shared.clone();
        let request = context.request.map(|request| request.id);
        match decision {
            Decision::Refused(error) => {
                let answer = journal.confirm(request, &cell.lineage, pin);
                drop(cell);
                match self
                    .confirmed(&shared, state, context, answer.await)
                    .await?
                {
                    Confirmation::First(first) => Ok(Attempt::Done(first)),
                    Confirmation::At(_) => Err(ExecuteError::Refused(error)),
                    Confirmation::Outdated => Ok(Attempt::Again),
                }
            }
            Decision::Nothing(reply) => {
                let answer = journal.confirm(request, &cell.lineage, pin);
                drop(cell);
                match self
                    .confirmed(&shared, state, context, answer.await)
                    .await?
                {
                    Confirmation::First(first) => Ok(Attempt::Done(first)),
                    Confirmation::At(position) => Ok(Attempt::Done(Committed {
                        position,
                        reply,
                        replayed: false,
                    })),
                    Confirmation::Outdated => Ok(Attempt::Again),
                }
            }
            Decision::Events {
                decided,
                reply,
                snapshot,
            } => {
                let answer = journal.submit(decided, &cell.lineage, pin);
                drop(cell);
                let verdict = answer.await;
                if let (Ok(Verdict::Committed(_)), Some(snapshot)) = (&verdict, snapshot) {
                    snapshot.store(&self.log);
                }
                settle(verdict, context.request, reply)
            }
        }
    }

    fn cell(&self, id: &Arc<str>) -> Shared<A> {
        let made: Result<_, std::convert::Infallible> = self
            .cache
            .get_or_insert_with(id, || Ok(Arc::new(Mutex::new(Cell::unread()))));
        match made {
            Ok(cell) => cell,
            Err(never) => match never {},
        }
    }

    /// What the journal says of a decision without events. One that was made on old state is
    /// made again on what is new.
    async fn confirmed(
        &self,
        shared: &Shared<A>,
        state: State,
        context: &Context,
        verdict: Result<Verdict, oneshot::error::RecvError>,
    ) -> Result<Confirmation, ExecuteError<A::Error>> {
        match verdict {
            Ok(Verdict::Confirmed {
                first: Some(first), ..
            }) => known(context.request, first).map(Confirmation::First),
            Ok(Verdict::Confirmed {
                epoch: now,
                position,
                ..
            }) if state.was_read || Some(now) == state.epoch => Ok(Confirmation::At(position)),
            Ok(Verdict::Confirmed { .. } | Verdict::Stale) => {
                let mut cell = shared.lock().await;
                if cell.epoch == state.epoch {
                    cell.epoch = None;
                }
                Ok(Confirmation::Outdated)
            }
            Ok(Verdict::Failed(error)) => Err(failed(error)),
            _ => Err(ExecuteError::Unavailable(STOPPED.to_owned())),
        }
    }
}

/// What a decision was made on.
#[derive(Clone, Copy)]
struct State {
    /// Read from the log after the command had come: others cannot have come first.
    was_read: bool,
    /// Epoch of the journal before it was read.
    epoch: Option<u64>,
}

/// What became of a decision without events.
enum Confirmation {
    /// The request was answered before.
    First(Committed),
    /// It stands, at this position.
    At(i64),
    /// It has to be made again.
    Outdated,
}

const STOPPED: &str = "the journal has stopped";

/// What an aggregate made of a command.
enum Decision<E> {
    Refused(E),
    Nothing(Vec<u8>),
    Events {
        decided: Box<Decided>,
        reply: Vec<u8>,
        snapshot: Option<snapshot::Pending>,
    },
}

impl<A: Decide> Cell<A> {
    fn unread() -> Self {
        Self {
            aggregate: A::default(),
            sequence: 0,
            lineage: Arc::default(),
            epoch: None,
            given_up: None,
        }
    }

    /// Forgets a state that may hold what is not in the log.
    fn give_up(&mut self) {
        let lineage = std::mem::take(&mut self.lineage);
        *self = Self {
            given_up: Some(lineage),
            ..Self::unread()
        };
    }

    /// Makes the state current as far as this process can know: reads the aggregate when it was
    /// not read yet or its lineage is void, and only what is new when other processes have written.
    /// Says whether it was read now.
    async fn refresh(
        &mut self,
        log: &EventLog,
        id: &str,
        fresh: bool,
        shared: &Shared<A>,
    ) -> Result<bool, LogError> {
        if self.lineage.is_void() {
            *self = Self::unread();
        }
        if let Some(lineage) = &self.given_up {
            // Whatever the answer is, everything of that lineage has landed before it.
            let _ = log.journal().confirm(None, lineage, shared.clone()).await;
            self.given_up = None;
        }
        if self.epoch.is_some() {
            return Ok(false);
        }
        let epoch = log.journal().epoch();
        if self.sequence > 0 {
            for event in log.read_aggregate(A::TYPE, id, self.sequence).await? {
                self.aggregate.apply(event.decode()?);
                self.sequence = event.sequence;
            }
        } else if !fresh {
            (self.aggregate, self.sequence) = snapshot::load::<A>(log, id).await?;
        }
        self.epoch = Some(epoch);
        Ok(true)
    }

    /// Lets the aggregate decide, and applies what follows. There is no await in it, so that no
    /// cancellation finds a state that has changed without its events being queued.
    fn decide(
        &mut self,
        id: &Arc<str>,
        context: &Context,
        command: A::Command,
        reply: Reply<'_, A>,
    ) -> Result<Decision<A::Error>, LogError> {
        let aggregate = &mut self.aggregate;
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let events = aggregate.decide(command)?;
            for event in &events {
                aggregate.apply(event.clone());
            }
            let reply = reply(aggregate, &events);
            Ok((events, reply))
        }));
        let recorded = match decided {
            Ok(Err(error)) => return Ok(Decision::Refused(error)),
            Ok(Ok((events, reply))) if events.is_empty() => return Ok(Decision::Nothing(reply)),
            Ok(Ok((events, reply))) => self.record(id, context, &events, reply),
            // What it had applied by then goes with the state.
            Err(_) => Err(LogError::Unstorable(format!("{} panicked", A::TYPE))),
        };
        if recorded.is_err() {
            self.give_up();
        }
        recorded
    }

    fn record(
        &mut self,
        id: &Arc<str>,
        context: &Context,
        events: &[A::Event],
        reply: Vec<u8>,
    ) -> Result<Decision<A::Error>, LogError> {
        let claims = claims::settled(events.iter().flat_map(|event| event.claims(id)));
        check_claims(&claims)?;
        let decided = Box::new(Decided {
            context: context.clone(),
            aggregate_type: A::TYPE,
            aggregate_id: Arc::clone(id),
            sequence: self.sequence + 1,
            events: events.iter().map(encode).collect::<Result<_, _>>()?,
            claims,
            reply: reply.clone(),
        });
        let before = self.sequence;
        self.sequence += i64::try_from(events.len()).unwrap_or(i64::MAX);
        let snapshot = snapshot::due::<A>(id, before, self.sequence, &self.aggregate)?;
        Ok(Decision::Events {
            decided,
            reply,
            snapshot,
        })
    }
}

fn encode<E: DomainEvent>(event: &E) -> Result<NewEvent, LogError> {
    Ok(NewEvent {
        id: Uuid::now_v7(),
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_string(event)
            .map_err(|error| LogError::Unstorable(error.to_string()))?,
    })
}

/// One command may give a claim back and take one that overlaps it, but not take two that
/// exclude each other.
fn check_claims(claims: &[ClaimChange]) -> Result<(), LogError> {
    for (index, change) in claims.iter().enumerate() {
        let Some(claim) = change.claim() else {
            continue;
        };
        if let Some((from, to)) = claim.bounds()
            && from >= to
        {
            return Err(LogError::Unstorable(format!("{claim:?} is empty")));
        }
        let mut before = claims[..index].iter().filter_map(ClaimChange::acquired);
        if change.acquired().is_some() && before.any(|other| other.collides(claim)) {
            return Err(LogError::Unstorable(format!("{claim:?} is claimed twice")));
        }
    }
    Ok(())
}

fn settle<E: Display>(
    verdict: Result<Verdict, oneshot::error::RecvError>,
    request: Option<RequestKey>,
    reply: Vec<u8>,
) -> Result<Attempt, ExecuteError<E>> {
    match verdict {
        Ok(Verdict::Committed(position)) => Ok(Attempt::Done(Committed {
            position,
            reply,
            replayed: false,
        })),
        Ok(Verdict::Duplicate(first)) => known(request, first).map(Attempt::Done),
        Ok(Verdict::Conflict | Verdict::Stale) => Ok(Attempt::Again),
        Ok(Verdict::ClaimTaken { scope, key }) => Err(ExecuteError::ClaimTaken { scope, key }),
        Ok(Verdict::Failed(error)) => Err(failed(error)),
        Ok(Verdict::Confirmed { .. }) | Err(_) => {
            Err(ExecuteError::Unavailable(STOPPED.to_owned()))
        }
    }
}

/// The first answer, if the request is the same as then.
fn known<E: Display>(
    request: Option<RequestKey>,
    first: FirstAnswer,
) -> Result<Committed, ExecuteError<E>> {
    if request.is_some_and(|request| first.fingerprint == request.fingerprint) {
        Ok(Committed {
            position: first.position,
            reply: first.reply,
            replayed: true,
        })
    } else {
        Err(ExecuteError::RequestReused)
    }
}

fn failed<E: Display>(error: Arc<LogError>) -> ExecuteError<E> {
    match &*error {
        LogError::Unavailable(reason) => ExecuteError::Unavailable(reason.clone()),
        _ => ExecuteError::Log(error),
    }
}
