use std::net::SocketAddr;
use std::time::Duration;

use eventsourcing::Upcasters;
use service::auth::KeyPair;
use service::host::{Mode, RunError, Running, StartError, start};
use service::{BuildError, Definition, Runtime, Secret, Service, Settings, Worker, no_settings};
use sqlx::Executor as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::deployment::{Deployment, SERVICE, migrations};

type Build = fn(Runtime) -> futures::future::BoxFuture<'static, Result<Service, BuildError>>;

/// A service with a worker that works until it is told to stop.
fn diligent(runtime: Runtime) -> futures::future::BoxFuture<'static, Result<Service, BuildError>> {
    Box::pin(async move {
        assert_eq!(runtime.name, SERVICE);
        Ok(Service::on(&runtime)
            .with_worker(Worker::new("diligent", CancellationToken::cancelled_owned)))
    })
}

/// A service with one more that gives up.
fn failing(runtime: Runtime) -> futures::future::BoxFuture<'static, Result<Service, BuildError>> {
    Box::pin(async move {
        let gives_up = Worker::fallible("hasty", |_| async { Err::<(), _>("no more") });
        Ok(diligent(runtime).await?.with_worker(gives_up))
    })
}

/// A service with one that panics.
fn panicking(runtime: Runtime) -> futures::future::BoxFuture<'static, Result<Service, BuildError>> {
    Box::pin(async move {
        let panics = Worker::new("nervous", |_| async { panic!("oh no") });
        Ok(diligent(runtime).await?.with_worker(panics))
    })
}

fn settings(deployment: &Deployment) -> Settings {
    let nats = std::env::var("TEST_NATS_URL")
        .expect("TEST_NATS_URL is not set: run the tests by ./dev test, which brings a server");
    Settings {
        database_url: deployment.url.clone(),
        database_connections: 4,
        nats_url: Secret::new(nats),
        service_key: Some(KeyPair::generate().unwrap()),
        drain: Duration::from_secs(5),
        ..Settings::default()
    }
}

async fn started(
    settings: Settings,
    build: Build,
    mode: Mode,
    stop: &CancellationToken,
) -> Result<Running, StartError> {
    let definition = Definition {
        name: SERVICE,
        has_log: true,
        contract: &contracts::CONTRACT,
        settings: no_settings,
        migrations: migrations(),
        upcasters: Upcasters::none,
        build,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    start(definition, settings, mode, listener, stop.clone()).await
}

async fn serving(address: SocketAddr) -> bool {
    let channel = Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy();
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await;
    answer.is_ok_and(|answer| answer.into_inner().status == 1)
}

async fn metrics(address: SocketAddr) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
    connection.write_all(request).await.unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_service_starts_serves_and_stops() {
    let deployment = Deployment::migrated().await;
    for mode in [Mode::Api, Mode::Workers, Mode::Both] {
        let stop = CancellationToken::new();
        let running = started(settings(&deployment), diligent, mode, &stop)
            .await
            .unwrap();
        assert_ne!(running.address().port(), 0);
        assert!(serving(running.address()).await, "{mode:?}");
        stop.cancel();
        running.stopped().await.unwrap();
    }
}

#[tokio::test]
async fn a_worker_that_ends_early_stops_the_service_with_an_error() {
    let deployment = Deployment::migrated().await;
    for (build, name, cause) in [
        (failing as Build, "worker hasty", "no more"),
        (panicking, "worker nervous", "oh no"),
    ] {
        let stop = CancellationToken::new();
        let running = started(settings(&deployment), build, Mode::Both, &stop)
            .await
            .unwrap();
        match running.stopped().await {
            Err(RunError::Worker {
                service: SERVICE,
                worker,
                cause: told,
            }) => {
                assert_eq!(worker, name);
                assert!(told.contains(cause), "{told}");
            }
            other => panic!("expected the failure of {name}, got {other:?}"),
        }
        assert!(
            !stop.is_cancelled(),
            "other services of the process decide for themselves"
        );
    }
}

#[tokio::test]
async fn without_workers_nobody_fails() {
    let deployment = Deployment::migrated().await;
    let stop = CancellationToken::new();
    let running = started(settings(&deployment), failing, Mode::Api, &stop)
        .await
        .unwrap();
    assert!(serving(running.address()).await);
    stop.cancel();
    running.stopped().await.unwrap();
}

#[tokio::test]
async fn the_lag_of_projections_and_the_commands_of_processes_are_among_the_metrics() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    pool.execute(
        "insert into projections (projection, kind, fold_version, state) values ('notes', 'PROJECTION', 1, 'LIVE');
         insert into checkpoints (projection, source, position, head) values ('notes', 'probe', 5, 9);
         insert into process_outbox (request_id, process, key, service, method, body, correlation_id, causation_id, parked) \
         select gen_random_uuid(), 'notes', 'a', 'probe', '/p', '', gen_random_uuid(), gen_random_uuid(), number = 1 \
         from generate_series(1, 3) number",
    )
    .await
    .unwrap();
    let stop = CancellationToken::new();
    let running = started(settings(&deployment), diligent, Mode::Both, &stop)
        .await
        .unwrap();
    let text = metrics(running.address()).await;
    for (name, value) in [
        ("lag_events", 4),
        ("waiting_commands", 2),
        ("parked_commands", 1),
    ] {
        let line = format!(
            "divinetime_projection_{name}{{service=\"probe\",projection=\"notes\",source=\"probe\"}} {value}"
        );
        assert!(text.contains(&line), "{text}");
    }
    stop.cancel();
    running.stopped().await.unwrap();
}

#[tokio::test]
async fn what_is_missing_is_told_before_anything_runs() {
    let deployment = Deployment::create().await;
    let stop = CancellationToken::new();
    let without_key = Settings {
        service_key: None,
        ..settings(&deployment)
    };
    let error = started(without_key, diligent, Mode::Both, &stop)
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, StartError::Setting("DIVINETIME_SERVICE_KEY")),
        "{error}"
    );
    let error = started(settings(&deployment), diligent, Mode::Both, &stop)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains(SERVICE), "{error}");
}
