//! Processes, one input at a time.

use chrono::{DateTime, Utc};
use eventsourcing::{Delivered, Effect, Input, Process};
use prost::Message;
use uuid::Uuid;

/// A reaction that does nothing.
pub const NOTHING: [&str; 0] = [];

/// An event as a feed delivers it: the first of the aggregate of id 1.
pub fn delivered<E>(event: E) -> Delivered<E> {
    Delivered {
        source: "test",
        position: 1,
        event_id: Uuid::from_u128(100),
        recorded_at: DateTime::UNIX_EPOCH,
        actor: "system".to_owned(),
        aggregate_id: Uuid::from_u128(1).to_string(),
        sequence: 1,
        correlation_id: Uuid::from_u128(101),
        trace_context: None,
        event,
    }
}

/// One instance of a process, given inputs one after the other. Effects are shown as text:
/// `send /package.Service/Method`, `timer hold at 900`, `clear hold`, `done`.
pub struct Run<P: Process> {
    process: P,
    state: P::State,
    sent: Vec<Vec<u8>>,
}

impl<P: Process> Run<P> {
    /// An instance that has seen nothing yet.
    pub fn of(process: P) -> Self {
        Self {
            process,
            state: P::State::default(),
            sent: Vec::new(),
        }
    }

    /// What the process does upon an event.
    pub fn event(&mut self, event: impl Into<P::Event>) -> Vec<String> {
        self.delivered(&delivered(event.into()))
    }

    /// The same with all that a feed says of the event.
    pub fn delivered(&mut self, event: &Delivered<P::Event>) -> Vec<String> {
        self.react(Input::Event(event))
    }

    /// What the process does when a timer fires.
    pub fn timer(&mut self, name: &str, due: DateTime<Utc>) -> Vec<String> {
        self.react(Input::Timer { name, due })
    }

    /// The only command that the last input sent, with the request id `request`.
    ///
    /// # Panics
    /// When it sent none, or several, or one of another kind.
    pub fn sent<M: Message + Default>(&self) -> M {
        let [request] = self.sent.as_slice() else {
            panic!("it sent {} commands", self.sent.len());
        };
        M::decode(request.as_slice()).unwrap()
    }

    /// What the process remembers.
    pub fn state(&self) -> &P::State {
        &self.state
    }

    fn react(&mut self, input: Input<'_, P::Event>) -> Vec<String> {
        self.sent.clear();
        let effects = self.process.react(&mut self.state, input);
        effects
            .into_iter()
            .map(|effect| self.show(effect))
            .collect()
    }

    fn show(&mut self, effect: Effect) -> String {
        match effect {
            Effect::Send {
                service,
                method,
                build,
            } => {
                let package = format!("/divinetime.{service}.");
                assert!(method.starts_with(&package), "{service} has no {method}");
                self.sent.push(build("request".to_owned()));
                format!("send {method}")
            }
            Effect::SetTimer { name, due } => format!("timer {name} at {}", due.timestamp()),
            Effect::ClearTimer { name } => format!("clear {name}"),
            Effect::Done => "done".to_owned(),
        }
    }
}
