//! One running service between its stand-ins.

use std::time::Duration;

use contracts::Rpc;
use contracts::common::v1::LogPosition;
use contracts::log::v1::event_log_service_client::EventLogServiceClient;
use contracts::log::v1::{Envelope, HeadRequest, ReadRequest};
use eventsourcing::{Feed as _, LocalFeed};
use futures::TryStreamExt as _;
use service::host::{self, Mode, Running};
use service::{Definition, SERVICES, Secret, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, client::Grpc};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::caller::{Bearer, Caller, Keys};
use crate::database::Database;
use crate::stand_in::StandIn;

/// Nothing takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where nobody listens.
const NOWHERE: &str = "127.0.0.1:1";

/// A service that runs on a database of its own, between stand-ins for those whose logs it reads.
/// Dropped, it takes all of that with it.
pub struct World {
    name: &'static str,
    definition: fn() -> Definition,
    settings: Settings,
    stand_ins: Vec<StandIn>,
    keys: Keys,
    instance: Option<Instance>,
    database: Database,
}

/// The service from one start to its stop.
struct Instance {
    channel: Channel,
    running: Running,
    stop: DropGuard,
}

/// A world before it starts.
#[must_use = "it starts when it is told to"]
pub struct Setup {
    definition: fn() -> Definition,
    settings: Settings,
    neighbours: Vec<&'static str>,
    keys: Keys,
}

impl Setup {
    /// Stand-ins for these services. Identity always has one, for the keys, except in a world of
    /// its own.
    pub fn with(mut self, services: impl IntoIterator<Item = &'static str>) -> Self {
        self.neighbours.extend(services);
        self
    }

    /// Settings other than the usual ones.
    pub fn adjusted(mut self, adjust: impl FnOnce(&mut Settings)) -> Self {
        adjust(&mut self.settings);
        self
    }

    /// Without a broker: the service reads the logs themselves.
    pub fn without_broker(self) -> Self {
        self.adjusted(|settings| settings.nats_url = nowhere("nats"))
    }

    /// Starts the service.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set, or the service does not start.
    pub async fn start(self) -> World {
        let mut world = self.prepare().await;
        world.launch().await;
        world
    }

    /// A world in which the service does not run before its first `restart`.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set.
    pub async fn prepare(mut self) -> World {
        let definition = (self.definition)();
        let database = Database::of(&definition).await;
        self.settings.database_url = database.url();
        if definition.name != "identity" {
            self.neighbours.push("identity");
        }
        self.neighbours.sort_unstable();
        self.neighbours.dedup();
        let mut stand_ins = Vec::new();
        for service in self.neighbours {
            let stand_in = StandIn::start(service, &self.keys.users).await;
            let addresses = &mut self.settings.addresses;
            addresses.insert(service.to_owned(), stand_in.url());
            stand_ins.push(stand_in);
        }
        World {
            name: definition.name,
            definition: self.definition,
            settings: self.settings,
            stand_ins,
            keys: self.keys,
            instance: None,
            database,
        }
    }
}

impl World {
    /// A world of the service, still without stand-ins. The broker is that of `TEST_NATS_URL`, if
    /// there is one.
    pub fn of(definition: fn() -> Definition) -> Setup {
        let keys = Keys::generate();
        let nats_url = std::env::var("TEST_NATS_URL").map_or_else(|_| nowhere("nats"), Secret::new);
        let nobody = format!("http://{NOWHERE}");
        let addresses = SERVICES.map(|(service, _)| (service.to_owned(), nobody.clone()));
        let settings = Settings {
            nats_url,
            broker_prefix: format!("test-{}", Uuid::now_v7().simple()),
            addresses: addresses.into(),
            service_key: Some(keys.services.clone()),
            database_connections: 8,
            ..Settings::default()
        };
        Setup {
            definition,
            settings,
            neighbours: Vec::new(),
            keys,
        }
    }

    /// The stand-in for a service.
    ///
    /// # Panics
    /// When there is none.
    pub fn stand_in(&self, service: &str) -> &StandIn {
        let mut stand_ins = self.stand_ins.iter();
        let found = stand_ins.find(|it| it.service() == service);
        found.unwrap_or_else(|| panic!("this world has no {service}"))
    }

    /// The database of the service.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A request with the caller's token and a deadline.
    pub fn request<M>(&self, caller: impl Bearer, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(PATIENCE);
        if let Some(token) = caller.token(&self.keys) {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
        }
        request
    }

    /// The answer of the service to a caller.
    pub async fn call<M: Rpc>(&self, caller: impl Bearer, message: M) -> Result<M::Answer, Status> {
        self.send(self.request(caller, message)).await
    }

    /// The same with a deadline of its own.
    pub async fn call_within<M: Rpc>(
        &self,
        deadline: Duration,
        caller: impl Bearer,
        message: M,
    ) -> Result<M::Answer, Status> {
        let mut request = self.request(caller, message);
        request.set_timeout(deadline);
        self.send(request).await
    }

    async fn send<M: Rpc>(&self, request: Request<M>) -> Result<M::Answer, Status> {
        let mut client = Grpc::new(self.channel());
        let ready = client.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(M::PATH);
        let answer = client.unary(request, path, ProstCodec::default()).await;
        answer.map(Response::into_inner)
    }

    /// A position in the log of the service.
    pub fn position(&self, position: i64) -> LogPosition {
        LogPosition {
            service: self.name.to_owned(),
            position,
        }
    }

    /// The end of the log of the service.
    pub async fn head(&self) -> LogPosition {
        let mut log = EventLogServiceClient::new(self.channel());
        let request = self.request(Caller::Service, HeadRequest {});
        let head = log.head(request).await.unwrap().into_inner();
        self.position(head.position)
    }

    /// Every public event of the service so far, in order.
    pub async fn published(&self) -> Vec<Envelope> {
        let mut log = EventLogServiceClient::new(self.channel());
        let request = self.request(Caller::Service, ReadRequest::default());
        let answers = log.read(request).await.unwrap().into_inner();
        let answers: Vec<_> = answers.try_collect().await.unwrap();
        let envelopes = answers.into_iter().filter_map(|answer| answer.envelope);
        envelopes.collect()
    }

    /// The names of the public events of one aggregate, in order.
    pub async fn history(&self, aggregate_id: impl ToString + Copy) -> Vec<String> {
        let aggregate_id = aggregate_id.to_string();
        let published = self.published().await.into_iter();
        let its = published.filter(|envelope| envelope.aggregate_id == aggregate_id);
        its.map(|envelope| envelope.event_type).collect()
    }

    /// Waits until an aggregate has a public event of this name; returns its position.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn happened(
        &self,
        aggregate_id: impl ToString + Copy,
        event_type: &str,
    ) -> LogPosition {
        let aggregate_id = aggregate_id.to_string();
        let log = LocalFeed::<()>::new(self.name, &self.database.log().await, |_| Ok(None));
        let watch = async {
            loop {
                let head = log.head().await.unwrap();
                let published = self.published().await;
                let found = published
                    .iter()
                    .find(|it| it.aggregate_id == aggregate_id && it.event_type == event_type);
                if let Some(found) = found {
                    return self.position(found.position);
                }
                log.changed(head).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, watch).await;
        found.unwrap_or_else(|_| panic!("{event_type} does not happen to {aggregate_id} in time"))
    }

    /// Ends the service if it runs, and starts it anew on the same database.
    pub async fn restart(&mut self) {
        self.restart_with(|_| {}).await;
    }

    /// The same with other settings.
    pub async fn restart_with(&mut self, adjust: impl FnOnce(&mut Settings)) {
        self.stop().await;
        adjust(&mut self.settings);
        self.launch().await;
    }

    /// Ends the service if it runs. A restart brings it back.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(&mut self) {
        if let Some(Instance { running, stop, .. }) = self.instance.take() {
            drop(stop);
            running.stopped().await.unwrap();
        }
    }

    async fn launch(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let addresses = &mut self.settings.addresses;
        addresses.insert(self.name.to_owned(), url.clone());
        let stop = CancellationToken::new();
        let settings = self.settings.clone();
        let definition = (self.definition)();
        let running = host::start(definition, settings, Mode::Both, listener, stop.clone())
            .await
            .unwrap();
        self.instance = Some(Instance {
            channel: Endpoint::from_shared(url).unwrap().connect_lazy(),
            running,
            stop: stop.drop_guard(),
        });
    }

    /// A connection to the service.
    ///
    /// # Panics
    /// When it does not run.
    pub fn channel(&self) -> Channel {
        let instance = self.instance.as_ref();
        instance.expect("the service runs").channel.clone()
    }
}

fn nowhere(scheme: &str) -> Secret {
    Secret::new(format!("{scheme}://{NOWHERE}"))
}
