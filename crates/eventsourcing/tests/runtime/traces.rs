//! One trace from a command to everything that follows from it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use eventsourcing::{ClaimingEvent, Context, Decide, DomainEvent, Relay, RelayStep, Repository};
use opentelemetry::trace::{SpanId, SpanKind, Status as Outcome, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use serde::{Deserialize, Serialize};
use tonic::Status;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _};

use crate::{
    accounts::{Accounts, Fixture, Note, publish},
    network::broker,
    process::clerk::{Clerk, Office},
};

const CALL: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER_CALL: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNRECORDED_CALL: &str = "00-8a3c60f7d188f8fa79d48a391a778fa6-1f2e3d4c5b6a7988-00";

/// The spans that have ended.
#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Spans {
    /// Records what this thread does while the guard lives.
    fn record() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry()
            .with(LevelFilter::INFO)
            .with(layer);
        (spans, tracing::subscriber::set_default(subscriber))
    }

    fn named(&self, name: &str) -> Vec<SpanData> {
        let spans = self.0.lock().unwrap();
        spans
            .iter()
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }

    /// The only span of a name with a value among its attributes.
    fn only(&self, name: &str, value: &str) -> SpanData {
        let mut found = self.named(name);
        found.retain(|span| {
            let mut values = span.attributes.iter();
            values.any(|attribute| attribute.value.as_str() == value)
        });
        assert_eq!(found.len(), 1, "spans {name} with {value}: {found:?}");
        found.remove(0)
    }
}

fn traceparent(trace: &str, span: &str) -> String {
    format!("00-{trace}-{span}-01")
}

/// The trace context of the parent of a span.
fn parent(span: &SpanData) -> String {
    assert!(span.parent_span_is_remote || span.parent_span_id == SpanId::INVALID);
    traceparent(
        &span.span_context.trace_id().to_string(),
        &span.parent_span_id.to_string(),
    )
}

/// The trace context of a span.
fn own(span: &SpanData) -> String {
    traceparent(
        &span.span_context.trace_id().to_string(),
        &span.span_context.span_id().to_string(),
    )
}

/// Notes whatever it is told to.
#[derive(Default, Serialize, Deserialize)]
struct Teller;

impl DomainEvent for Note {
    fn event_type(&self) -> String {
        format!("{self:?}").split(' ').next().unwrap().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for Note {}

impl Decide for Teller {
    const TYPE: &'static str = "account";
    type Command = Note;
    type Event = Note;
    type Error = Infallible;

    fn decide(&self, note: Note) -> Result<Vec<Note>, Infallible> {
        Ok(vec![note])
    }

    fn apply(&mut self, _: Note) {}
}

/// Gives commands, each with the trace context of its call.
async fn call(bank: &Fixture, calls: &[(&str, i64)]) {
    let repository = Repository::<Teller>::new(&bank.log);
    for (trace_context, amount) in calls {
        let context = Context {
            trace_context: Some((*trace_context).to_owned()),
            ..Context::system()
        };
        let note = Note::Credited { amount: *amount };
        let committed = repository.execute("a", context, note, |_, _| Vec::new());
        committed.await.unwrap();
    }
}

#[tokio::test]
async fn one_trace_runs_from_a_command_to_its_projection_its_process_and_its_publication() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    call(&office.bank, &[(CALL, 7)]).await;

    let projector = office.bank.projector(Accounts::default());
    projector.drain().await.unwrap();
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.dispatch_ready().await.unwrap(), 1);
    let (broker, _) = broker().await;
    let relay = Relay::new(&office.bank.log, "bank", broker, publish);
    assert!(matches!(
        relay.step().await.unwrap(),
        RelayStep::Published { events: 1, .. }
    ));

    let sent = spans.only("/test.Office/Tell", "clerk");
    for (span, kind) in [
        (&spans.only("fold", "accounts"), SpanKind::Consumer),
        (&spans.only("fold", "clerk"), SpanKind::Consumer),
        (&sent, SpanKind::Client),
        (&spans.only("relay", "bank"), SpanKind::Producer),
    ] {
        assert_eq!(parent(span), CALL, "{}", span.name);
        assert_eq!(span.span_kind, kind, "{}", span.name);
        assert_eq!(span.links.len(), 0, "{}", span.name);
    }
    assert_eq!(office.received()[0].traceparent, own(&sent));
}

#[tokio::test]
async fn a_timer_and_what_it_sends_are_in_the_trace_of_the_command_that_set_it() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    call(&office.bank, &[(CALL, Clerk::REMIND_AT_ONCE)]).await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.fire_due().await.unwrap(), 1);
    assert_eq!(runner.dispatch_ready().await.unwrap(), 1);
    assert_eq!(parent(&spans.only("fire", "clerk")), CALL);
    assert_eq!(parent(&spans.only("/test.Office/Tell", "clerk")), CALL);
}

#[tokio::test]
async fn a_refused_command_shows_in_its_trace_and_each_attempt_is_a_span() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    call(&office.bank, &[(CALL, 1)]).await;
    office.refuse([Status::unavailable("not now")]);
    let runner = office.runner();
    runner.drain().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    office.hurry().await;
    runner.dispatch_ready().await.unwrap();
    let attempts = spans.named("/test.Office/Tell");
    let outcomes: Vec<_> = attempts.iter().map(|span| &span.status).collect();
    assert_eq!(outcomes, [&Outcome::error(""), &Outcome::Unset]);
    for (attempt, received) in attempts.iter().zip(office.received()) {
        assert_eq!(parent(attempt), CALL);
        assert_eq!(received.traceparent, own(attempt));
    }
}

#[tokio::test]
async fn a_batch_goes_on_with_the_first_recorded_trace_and_is_linked_to_the_others() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    let calls = [UNRECORDED_CALL, "nonsense", CALL, OTHER_CALL, CALL].map(|text| (text, 1));
    call(&office.bank, &calls).await;
    let projector = office.bank.projector(Accounts::default());
    projector.drain().await.unwrap();
    let fold = spans.only("fold", "accounts");
    assert_eq!(parent(&fold), CALL);
    let links: Vec<String> = fold
        .links
        .iter()
        .map(|link| link.span_context.trace_id().to_string())
        .collect();
    assert_eq!(links, [&UNRECORDED_CALL[3..35], &OTHER_CALL[3..35]]);

    // Each command in the trace of its own event, whatever batch the event was in.
    let runner = office.runner();
    runner.drain().await.unwrap();
    while runner.dispatch_ready().await.unwrap() > 0 {}
    let traces: Vec<String> = office
        .received()
        .iter()
        .filter_map(|received| received.traceparent.get(3..35).map(str::to_owned))
        .collect();
    assert_eq!(traces[0], UNRECORDED_CALL[3..35]);
    assert_eq!(
        traces[2..],
        [&CALL[3..35], &OTHER_CALL[3..35], &CALL[3..35]]
    );
}

#[tokio::test]
async fn a_batch_of_many_traces_has_a_bounded_number_of_links() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    let contexts: Vec<String> = (1..=40)
        .map(|number| traceparent(&format!("{number:032x}"), "00f067aa0ba902b7"))
        .collect();
    let calls: Vec<(&str, i64)> = contexts.iter().map(|text| (text.as_str(), 1)).collect();
    call(&office.bank, &calls).await;
    let projector = office.bank.projector(Accounts::default());
    projector.drain().await.unwrap();
    let fold = spans.only("fold", "accounts");
    assert_eq!(parent(&fold), contexts[0]);
    assert_eq!(fold.links.len(), 32);
}

#[tokio::test]
async fn a_rebuild_is_in_no_trace_of_what_it_replays() {
    let (spans, _recording) = Spans::record();
    let office = Office::open().await;
    call(&office.bank, &[(CALL, 1)]).await;
    let projector = office.bank.projector(Accounts::default());
    projector.rebuild(|_| {}).await.unwrap();
    let fold = spans.only("fold", "accounts");
    assert_eq!(fold.parent_span_id, SpanId::INVALID);
    assert_ne!(fold.span_context.trace_id().to_string(), CALL[3..35]);
}

#[tokio::test]
async fn a_command_carries_the_trace_of_its_event_when_nobody_records_spans() {
    let office = Office::open().await;
    call(&office.bank, &[(CALL, 1)]).await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    assert_eq!(office.received()[0].traceparent, CALL);
}
