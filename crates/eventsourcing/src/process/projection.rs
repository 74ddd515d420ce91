//! A process as a fold: its instances, timers and outgoing commands are the rows.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Delivered, FoldError, Keys, Projection,
    feed::{Batch, Feed, FeedError, Undecodable},
    hex,
    process::{Effect, Input, Process},
    projector::message,
};

/// Names the commands of processes: the namespace of their request ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x0e1c_6f0a_52f4_4b5e_9d0a_6a1b_7d35_c2f1);

/// What makes an instance react.
pub(crate) struct Stimulus<E> {
    pub key: String,
    pub cause: Cause<E>,
}

pub(crate) enum Cause<E> {
    Event(Box<Delivered<E>>),
    Timer { name: String, due: DateTime<Utc> },
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    process: String,
    key: String,
    state: serde_json::Value,
    timers: Vec<String>,
}

/// A timer that is set.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub process: String,
    pub key: String,
    pub name: String,
    pub due: DateTime<Utc>,
    pub correlation_id: Uuid,
    pub causation_id: Uuid,
    pub trace_context: Option<String>,
}

/// A command that waits to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    request_id: Uuid,
    process: String,
    key: String,
    service: String,
    method: String,
    /// As Postgres reads bytes: `\x` and hexadecimal digits.
    body: String,
    correlation_id: Uuid,
    causation_id: Uuid,
    trace_context: Option<String>,
}

crate::rows! {
    Instance in "process_instances" by (process: String, key: String),
    Timer in "process_timers" by (process: String, key: String, name: String),
    Outgoing in "process_outbox" by (request_id: Uuid),
}

crate::tables! {
    pub(crate) struct ProcessTables {
        instances: Instance,
        timers: Timer,
        outbox: Outgoing,
    }
}

/// The fold of a process.
pub(crate) struct ProcessFold<P>(pub Arc<P>);

impl<P: Process> Projection for ProcessFold<P> {
    const NAME: &'static str = P::NAME;
    const FOLD_VERSION: i32 = 1;
    const REBUILDABLE: bool = false;
    type Event = Stimulus<P::Event>;
    type Tables = ProcessTables;

    fn keys(&self, event: &Delivered<Self::Event>) -> Keys {
        Keys::one(&event.event.key)
    }

    fn fold(
        &self,
        event: &Delivered<Self::Event>,
        tables: &mut ProcessTables,
    ) -> Result<(), FoldError> {
        let id = (P::NAME.to_owned(), event.event.key.clone());
        let (mut state, mut timers) = match tables.instances.get(&id) {
            Some(instance) => {
                let state = P::State::deserialize(&instance.state).map_err(|error| {
                    FoldError::new(format!("the state cannot be read: {error}"))
                })?;
                (state, instance.timers.clone())
            }
            None => (P::State::default(), Vec::new()),
        };
        let input = match &event.event.cause {
            Cause::Event(delivered) => Input::Event(delivered),
            Cause::Timer { name, due } => {
                timers.retain(|timer| timer != name);
                tables.timers.remove(&timer_key::<P>(&id.1, name));
                Input::Timer { name, due: *due }
            }
        };
        let effects = self.0.react(&mut state, input);
        let mut instance = Some(Instance {
            process: id.0.clone(),
            key: id.1.clone(),
            state: serde_json::Value::Null,
            timers,
        });
        for (index, effect) in effects.into_iter().enumerate() {
            carry_out::<P>(event, index, effect, &mut instance, tables);
        }
        match instance {
            Some(mut instance) => {
                instance.state = serde_json::to_value(&state).map_err(|error| {
                    FoldError::new(format!("the state cannot be kept: {error}"))
                })?;
                tables.instances.insert(instance);
            }
            None => tables.instances.remove(&id),
        }
        Ok(())
    }
}

fn timer_key<P: Process>(key: &str, name: &str) -> (String, String, String) {
    (P::NAME.to_owned(), key.to_owned(), name.to_owned())
}

fn carry_out<P: Process>(
    event: &Delivered<Stimulus<P::Event>>,
    index: usize,
    effect: Effect,
    instance: &mut Option<Instance>,
    tables: &mut ProcessTables,
) {
    let key = &event.event.key;
    match effect {
        Effect::Send {
            service,
            method,
            build,
        } => {
            let request_id = request_id::<P>(event, index);
            tables.outbox.insert(Outgoing {
                request_id,
                process: P::NAME.to_owned(),
                key: key.clone(),
                service: service.to_owned(),
                method: method.to_owned(),
                body: hexadecimal(&build(request_id.to_string())),
                correlation_id: event.correlation_id,
                causation_id: event.event_id,
                trace_context: event.trace_context.clone(),
            });
        }
        Effect::SetTimer { name, due } => {
            let Some(instance) = instance else { return };
            if !instance.timers.iter().any(|timer| timer == name) {
                instance.timers.push(name.to_owned());
            }
            tables.timers.insert(Timer {
                process: P::NAME.to_owned(),
                key: key.clone(),
                name: name.to_owned(),
                due,
                correlation_id: event.correlation_id,
                causation_id: event.event_id,
                trace_context: event.trace_context.clone(),
            });
        }
        Effect::ClearTimer { name } => {
            if let Some(instance) = instance {
                instance.timers.retain(|timer| timer != name);
            }
            tables.timers.remove(&timer_key::<P>(key, name));
        }
        Effect::Done => {
            for timer in instance.take().into_iter().flat_map(|ended| ended.timers) {
                tables.timers.remove(&timer_key::<P>(key, &timer));
            }
        }
    }
}

/// The same for the same cause, however often it is worked out.
fn request_id<P: Process>(event: &Delivered<Stimulus<P::Event>>, index: usize) -> Uuid {
    let name = match &event.event.cause {
        Cause::Event(event) => format!("{}/{}/{index}", P::NAME, event.event_id),
        Cause::Timer { name, due } => format!(
            "{}/{}/{name}/{}/{index}",
            P::NAME,
            event.event.key,
            due.timestamp_micros()
        ),
    };
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// As Postgres reads bytes in JSON.
fn hexadecimal(bytes: &[u8]) -> String {
    format!("\\x{}", hex(bytes))
}

/// A feed of what makes the instances of a process react.
pub(crate) struct Stimuli<P: Process> {
    pub process: Arc<P>,
    pub feed: Arc<dyn Feed<P::Event>>,
}

impl<P: Process> Stimuli<P> {
    fn translate(&self, batch: Batch<P::Event>) -> Batch<Stimulus<P::Event>> {
        let mut stimuli = Batch::new(Vec::new(), batch.upto);
        stimuli.undecodable = batch.undecodable;
        for event in batch.events {
            match catch_unwind(AssertUnwindSafe(|| self.process.key(&event))) {
                Ok(Some(key)) => stimuli.events.push(stimulus(key, event)),
                Ok(None) => {}
                Err(panic) => stimuli.undecodable.push(Undecodable {
                    source: event.source,
                    position: event.position,
                    aggregate_id: event.aggregate_id,
                    error: message(panic.as_ref()),
                }),
            }
        }
        stimuli.undecodable.sort_by_key(|event| event.position);
        stimuli
    }
}

fn stimulus<E>(key: String, event: Delivered<E>) -> Delivered<Stimulus<E>> {
    Delivered {
        source: event.source,
        position: event.position,
        event_id: event.event_id,
        recorded_at: event.recorded_at,
        actor: event.actor.clone(),
        aggregate_id: event.aggregate_id.clone(),
        sequence: event.sequence,
        correlation_id: event.correlation_id,
        trace_context: event.trace_context.clone(),
        event: Stimulus {
            key,
            cause: Cause::Event(Box::new(event)),
        },
    }
}

impl<P: Process> Feed<Stimulus<P::Event>> for Stimuli<P> {
    fn source(&self) -> &'static str {
        self.feed.source()
    }

    fn read(
        &self,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Batch<Stimulus<P::Event>>, FeedError>> {
        Box::pin(async move { Ok(self.translate(self.feed.read(after, limit).await?)) })
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        self.feed.head()
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        self.feed.changed(after)
    }
}
