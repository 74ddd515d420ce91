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

    /// Executes a command; when somebody else holds what it claims, executes another one instead.
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

/// The outcome of an operation, and the position of its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded<T> {
    pub outcome: T,
    pub position: i64,
}

/// A command of which callers learn no more than where it is recorded.
impl From<Committed> for Recorded<()> {
    fn from(committed: Committed) -> Self {
        Self {
            outcome: (),
            position: committed.position,
        }
    }
}

/// Performs the write RPCs whose command is more than the decision of one aggregate: a function
/// that commits by itself.
#[derive(Clone, Copy, Debug)]
pub struct Operations {
    service: &'static str,
}

impl Operations {
    /// On the log of a service.
    pub fn on(runtime: &Runtime) -> Self {
        Self::new(runtime.name)
    }

    /// Operations that are recorded in the log of a service.
    pub const fn new(service: &'static str) -> Self {
        Self { service }
    }

    /// Performs an operation and answers with what it came to. `M` is the request as its
    /// fingerprint covers it.
    pub async fn perform<M, T, E, F>(
        self,
        call: &Call,
        request: &M,
        operation: impl FnOnce(Context) -> F + Send,
        reply: impl FnOnce(T) -> M::Answer + Send,
    ) -> Result<Response<M::Answer>, Status>
    where
        M: WriteRpc,
        E: Into<Status>,
        F: Future<Output = Result<Recorded<T>, E>> + Send,
    {
        let performed = operation(context(call, request)?).await;
        let Recorded { outcome, position } = performed.map_err(Into::into)?;
        let answer = recorded(self.service, position, reply(outcome));
        Ok(Response::new(answer))
    }
}

/// The stored answer of a command, with its position in the log of the service.
fn stored<T: Message + Default + Positioned>(
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

/// The context of the command that a write RPC gives. The same request with its ids in other
/// letters, as other clients write them, is the same request.
fn context<M: WriteRpc>(call: &Call, request: &M) -> Result<Context, Status> {
    let mut fields = Fields::new();
    let request_id: Uuid = fields.id("request_id", request.request_id());
    fields.finish()?;
    let mut request = request.clone();
    request.spell_ids();
    Ok(call.context(M::PATH, request_id, &request))
}

#[cfg(test)]
mod tests {
    use contracts::identity::v1::{LogoutRequest, LogoutResponse};
    use contracts_core::common::v1::LogPosition;
    use eventsourcing::{Committed, RequestKey};

    use super::*;
    use crate::auth::Principal;

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

    fn log_out() -> LogoutRequest {
        LogoutRequest {
            request_id: Uuid::from_u128(7).to_string(),
            login_id: String::new(),
        }
    }

    #[tokio::test]
    async fn an_operation_has_the_request_and_is_answered_with_its_position() {
        let (call, request) = (Call::by(Principal::Anonymous), log_out());
        let operation = async |context: Context| {
            let position = i64::try_from(context.request.unwrap().id.as_u128()).unwrap();
            let outcome = ();
            Ok::<_, Status>(Recorded { outcome, position })
        };
        let reply = |()| LogoutResponse::default();
        let operations = Operations::new("identity");
        let answer = operations.perform(&call, &request, operation, reply).await;
        let position = Some(wire::position("identity", 7));
        assert_eq!(answer.unwrap().into_inner(), LogoutResponse { position });
    }

    #[test]
    fn a_request_is_the_same_however_its_ids_are_spelt() {
        use contracts::ticketing::v1::{HoldTicketsRequest, TicketLine};

        let call = Call::by(Principal::Anonymous);
        let key = |request: &HoldTicketsRequest| {
            let RequestKey { id, fingerprint } = context(&call, request).unwrap().request.unwrap();
            (id, fingerprint)
        };
        let request = |spell: fn(String) -> String| HoldTicketsRequest {
            request_id: spell(Uuid::from_u128(0xa).to_string()),
            event_id: spell(Uuid::from_u128(0xb).to_string()),
            lines: vec![TicketLine {
                tier_id: spell(Uuid::from_u128(0xc).to_string()),
                child_id: spell(Uuid::from_u128(0xd).to_string()),
            }],
        };
        let small = request(|id| id);
        let capital = request(|id| id.to_uppercase());
        assert_ne!(small, capital);
        assert_eq!(key(&small), key(&capital));
        let mut other = small.clone();
        other.lines[0].child_id = Uuid::from_u128(0xe).to_string();
        assert_ne!(key(&small), key(&other));
    }

    #[tokio::test]
    async fn an_operation_that_fails_is_answered_with_its_status() {
        let (call, request) = (Call::by(Principal::Anonymous), log_out());
        let operation = async |_: Context| Err::<Recorded<()>, _>(Status::not_found("no login"));
        let reply = |()| LogoutResponse::default();
        let operations = Operations::new("identity");
        let answer = operations.perform(&call, &request, operation, reply).await;
        assert_eq!(answer.unwrap_err().message(), "no login");
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
