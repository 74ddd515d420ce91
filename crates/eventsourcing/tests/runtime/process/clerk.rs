//! A process and the office that its commands go to.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use chrono::{TimeDelta, Utc};
use contracts_core::Rpc;
use eventsourcing::{
    Checkpoints, Delivered, Effect, Input, Outbox, Process, ProcessRunner, ProjectionStatus,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::{Barrier, watch};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{NamedService, UnaryService},
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::{
    accounts::{Fixture, Note},
    network::{Served, bus, serve},
};

/// Reports every credit, and reminds when asked to.
#[derive(Default)]
pub struct Clerk {
    mended: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Ledger {
    total: i64,
}

impl Clerk {
    pub const REMIND_AT_ONCE: i64 = -1;
    pub const REMIND_SOON: i64 = -2;
    pub const FORGET: i64 = -3;
}

impl Process for Clerk {
    const NAME: &'static str = "clerk";
    type Event = Note;
    type State = Ledger;

    fn key(&self, event: &Delivered<Note>) -> Option<String> {
        (!matches!(event.event, Note::Private)).then(|| event.aggregate_id.clone())
    }

    fn react(&self, ledger: &mut Ledger, input: Input<'_, Note>) -> Vec<Effect> {
        let event = match input {
            Input::Timer { name, .. } => return vec![tell(name.to_owned())],
            Input::Event(event) => event,
        };
        let account = &event.aggregate_id;
        match event.event {
            Note::Credited {
                amount: Self::REMIND_AT_ONCE,
            } => vec![Effect::SetTimer {
                name: "remind",
                due: event.recorded_at,
            }],
            Note::Credited {
                amount: Self::REMIND_SOON,
            } => vec![Effect::SetTimer {
                name: "remind",
                due: Utc::now() + TimeDelta::milliseconds(200),
            }],
            Note::Credited {
                amount: Self::FORGET,
            } => vec![Effect::ClearTimer { name: "remind" }],
            Note::Credited { amount } => {
                ledger.total += amount;
                vec![tell(format!("credit {amount} to {account}"))]
            }
            Note::Closed => vec![Effect::Done],
            Note::Panics if !self.mended => panic!("the clerk panics"),
            _ => vec![],
        }
    }
}

fn tell(what: String) -> Effect {
    Effect::send(|request_id| Tell { request_id, what })
}

impl Rpc for Tell {
    const SERVICE: &'static str = "office";
    const PATH: &'static str = "/test.Office/Tell";
    type Answer = ();
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Tell {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(string, tag = "2")]
    what: String,
}

/// What has arrived at the office.
#[derive(Clone, Debug)]
pub struct Received {
    pub request_id: String,
    pub what: String,
    pub authorization: String,
    pub correlation_id: String,
    pub causation_id: String,
    pub traceparent: String,
    pub timeout: bool,
}

/// A bank with a clerk, and a server that takes what it sends.
pub struct Office {
    pub bank: Fixture,
    desk: Desk,
    served: Served,
}

#[derive(Clone)]
struct Desk {
    received: Arc<Mutex<Vec<Received>>>,
    refusals: Arc<Mutex<VecDeque<Status>>>,
    done: watch::Sender<Vec<Received>>,
    /// Commands are answered when so many have come.
    together: Option<Arc<Barrier>>,
}

impl Office {
    pub async fn open() -> Self {
        Self::opened(None).await
    }

    /// That answers when so many commands have come.
    pub async fn answering_together(commands: usize) -> Self {
        Self::opened(Some(Arc::new(Barrier::new(commands)))).await
    }

    async fn opened(together: Option<Arc<Barrier>>) -> Self {
        let desk = Desk {
            received: Arc::default(),
            refusals: Arc::default(),
            done: watch::Sender::new(Vec::new()),
            together,
        };
        Self {
            bank: Fixture::new().await,
            served: serve(desk.clone()).await,
            desk,
        }
    }

    pub fn pool(&self) -> PgPool {
        self.bank.pool()
    }

    pub fn runner(&self) -> ProcessRunner<Clerk> {
        self.runner_of(Clerk::default(), self.pool())
    }

    /// On so many connections.
    pub async fn runner_on(&self, connections: u32) -> ProcessRunner<Clerk> {
        let pool = self.bank.database.pool_of(connections).await;
        self.runner_of(Clerk::default(), pool)
    }

    pub fn mended_runner(&self) -> ProcessRunner<Clerk> {
        self.runner_of(Clerk { mended: true }, self.pool())
    }

    fn runner_of(&self, clerk: Clerk, pool: PgPool) -> ProcessRunner<Clerk> {
        let feeds = vec![self.bank.feed("bank")];
        ProcessRunner::new(clerk, pool, feeds, bus("office", self.served.address))
    }

    /// The next commands are answered with these.
    pub fn refuse(&self, statuses: impl IntoIterator<Item = Status>) {
        self.desk.refusals.lock().unwrap().extend(statuses);
    }

    pub fn received(&self) -> Vec<Received> {
        self.desk.received.lock().unwrap().clone()
    }

    /// The commands that had an effect, each request id once.
    pub fn done(&self) -> Vec<String> {
        self.desk
            .done
            .borrow()
            .iter()
            .map(|command| command.what.clone())
            .collect()
    }

    pub async fn until_done(&self, commands: usize) {
        let mut done = self.desk.done.subscribe();
        done.wait_for(|done| done.len() >= commands).await.unwrap();
    }

    /// Commands that wait, and those of them that are parked.
    pub async fn waiting(&self) -> (i64, i64) {
        Outbox::new(self.pool()).counts().await.unwrap()
    }

    /// The clerk as an operator sees it.
    pub async fn status(&self) -> ProjectionStatus {
        let checkpoints = Checkpoints::new(self.pool());
        checkpoints.list().await.unwrap().remove(0)
    }

    /// All pauses and leases are over.
    pub async fn hurry(&self) {
        self.bank
            .execute("update process_outbox set next_at = clock_timestamp()")
            .await;
    }

    pub async fn instances(&self) -> Vec<String> {
        sqlx::query_scalar("select key from process_instances order by key")
            .fetch_all(&self.pool())
            .await
            .unwrap()
    }

    pub async fn total_of(&self, key: &str) -> i64 {
        sqlx::query_scalar("select (state->>'total')::bigint from process_instances where key = $1")
            .bind(key)
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }

    /// Event id and correlation id of a position of the log.
    pub async fn ids_at(&self, position: i64) -> (String, String) {
        let event = self.bank.log.read(position - 1, 1).await.unwrap().remove(0);
        (event.event_id.to_string(), event.correlation_id.to_string())
    }
}

impl Desk {
    fn take(&self, request: &Request<Tell>) -> Result<Response<Tell>, Status> {
        let text = |name: &str| {
            let value = request.metadata().get(name);
            value
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        let Tell { request_id, what } = request.get_ref().clone();
        Uuid::parse_str(&request_id).unwrap();
        let received = Received {
            request_id,
            what,
            authorization: text("authorization"),
            correlation_id: text("x-correlation-id"),
            causation_id: text("x-causation-id"),
            traceparent: text("traceparent"),
            timeout: !text("grpc-timeout").is_empty(),
        };
        self.received.lock().unwrap().push(received.clone());
        if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
            return Err(refusal);
        }
        self.done.send_modify(|done| {
            let known: HashSet<&str> = done
                .iter()
                .map(|command| command.request_id.as_str())
                .collect();
            if !known.contains(received.request_id.as_str()) {
                done.push(received);
            }
        });
        Ok(Response::new(Tell::default()))
    }
}

impl UnaryService<Tell> for Desk {
    type Response = Tell;
    type Future = std::future::Ready<Result<Response<Tell>, Status>>;

    fn call(&mut self, request: Request<Tell>) -> Self::Future {
        std::future::ready(self.take(&request))
    }
}

impl NamedService for Desk {
    const NAME: &'static str = "test.Office";
}

impl Service<http::Request<Body>> for Desk {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let desk = self.clone();
        Box::pin(async move {
            if let Some(together) = &desk.together {
                together.wait().await;
            }
            let mut server = tonic::server::Grpc::new(ProstCodec::<Tell, Tell>::default());
            Ok(server.unary(desk, request).await)
        })
    }
}
