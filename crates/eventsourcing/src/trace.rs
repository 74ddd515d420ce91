//! Traces: what follows from an event goes on with the trace of the call that caused it.

use std::mem;

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Metadata that carries a W3C trace context.
pub(crate) const HEADER: &str = "traceparent";
/// The most traces that a span is linked to, besides the one that it goes on with.
const LINKS: usize = 32;

/// Makes a span that has not been entered the child of the first of these contexts, and links it
/// to the other traces among them. A call that is not recorded is the parent only when none is:
/// it would hide what the others led to.
///
/// Looks no further than the first context when nobody records traces.
pub(crate) fn follow<'a>(span: &Span, trace_contexts: impl IntoIterator<Item = &'a str>) {
    if span.is_disabled() {
        return;
    }
    let mut traces = distinct(trace_contexts.into_iter());
    let Some(mut parent) = traces.next() else {
        return;
    };
    if span.set_parent(remote(&parent)).is_err() {
        return;
    }
    for other in traces.take(LINKS) {
        if other.is_sampled() && !parent.is_sampled() {
            span.add_link(mem::replace(&mut parent, other));
        } else {
            span.add_link(other);
        }
    }
    // It was taken a moment ago: nothing has entered the span since.
    let _ = span.set_parent(remote(&parent));
}

/// The context to pass on from the present span; `None` when nobody records it.
pub(crate) fn current() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let present = span.span_context();
    present.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            present.trace_id(),
            present.span_id(),
            present.trace_flags().to_u8()
        )
    })
}

/// The first valid context of each trace.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = SpanContext> {
    let mut seen: Vec<&str> = Vec::new();
    texts.filter_map(move |text| {
        let trace = text.get(3..35)?;
        if seen.contains(&trace) {
            return None;
        }
        let nothing = Context::new();
        let found =
            TraceContextPropagator::new().extract_with_context(&nothing, &Traceparent(text));
        let context = found.span().span_context().clone();
        if !context.is_valid() {
            return None;
        }
        seen.push(trace);
        Some(context)
    })
}

fn remote(parent: &SpanContext) -> Context {
    Context::new().with_remote_span_context(parent.clone())
}

/// A carrier of nothing but a trace context.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == HEADER).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![HEADER]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const AGAIN: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    const OTHER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    #[test]
    fn each_trace_counts_once_and_what_is_no_trace_context_not_at_all() {
        let nonsense = [
            "",
            "00-",
            "ä",
            &"ä".repeat(40),
            &FIRST.to_uppercase(),
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ];
        let texts = nonsense.into_iter().chain([FIRST, AGAIN, OTHER, FIRST]);
        let found: Vec<String> = distinct(texts)
            .map(|context| context.span_id().to_string())
            .collect();
        assert_eq!(found, ["b7ad6b7169203331", "00f067aa0ba902b7"]);
    }

    #[test]
    fn without_anybody_to_record_it_a_span_has_no_context_to_pass_on() {
        let span = tracing::info_span!("unheard");
        follow(&span, [FIRST, OTHER]);
        let _entered = span.enter();
        assert_eq!(current(), None);
    }
}
