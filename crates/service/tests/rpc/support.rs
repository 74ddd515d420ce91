//! A tiny service behind the real guard and server, and the keys to call it with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use contracts_core::common::v1::Role;
use contracts_core::identity::v1::key_service_server::{KeyService, KeyServiceServer};
use contracts_core::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse};
use contracts_core::log::v1::event_log_service_client::EventLogServiceClient;
use contracts_core::log::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use contracts_core::log::v1::{HeadRequest, HeadResponse, ReadRequest, ReadResponse};
use futures::stream::BoxStream;
use service::auth::{Claims, FetchKeys, KeyPair, PublicKey};
use service::guard::Guard;
use service::server::{Server, ServerParts};
use service::{Call, Metrics, Verifier};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataValue;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The keys of a deployment.
pub struct Keys {
    pub service: KeyPair,
    pub identity: KeyPair,
    pub fetches: Arc<AtomicUsize>,
}

impl Keys {
    pub fn new() -> Self {
        Self {
            service: KeyPair::generate().unwrap(),
            identity: KeyPair::generate().unwrap(),
            fetches: Arc::default(),
        }
    }

    /// Tells the identity key and counts how often it was asked.
    pub fn fetch(&self) -> FetchKeys {
        let known = public(&self.identity);
        let fetches = Arc::clone(&self.fetches);
        Arc::new(move || {
            fetches.fetch_add(1, Ordering::SeqCst);
            let known = known.clone();
            Box::pin(async move { Ok(vec![known]) })
        })
    }

    pub fn verifier(&self) -> Verifier {
        Verifier::new(&self.service, self.fetch())
    }

    pub fn user(&self, role: Role) -> String {
        self.identity.sign(&user_claims(role))
    }

    pub fn service(&self, name: &str) -> String {
        self.service
            .sign(&Claims::service(name, Utc::now(), TimeDelta::minutes(5)))
    }
}

pub fn public(pair: &KeyPair) -> PublicKey {
    PublicKey {
        id: pair.id().to_owned(),
        key: pair.public_key().to_vec(),
    }
}

pub fn user_claims(role: Role) -> Claims {
    Claims::user(Uuid::now_v7(), role, Utc::now(), TimeDelta::hours(1))
}

/// Answers `Head` when it is let, and tells what it saw.
pub struct Probe {
    pub let_go: Option<Arc<Notify>>,
    pub seen: mpsc::UnboundedSender<Seen>,
}

#[derive(Debug)]
pub enum Seen {
    Entered(Call),
    /// The handler's future is gone.
    Left,
}

struct Leaving(mpsc::UnboundedSender<Seen>);

impl Drop for Leaving {
    fn drop(&mut self) {
        let _ = self.0.send(Seen::Left);
    }
}

#[tonic::async_trait]
impl EventLogService for Probe {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;

    async fn read(&self, _: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        Ok(Response::new(Box::pin(futures::stream::pending())))
    }

    async fn head(&self, request: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let _leaving = Leaving(self.seen.clone());
        let _ = self.seen.send(Seen::Entered(Call::of(&request)));
        if let Some(let_go) = &self.let_go {
            let_go.notified().await;
        }
        Ok(Response::new(HeadResponse {
            position: 7,
            public_position: 7,
        }))
    }
}

#[tonic::async_trait]
impl KeyService for Probe {
    async fn list_signing_keys(
        &self,
        _: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        Ok(Response::new(ListSigningKeysResponse::default()))
    }
}

/// How to run the tiny service.
pub struct Setup {
    pub limit: u32,
    pub default_deadline: Duration,
    pub drain: Duration,
    /// `Head` waits to be let go.
    pub waits: bool,
    pub trusts_forwarded: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limit: 16,
            default_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            waits: false,
            trusts_forwarded: false,
        }
    }
}

/// The tiny service, running.
pub struct Running {
    pub keys: Keys,
    pub server: Server,
    pub channel: Channel,
    pub shutdown: CancellationToken,
    pub seen: mpsc::UnboundedReceiver<Seen>,
    pub let_go: Arc<Notify>,
}

impl Running {
    pub async fn start(setup: Setup) -> Self {
        Self::start_with(setup, Routes::default()).await
    }

    pub async fn start_with(setup: Setup, routes: Routes) -> Self {
        let keys = Keys::new();
        let (sender, seen) = mpsc::unbounded_channel();
        let let_go = Arc::new(Notify::new());
        let probe = || Probe {
            let_go: setup.waits.then(|| Arc::clone(&let_go)),
            seen: sender.clone(),
        };
        let routes = routes
            .add_service(EventLogServiceServer::new(probe()))
            .add_service(KeyServiceServer::new(probe()));
        let metrics = Metrics::new("probe");
        let guard = Guard::new(
            &contracts::CONTRACT,
            "probe",
            keys.verifier(),
            metrics.clone(),
            setup.limit,
            setup.default_deadline,
        )
        .trusting_forwarded(setup.trusts_forwarded);
        let mut parts = ServerParts::new(
            routes,
            vec![
                "divinetime.log.v1.EventLogService",
                "divinetime.identity.v1.KeyService",
            ],
            guard,
            &metrics,
        );
        parts.drain = setup.drain;
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(parts, listener, shutdown.clone())
            .await
            .unwrap();
        let channel = Endpoint::from_shared(format!("http://{}", server.address()))
            .unwrap()
            .connect_lazy();
        Self {
            keys,
            server,
            channel,
            shutdown,
            seen,
            let_go,
        }
    }

    /// Calls `Head` with a token.
    pub async fn head(&self, token: &str) -> Result<HeadResponse, Status> {
        head(self.channel.clone(), Some(&format!("Bearer {token}"))).await
    }

    /// Calls `Head` as a service, on a task of its own.
    pub fn head_aside(&self) -> tokio::task::JoinHandle<Result<HeadResponse, Status>> {
        let authorization = format!("Bearer {}", self.keys.service("scheduling"));
        let channel = self.channel.clone();
        tokio::spawn(async move { head(channel, Some(&authorization)).await })
    }

    pub async fn entered(&mut self) -> Call {
        match self.seen.recv().await {
            Some(Seen::Entered(call)) => call,
            other => panic!("expected a call, saw {other:?}"),
        }
    }

    pub async fn left(&mut self) {
        match self.seen.recv().await {
            Some(Seen::Left) => {}
            other => panic!("expected the end of a call, saw {other:?}"),
        }
    }
}

pub async fn head(channel: Channel, authorization: Option<&str>) -> Result<HeadResponse, Status> {
    let mut request = Request::new(HeadRequest {});
    if let Some(authorization) = authorization {
        let value: MetadataValue<_> = authorization.parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    EventLogServiceClient::new(channel)
        .head(request)
        .await
        .map(Response::into_inner)
}

/// `google.rpc.ErrorInfo.reason` of an error.
pub fn reason(status: &Status) -> String {
    use tonic_types::StatusExt as _;
    let info = status
        .get_details_error_info()
        .unwrap_or_else(|| panic!("{status:?} has no reason"));
    assert_eq!(info.domain, "divinetime");
    info.reason
}
