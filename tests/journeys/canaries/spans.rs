//! Where the program sends its spans: the smallest OpenTelemetry collector.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use prost::Message as _;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// Keeps every span as it came.
#[derive(Clone, Default)]
pub struct Collector {
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    /// Starts one and gives its address.
    pub fn start() -> (Self, String) {
        let collector = Self::default();
        let incoming =
            TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = incoming.local_addr().expect("its address");
        let server = Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .serve_with_incoming(incoming);
        tokio::spawn(server);
        (collector, format!("http://{address}"))
    }

    /// All spans so far, as bytes.
    pub fn received(&self) -> Vec<u8> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request.into_inner().encode_to_vec();
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
