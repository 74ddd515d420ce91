//! How an aggregate of this house is written, and how it is an aggregate of cqrs-es.

use std::error::Error;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::claims::ClaimingEvent;

/// An aggregate that decides without waiting for anything: ids, time, prices and policies come in
/// with the command.
///
/// [`Root`] makes it an `Aggregate` of cqrs-es, so that its test kit and postgres-es work on it.
pub trait Decide: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The type of the aggregate in the log, stable.
    const TYPE: &'static str;
    /// What can be asked of it.
    type Command: Clone + Send;
    /// What happens to it.
    type Event: ClaimingEvent + 'static;
    /// Why it refuses.
    type Error: Error + Send + Sync + 'static;

    /// The events that follow from a command. None means that the command is done already, which
    /// is success.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Error>;

    /// Changes the state by an event that has happened. It cannot refuse.
    fn apply(&mut self, event: Self::Event);
}

/// An aggregate as cqrs-es knows it: its `handle` writes what `decide` returns. Stored as the
/// aggregate itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent, bound = "A: Decide")]
pub struct Root<A>(pub A);

impl<A: Decide> Aggregate for Root<A> {
    const TYPE: &'static str = A::TYPE;
    type Command = A::Command;
    type Event = A::Event;
    type Error = A::Error;
    type Services = ();

    async fn handle(
        &mut self,
        command: A::Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), A::Error> {
        for event in self.0.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: A::Event) {
        self.0.apply(event);
    }
}
