//! What Prometheus reads at `/metrics`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use tonic::Code;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Upper bounds of the duration histogram, seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0,
];

/// The metrics of one service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    calls: Family<Labels<2>, Counter>,
    durations: Family<Labels<1>, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl Metrics {
    /// Metrics that all carry the label `service`.
    pub fn new(service: &'static str) -> Self {
        let mut registry = Registry::with_prefix_and_labels(
            "divinetime",
            [("service".into(), service.into())].into_iter(),
        );
        let calls = Family::default();
        let durations =
            Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let in_flight = Gauge::default();
        registry.register(
            "rpc_calls",
            "Calls answered, by method and gRPC code",
            calls.clone(),
        );
        registry.register(
            "rpc_duration_seconds",
            "Time from a call's arrival to the end of its answer, by method",
            durations.clone(),
        );
        registry.register(
            "rpc_in_flight",
            "Calls that are being answered",
            in_flight.clone(),
        );
        Self {
            registry: Arc::new(Mutex::new(registry)),
            calls,
            durations,
            in_flight,
        }
    }

    /// Adds a metric under `divinetime_<name>`. Register each name once and keep a clone.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .register(name, help, metric);
    }

    /// Everything in the text format of `OpenMetrics`.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing to a String does not fail");
        text
    }

    /// Counts a call from now until the returned value is dropped.
    pub(crate) fn observe(&self, method: &'static str) -> Observed {
        self.in_flight.inc();
        Observed {
            metrics: self.clone(),
            method,
            started: Instant::now(),
            code: Code::Cancelled,
        }
    }
}

/// A call under way. Dropped without a code, it counts as cancelled by its caller.
pub(crate) struct Observed {
    metrics: Metrics,
    method: &'static str,
    started: Instant,
    pub(crate) code: Code,
}

impl Observed {
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        let labels = [("method", self.method), ("code", code_name(self.code))];
        self.metrics.calls.get_or_create(&labels).inc();
        let duration = self.elapsed().as_secs_f64();
        self.metrics
            .durations
            .get_or_create(&[("method", self.method)])
            .observe(duration);
    }
}

/// The code's name in the gRPC specification.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_method_and_code() {
        let metrics = Metrics::new("identity");
        let mut call = metrics.observe("/a.B/C");
        assert!(
            metrics
                .encode()
                .contains("divinetime_rpc_in_flight{service=\"identity\"} 1")
        );
        call.code = Code::Ok;
        drop(call);
        drop(metrics.observe("/a.B/C"));
        let text = metrics.encode();
        for line in [
            "divinetime_rpc_in_flight{service=\"identity\"} 0",
            "divinetime_rpc_calls_total{service=\"identity\",method=\"/a.B/C\",code=\"OK\"} 1",
            "divinetime_rpc_calls_total{service=\"identity\",method=\"/a.B/C\",code=\"CANCELLED\"} 1",
            "divinetime_rpc_duration_seconds_count{service=\"identity\",method=\"/a.B/C\"} 2",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn workers_add_their_own_metrics() {
        let metrics = Metrics::new("payments");
        let lag = Gauge::<i64>::default();
        metrics.register("charge_lag", "Payments to charge", lag.clone());
        lag.set(3);
        assert!(
            metrics
                .encode()
                .contains("divinetime_charge_lag{service=\"payments\"} 3")
        );
    }
}
