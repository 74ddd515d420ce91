//! What is known of a command besides the command itself.

use uuid::Uuid;

/// Who gave a command, what it answers to, and what it follows from. Stored with every event
/// that the command emits.
#[derive(Clone, Debug)]
pub struct Context {
    pub command_id: Uuid,
    /// The caller's request id, for commands that may be sent twice.
    pub request: Option<RequestKey>,
    /// `user:<uuid>`, `service:<name>` or `system`.
    pub actor: String,
    /// The same for everything that follows from one call at the edge.
    pub correlation_id: Uuid,
    /// The event that caused the command, if an event did.
    pub causation_id: Option<Uuid>,
    /// W3C `traceparent` of the call.
    pub trace_context: Option<String>,
}

impl Context {
    /// A command that the system gives itself, without a request id.
    pub fn system() -> Self {
        Self {
            command_id: Uuid::now_v7(),
            request: None,
            actor: "system".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            trace_context: None,
        }
    }

    /// The same context for a request id with the fingerprint of its request.
    #[must_use]
    pub fn with_request(mut self, id: Uuid, fingerprint: [u8; 32]) -> Self {
        self.request = Some(RequestKey { id, fingerprint });
        self
    }
}

/// A request id (AIP-155) and the fingerprint of the request it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The id that the caller chose.
    pub id: Uuid,
    /// Keyed hash over method, actor and body, without passwords, codes and tokens.
    pub fingerprint: [u8; 32],
}
