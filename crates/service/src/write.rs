//! The write RPC: a parsed request becomes a command, the command an answer with its position.

use std::fmt::Display;

use contracts_core::{Positioned, WriteRpc, wire};
use eventsourcing::{Committed, Context, Decide, ExecuteError, Repository};
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
    /// On the aggregates in the log of a service.
    pub fn on(runtime: &Runtime) -> Self {
        Self {
            service: runtime.name,
            repository: Repository::new(&runtime.log),
        }
    }

    /// Executes a command on an aggregate.
    pub async fn execute<M: WriteRpc>(
        &self,
        call: &Call,
        request: &M,
        id: impl Display,
        command: A::Command,
        reply: impl Fn(&A, &[A::Event]) -> M::Answer,
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
        reply: impl Fn(&A, &[A::Event]) -> M::Answer,
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
        reply: impl Fn(&A, &[A::Event]) -> M::Answer,
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
    let mut answer = T::decode(committed.reply.as_slice()).map_err(internal)?;
    answer.set_position(wire::position(service, committed.position));
    Ok(answer)
}

/// The context of the command that a write RPC gives.
pub fn context<M: WriteRpc>(call: &Call, request: &M) -> Result<Context, Status> {
    let mut fields = Fields::new();
    let request_id: Uuid = fields.id("request_id", request.request_id());
    fields.finish()?;
    Ok(call.context(M::PATH, request_id, request))
}
