use std::convert::Infallible;
use std::task::{Context, Poll};

use contracts_core::log::v1::HeadRequest;
use contracts_core::log::v1::event_log_service_client::EventLogServiceClient;
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use service::{Telemetry, TelemetrySettings};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Status};

use super::support::{Running, Setup};

const TRACE: [u8; 16] = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();

/// Takes spans by OTLP and hands their bytes on.
#[derive(Clone)]
struct Collector(mpsc::UnboundedSender<Vec<u8>>);

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl tower::Service<http::Request<Body>> for Collector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let sender = self.0.clone();
        Box::pin(async move {
            let bytes = request.into_body().collect().await.unwrap().to_bytes();
            sender.send(bytes.to_vec()).unwrap();
            Ok(Status::ok("").into_http())
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_and_its_trace_arrive_at_the_collector() {
    let (sender, mut exported) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = tonic::transport::Server::builder()
        .add_service(Collector(sender))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(collector);
    let telemetry = Telemetry::start(&TelemetrySettings {
        filter: "error".into(),
        otlp_endpoint: Some(endpoint),
        ..TelemetrySettings::default()
    })
    .unwrap();

    let mut running = Running::start(Setup::default()).await;
    let mut request = Request::new(HeadRequest {});
    let token = format!("Bearer {}", running.keys.service("scheduling"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request
        .metadata_mut()
        .insert("traceparent", incoming.parse().unwrap());
    EventLogServiceClient::new(running.channel.clone())
        .head(request)
        .await
        .unwrap();
    let passed_on = running.entered().await.trace_context.unwrap();
    assert!(
        passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{passed_on}"
    );
    assert_ne!(
        passed_on, incoming,
        "the span of the call, not the caller's"
    );

    running.shutdown.cancel();
    running.server.stopped().await.unwrap();
    tokio::task::spawn_blocking(|| telemetry.close())
        .await
        .unwrap();
    let mut arrived = false;
    while let Ok(bytes) = exported.try_recv() {
        let text = String::from_utf8_lossy(&bytes);
        arrived |= bytes.windows(TRACE.len()).any(|window| window == TRACE)
            && text.contains("/divinetime.log.v1.EventLogService/Head");
    }
    assert!(arrived, "no span of the trace was exported");
}
