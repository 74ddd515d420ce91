//! Logs and traces of the process.

use std::io::{self, IsTerminal as _};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::variables::Variable;

/// Metadata that carries a W3C trace context.
pub const TRACE_HEADER: &str = "traceparent";

/// How the process tells what it does.
#[derive(Debug, Clone, Default)]
pub struct TelemetrySettings {
    /// Which logs: a `tracing` filter such as `info,scheduling=debug`; `info` when empty.
    pub filter: String,
    /// JSON lines instead of text.
    pub json: bool,
    /// Where spans go by OTLP over gRPC, for example `http://127.0.0.1:4317`; nowhere when `None`.
    pub otlp_endpoint: Option<String>,
}

impl TelemetrySettings {
    /// The variables that [`TelemetrySettings::from_environment`] reads.
    pub const VARIABLES: [Variable; 3] = [
        Variable::new(
            "DIVINETIME_LOG",
            "which logs: a filter such as info,sqlx=error",
            None,
        ),
        Variable::new("DIVINETIME_LOG_FORMAT", "text or json", Some("text")),
        Variable::new(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "where spans go by OTLP over gRPC; nowhere unless set",
            None,
        ),
    ];

    /// Reads [`TelemetrySettings::VARIABLES`].
    pub fn from_environment() -> Result<Self, TelemetryError> {
        let [filter, format, endpoint] = Self::VARIABLES.map(|variable| {
            let value = std::env::var(&*variable.name);
            value.ok().filter(|value| !value.is_empty())
        });
        Ok(Self {
            filter: filter.unwrap_or_default(),
            json: is_json(format.as_deref())?,
            otlp_endpoint: endpoint,
        })
    }
}

/// Why logs and traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("DIVINETIME_LOG is not a log filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("DIVINETIME_LOG_FORMAT must be text or json")]
    Format,
    /// Not an address to send spans to.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Done before.
    #[error(transparent)]
    Again(#[from] TryInitError),
}

fn is_json(format: Option<&str>) -> Result<bool, TelemetryError> {
    match format {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(_) => Err(TelemetryError::Format),
    }
}

/// Sends what is left of the spans when it is closed.
#[must_use = "close() sends the last spans"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sets up logs (to stderr) and traces for the whole process, once. With an OTLP endpoint it
    /// must be called inside a tokio runtime.
    pub fn start(settings: &TelemetrySettings) -> Result<Self, TelemetryError> {
        let filter = if settings.filter.is_empty() {
            "info"
        } else {
            &settings.filter
        };
        let filter = EnvFilter::try_new(filter)?;
        let logs = if settings.json {
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(io::stderr)
                .boxed()
        } else {
            fmt::layer()
                .with_target(false)
                .with_ansi(io::stderr().is_terminal())
                .with_writer(io::stderr)
                .boxed()
        };
        let provider = settings
            .otlp_endpoint
            .as_deref()
            .map(span_provider)
            .transpose()?;
        let spans = provider.as_ref().map(|provider| {
            let tracer = provider.tracer("divinetime");
            // Whatever is logged: a trace is whole or not there.
            tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_filter(LevelFilter::INFO)
        });
        tracing_subscriber::registry()
            .with(spans)
            .with(logs.with_filter(filter))
            .try_init()?;
        Ok(Self { provider })
    }

    /// Sends the last spans.
    pub fn close(self) {
        if let Some(Err(error)) = self.provider.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn span_provider(
    endpoint: &str,
) -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name("divinetime").build())
        .build())
}

/// The span of a call, a child of the caller's when it brought a trace context.
pub(crate) fn rpc_span(service: &'static str, path: &'static str, headers: &HeaderMap) -> Span {
    let (rpc_service, rpc_method) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((path, ""));
    let span = tracing::info_span!(
        "rpc",
        otel.name = path,
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = rpc_service,
        rpc.method = rpc_method,
        rpc.grpc.status = tracing::field::Empty,
        divinetime.service = service,
        caller = tracing::field::Empty,
    );
    follow(&span, header(headers));
    span
}

/// Makes a span the child of what a trace context names: of the call whose event is being
/// handled, for example.
pub fn follow(span: &Span, trace_context: Option<&str>) {
    let Some(trace_context) = trace_context else {
        return;
    };
    let parent = TraceContextPropagator::new().extract(&One(trace_context));
    // Refused only by a subscriber that records no traces.
    let _ = span.set_parent(parent);
}

/// The trace context to pass on from a span: its own when spans are recorded, otherwise the one
/// that came in.
pub(crate) fn trace_context(span: &Span, headers: &HeaderMap) -> Option<String> {
    let context = span.context();
    let span_context = context.span().span_context().clone();
    if span_context.is_valid() {
        return Some(format!(
            "00-{}-{}-{:02x}",
            span_context.trace_id(),
            span_context.span_id(),
            span_context.trace_flags().to_u8()
        ));
    }
    let incoming = header(headers)?;
    let parsed = TraceContextPropagator::new().extract(&One(incoming));
    parsed
        .span()
        .span_context()
        .is_valid()
        .then(|| incoming.to_owned())
}

/// The trace that the present span belongs to; `None` when spans are not recorded.
pub(crate) fn trace_id() -> Option<String> {
    let context = Span::current().context();
    let span_context = context.span().span_context().clone();
    span_context
        .is_valid()
        .then(|| span_context.trace_id().to_string())
}

fn header(headers: &HeaderMap) -> Option<&str> {
    headers.get(TRACE_HEADER)?.to_str().ok()
}

/// A carrier with nothing but a trace context.
struct One<'a>(&'a str);

impl Extractor for One<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACE_HEADER).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACE_HEADER]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INCOMING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_format_of_logs_is_text_or_json() {
        for (format, json) in [(None, false), (Some("text"), false), (Some("json"), true)] {
            assert_eq!(is_json(format).ok(), Some(json), "{format:?}");
        }
        assert!(matches!(is_json(Some("JSON")), Err(TelemetryError::Format)));
    }

    #[test]
    fn without_recorded_spans_a_valid_trace_context_is_passed_through() {
        let mut headers = HeaderMap::new();
        assert_eq!(trace_context(&Span::none(), &headers), None);
        headers.insert(TRACE_HEADER, INCOMING.parse().unwrap());
        assert_eq!(
            trace_context(&Span::none(), &headers).as_deref(),
            Some(INCOMING)
        );
        headers.insert(TRACE_HEADER, "00-zz-1-01".parse().unwrap());
        assert_eq!(trace_context(&Span::none(), &headers), None);
    }

    #[test]
    fn with_recorded_spans_a_call_continues_the_callers_trace() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let mut headers = HeaderMap::new();
        headers.insert(TRACE_HEADER, INCOMING.parse().unwrap());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = rpc_span("identity", "/a.B/C", &headers);
            let passed_on = trace_context(&span, &headers).expect("a recorded span has a context");
            assert!(
                passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
                "{passed_on}"
            );
            assert_ne!(passed_on, INCOMING);
            let _entered = span.enter();
            assert_eq!(
                trace_id().as_deref(),
                Some("0af7651916cd43dd8448eb211c80319c")
            );
        });
    }
}
