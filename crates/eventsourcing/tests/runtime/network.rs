//! Servers, brokers and cut cables for the tests.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eventsourcing::{Broker, Bus, LogService};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    body::Body,
    codegen::{Service, http},
    server::NamedService,
    transport::Server,
};
use uuid::Uuid;

use crate::accounts::{Fixture, publish};

/// The NATS server of the tests.
pub fn nats_url() -> String {
    std::env::var("TEST_NATS_URL")
        .expect("TEST_NATS_URL is not set: run the tests by ./dev test, which brings a server")
}

/// A broker whose streams nobody else uses, and its prefix.
pub async fn broker() -> (Broker, String) {
    let prefix = format!("test-{}", Uuid::now_v7().simple());
    (connect(&nats_url(), &prefix).await, prefix)
}

pub async fn connect(url: &str, prefix: &str) -> Broker {
    let broker = Broker::connect(url, prefix).await.unwrap();
    broker
        .connected_within(Duration::from_secs(10))
        .await
        .unwrap();
    broker
}

/// A broker that is never there: its port is taken for good, and nobody listens.
pub async fn no_broker() -> Broker {
    let socket = Box::leak(Box::new(TcpSocket::new_v4().unwrap()));
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();
    Broker::connect(&format!("nats://{closed}"), "nowhere")
        .await
        .unwrap()
}

/// A gRPC server that runs while the value lives.
pub struct Served {
    pub address: SocketAddr,
    _stop: DropGuard,
}

/// Serves the public events of a fixture's log.
pub async fn serve_log(fixture: &Fixture) -> Served {
    serve(LogService::new("bank", &fixture.log, publish).server()).await
}

pub async fn serve<S>(service: S) -> Served
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let server = Server::builder()
        .add_service(service)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped);
    tokio::spawn(server);
    Served {
        address,
        _stop: stop.drop_guard(),
    }
}

/// A bus to one service.
pub fn bus(service: &str, address: SocketAddr) -> Bus {
    Bus::new(
        [(service, format!("http://{address}"))],
        Arc::new(|| "token".to_owned()),
    )
    .unwrap()
}

/// A cable that can be cut and mended.
pub struct Cable {
    pub address: SocketAddr,
    state: Arc<CableState>,
    _stop: DropGuard,
}

#[derive(Default)]
struct CableState {
    cut: AtomicBool,
    changed: Notify,
}

impl Cable {
    /// A cable to an address like `127.0.0.1:4222`.
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(CableState::default());
        let stop = CancellationToken::new();
        tokio::spawn(carry(listener, target, Arc::clone(&state), stop.clone()));
        Self {
            address,
            state,
            _stop: stop.drop_guard(),
        }
    }

    /// Connections break, new ones are refused.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        self.state.changed.notify_waiters();
    }

    pub fn mend(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
    }
}

async fn carry(
    listener: TcpListener,
    target: String,
    state: Arc<CableState>,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (mut near, _) = accepted.unwrap();
        let state = Arc::clone(&state);
        let stop = stop.clone();
        let target = target.clone();
        tokio::spawn(async move {
            let cut = state.changed.notified();
            if state.cut.load(Ordering::SeqCst) {
                return;
            }
            let Ok(mut far) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                () = cut => {}
                () = stop.cancelled() => {}
            }
        });
    }
}
