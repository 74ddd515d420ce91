//! Deadlines, overload, drain and what is measured of them.

use std::convert::Infallible;
use std::time::Duration;

use contracts_core::log::v1::event_log_service_client::EventLogServiceClient;
use contracts_core::log::v1::{Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse};
use http::uri::PathAndQuery;
use service::Metrics;
use service::guard::Guard;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use tower::{Layer as _, ServiceExt as _};

use super::support::{Keys, Running, Setup, reason};

fn waiting() -> Setup {
    Setup {
        waits: true,
        ..Setup::default()
    }
}

async fn head_with_timeout(running: &Running, timeout: &str) -> Result<HeadResponse, Status> {
    let mut request = Request::new(HeadRequest {});
    let token = format!("Bearer {}", running.keys.service("scheduling"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    request
        .metadata_mut()
        .insert("grpc-timeout", timeout.parse().unwrap());
    let mut client = EventLogServiceClient::new(running.channel.clone());
    client.head(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_malformed_timeout_is_refused() {
    let running = Running::start(Setup::default()).await;
    for timeout in ["soon", "5", "-1S", "123456789S"] {
        let status = head_with_timeout(&running, timeout).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "INVALID_FIELDS"),
            "{timeout}"
        );
    }
    assert_eq!(head_with_timeout(&running, "5S").await.unwrap().position, 7);
}

#[tokio::test]
async fn at_the_deadline_the_handler_is_dropped() {
    let mut running = Running::start(waiting()).await;
    // Which of the two notices first, the service or the client, is open.
    let status = head_with_timeout(&running, "100m").await.unwrap_err();
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    running.entered().await;
    running.left().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_still_listens_is_told_of_the_deadline() {
    let waited = answered_by_deadline("5S").await;
    assert!(
        (Duration::from_millis(4990)..=Duration::from_secs(5)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_caller_keeps_a_place_for_longer_than_a_minute() {
    let waited = answered_by_deadline("99999999H").await;
    assert!(
        (Duration::from_mins(1)..Duration::from_secs(61)).contains(&waited),
        "{waited:?}"
    );
}

/// How long a call with this timeout waits for a handler that never answers.
async fn answered_by_deadline(timeout: &str) -> Duration {
    let keys = Keys::new();
    let guard = Guard::new(
        &contracts::CONTRACT,
        "probe",
        keys.verifier(),
        Metrics::new("probe"),
        16,
        Duration::from_secs(30),
    );
    let guard = guard.serving(&["divinetime.log.v1.EventLogService"]);
    let never = tower::service_fn(|_: http::Request<Body>| {
        futures::future::pending::<Result<http::Response<Body>, Infallible>>()
    });
    let request = http::Request::post("/divinetime.log.v1.EventLogService/Head")
        .header(
            "authorization",
            format!("Bearer {}", keys.service("scheduling")),
        )
        .header("grpc-timeout", timeout)
        .body(Body::empty())
        .unwrap();
    let asked = tokio::time::Instant::now();
    let answer = guard.layer(never).oneshot(request).await.unwrap();
    assert_eq!(
        Status::from_header_map(answer.headers()).unwrap().code(),
        Code::DeadlineExceeded
    );
    asked.elapsed()
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_the_default_one() {
    let setup = Setup {
        default_deadline: Duration::from_millis(100),
        ..waiting()
    };
    let mut running = Running::start(setup).await;
    let status = running
        .head(&running.keys.service("scheduling"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    running.entered().await;
    running.left().await;
}

#[tokio::test]
async fn at_the_limit_further_calls_are_refused_until_a_place_is_free() {
    let mut running = Running::start(Setup {
        limit: 1,
        ..waiting()
    })
    .await;
    let first = running.head_aside();
    running.entered().await;
    let status = running.head_aside().await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    assert!(
        status
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    running.let_go.notify_one();
    assert_eq!(first.await.unwrap().unwrap().position, 7);
    running.left().await;

    // The place is free once the answer has been sent, at the latest when the next one comes in.
    running.let_go.notify_one();
    let again = loop {
        match running.head_aside().await.unwrap() {
            Err(status) if status.code() == Code::ResourceExhausted => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    };
    again.unwrap();
}

#[tokio::test]
async fn health_answers_although_the_service_is_at_its_limit() {
    let mut running = Running::start(Setup {
        limit: 1,
        ..waiting()
    })
    .await;
    let _first = running.head_aside();
    running.entered().await;
    let mut health = HealthClient::new(running.channel.clone());
    health.check(HealthCheckRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let running = Running::start(Setup::default()).await;
    let payload = vec![0; 5 * 1024 * 1024];
    let large = ReadResponse {
        envelope: Some(Envelope {
            payload,
            ..Envelope::default()
        }),
    };
    let mut request = Request::new(large);
    let token = format!("Bearer {}", running.keys.service("scheduling"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let mut client = tonic::client::Grpc::new(running.channel.clone());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<ReadResponse, HeadResponse>::default();
    let path = PathAndQuery::from_static("/divinetime.log.v1.EventLogService/Head");
    let status = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_drain_answers_what_is_under_way_and_refuses_the_rest() {
    let mut running = Running::start(waiting()).await;
    let mut health = HealthClient::new(running.channel.clone());
    let mut watch = health
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1);
    let under_way = running.head_aside();
    running.entered().await;

    running.shutdown.cancel();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status,
        2,
        "told as NOT_SERVING"
    );
    let refused = running.head_aside().await.unwrap().unwrap_err();
    // By the service, or by the connection that no longer takes calls.
    assert!(
        matches!(refused.code(), Code::Unavailable | Code::Cancelled),
        "{refused:?}"
    );

    running.let_go.notify_one();
    assert_eq!(under_way.await.unwrap().unwrap().position, 7);
    running.server.stopped().await.unwrap();
}

#[tokio::test]
async fn a_drain_has_an_end_even_with_a_call_that_has_none() {
    let setup = Setup {
        drain: Duration::from_millis(50),
        ..waiting()
    };
    let mut running = Running::start(setup).await;
    let _never = running.head_aside();
    running.entered().await;
    running.shutdown.cancel();
    running.server.stopped().await.unwrap();
}

#[tokio::test]
async fn a_stream_keeps_its_place_until_its_caller_goes_away() {
    let running = Running::start(Setup {
        limit: 1,
        ..Setup::default()
    })
    .await;
    let mut request = Request::new(ReadRequest::default());
    let token = format!("Bearer {}", running.keys.service("scheduling"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let stream = EventLogServiceClient::new(running.channel.clone())
        .read(request)
        .await
        .unwrap();
    let status = running.head_aside().await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    drop(stream);
    while running.head_aside().await.unwrap().is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn calls_are_measured_and_read_by_plain_http() {
    let running = Running::start(Setup::default()).await;
    running
        .head(&running.keys.service("scheduling"))
        .await
        .unwrap();
    running.head("nonsense").await.unwrap_err();
    let method = "method=\"/divinetime.log.v1.EventLogService/Head\"";
    let expected = [
        format!("divinetime_rpc_calls_total{{service=\"probe\",{method},code=\"OK\"}} 1"),
        format!(
            "divinetime_rpc_calls_total{{service=\"probe\",{method},code=\"UNAUTHENTICATED\"}} 1"
        ),
        "divinetime_rpc_in_flight{service=\"probe\"} 0".to_owned(),
    ];
    // A call is counted when its answer has left, which the caller may see a moment earlier.
    loop {
        let text = scraped(&running).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        if expected.iter().all(|line| text.contains(line)) {
            break;
        }
        tokio::task::yield_now().await;
    }
}

async fn scraped(running: &Running) -> String {
    let mut connection = TcpStream::connect(running.server.address()).await.unwrap();
    connection
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    text
}
