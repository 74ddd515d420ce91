//! The write RPC: a parsed request becomes a command, the command an answer with its position.

use std::fmt::Display;

use contracts_core::{Positioned, WriteRpc, wire};
use eventsourcing::{Committed, Context, Decide, EventLog, ExecuteError, Repository};
use prost::Message;
use tonic::{Response, Status};
use uuid::Uuid;

use crate::call::Call;
use crate::definition::Runtime;
use crate::errors::{self, Refusal, internal};
use crate::fields::Fields;

/// Executes the commands of write RPCs on one type of aggregate. Cheap to clone.
///
/// The answer is made from the state after the command, and stored with the request id: whoever
/// asks again with the same id gets the first answer.
pub struct Writes<A> {
    service: &'static str,
    repository: Repository<A>,
}

impl<A> Clone for Writes<A> {
    fn clone(&self) -> Self {
        Self {
            service: self.service,
            repository: self.repository.clone(),
        }
    }
}

impl<A> Writes<A>
where
    A: Decide,
    A::Error: Refusal,
{
    /// On the aggregates of a service.
    pub fn on(runtime: &Runtime) -> Self {
        Self::new(runtime.name, &runtime.log)
    }

    /// On the aggregates in the log of a service.
    pub fn new(service: &'static str, log: &EventLog) -> Self {
        Self {
            service,
            repository: Repository::new(log),
        }
    }

    /// Executes a command on an aggregate.
    pub async fn execute<M: WriteRpc>(
        &self,
        call: &Call,
        request: &M,
        id: impl Display,
        command: A::Command,
        reply: impl Fn(&A, &[A::Event]) -> M::Answer + Sync,
    ) -> Result<Response<M::Answer>, Status> {
        let context = context(call, request)?;
        let reply = |state: &A, events: &[_]| reply(state, events).encode_to_vec();
        let executed = self
            .repository
            .execute(&id.to_string(), context, command, reply)
            .await;
        self.answer::<M>(executed)
    }

    /// The same for an aggregate whose id was made for this command: nothing is loaded.
    pub async fn create<M: WriteRpc>(
        &self,
        call: &Call,
        request: &M,
        id: impl Display,
        command: A::Command,
        reply: impl Fn(&A, &[A::Event]) -> M::Answer + Sync,
    ) -> Result<Response<M::Answer>, Status> {
        let context = context(call, request)?;
        let reply = |state: &A, events: &[_]| reply(state, events).encode_to_vec();
        let executed = self
            .repository
            .create(&id.to_string(), context, command, reply)
            .await;
        self.answer::<M>(executed)
    }

    /// Executes a command, or another one in its place when somebody else holds what it claims.
    pub async fn execute_or<M: WriteRpc>(
        &self,
        call: &Call,
        request: &M,
        id: impl Display,
        (command, when_taken): (A::Command, A::Command),
        reply: impl Fn(&A, &[A::Event]) -> M::Answer + Sync,
    ) -> Result<Response<M::Answer>, Status> {
        let context = context(call, request)?;
        let id = id.to_string();
        let reply = |state: &A, events: &[_]| reply(state, events).encode_to_vec();
        let executed = self
            .repository
            .execute(&id, context.clone(), command, reply)
            .await;
        let executed = match executed {
            Err(ExecuteError::ClaimTaken { .. }) => {
                let instead = self.repository.execute(&id, context, when_taken, reply);
                instead.await
            }
            other => other,
        };
        self.answer::<M>(executed)
    }

    /// The aggregate as the log has it now; `None` if nothing happened to it.
    pub async fn load(&self, id: impl Display) -> Result<Option<A>, Status> {
        self.repository
            .load(&id.to_string())
            .await
            .map_err(internal)
    }

    /// The aggregates themselves, for commands that are no RPC of their own.
    pub fn repository(&self) -> &Repository<A> {
        &self.repository
    }

    fn answer<M: WriteRpc>(
        &self,
        executed: Result<Committed, ExecuteError<A::Error>>,
    ) -> Result<Response<M::Answer>, Status> {
        let committed = executed.map_err(errors::status)?;
        stored(self.service, &committed).map(Response::new)
    }
}

/// The stored answer of a command, with its position in the log of the service.
pub fn stored<T: Message + Default + Positioned>(
    service: &str,
    committed: &Committed,
) -> Result<T, Status> {
    let answer = T::decode(committed.reply.as_slice()).map_err(internal)?;
    Ok(recorded(service, committed.position, answer))
}

/// An answer about what was recorded at a position in the log of the service, with that position.
pub fn recorded<T: Positioned>(service: &str, position: i64, mut answer: T) -> T {
    answer.set_position(wire::position(service, position));
    answer
}

/// The context of the command that a write RPC gives.
pub fn context<M: WriteRpc>(call: &Call, request: &M) -> Result<Context, Status> {
    let mut fields = Fields::new();
    let request_id: Uuid = fields.id("request_id", request.request_id());
    fields.finish()?;
    Ok(call.context(M::PATH, request_id, request))
}

#[cfg(test)]
mod tests {
    use contracts_core::common::v1::LogPosition;
    use eventsourcing::Committed;

    use super::*;

    /// An answer with a position and one more field.
    #[derive(Clone, PartialEq, Message)]
    struct Answer {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, tag = "2")]
        position: Option<LogPosition>,
    }

    impl Positioned for Answer {
        fn set_position(&mut self, position: LogPosition) {
            self.position = Some(position);
        }
    }

    fn answer(name: &str, position: i64) -> Answer {
        Answer {
            name: name.to_owned(),
            position: Some(wire::position("identity", position)),
        }
    }

    #[test]
    fn an_answer_gets_the_position_at_which_it_is_recorded() {
        let before = Answer {
            name: "Ada".to_owned(),
            position: None,
        };
        assert_eq!(recorded("identity", 7, before), answer("Ada", 7));
    }

    #[test]
    fn an_empty_stored_answer_is_one_of_a_position_alone() {
        let committed = |reply| Committed {
            position: 8,
            reply,
            replayed: false,
        };
        let empty: Answer = stored("identity", &committed(Vec::new())).unwrap();
        assert_eq!(empty, answer("", 8));
        let named = answer("Ada", 3).encode_to_vec();
        let named: Answer = stored("identity", &committed(named)).unwrap();
        assert_eq!(named, answer("Ada", 8));
    }
}
