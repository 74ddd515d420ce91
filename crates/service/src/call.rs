//! What a handler knows of its caller.

use std::time::Instant;

use contracts::common::v1::Role;
use eventsourcing::{Context, RequestKey};
use http::HeaderMap;
use ring::digest;
use tonic::Request;
use uuid::Uuid;

use crate::auth::Principal;

/// Metadata in which a service passes on what its command follows from.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// Metadata in which a service names the event that caused its command.
pub const CAUSATION_HEADER: &str = "x-causation-id";

/// The circumstances of one call. The access layer puts it into the request's extensions.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// W3C `traceparent` of the call's span, or the caller's when spans are not recorded.
    pub trace_context: Option<String>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// The same for everything that follows from one call at the edge.
    pub correlation_id: Uuid,
    /// The event that made a service call.
    pub causation_id: Option<Uuid>,
}

impl Call {
    /// The call that a request belongs to; an anonymous one for a request that did not come
    /// through the access layer.
    pub fn of<T>(request: &Request<T>) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::by(Principal::Anonymous))
    }

    /// A call by a principal, without trace and deadline.
    pub fn by(principal: Principal) -> Self {
        Self {
            principal,
            trace_context: None,
            deadline: None,
            correlation_id: Uuid::now_v7(),
            causation_id: None,
        }
    }

    /// From what the layer found out. Only services are believed what their call follows from.
    pub(crate) fn new(
        principal: Principal,
        headers: &HeaderMap,
        trace_context: Option<String>,
        deadline: Instant,
    ) -> Self {
        let mut call = Self {
            trace_context,
            deadline: Some(deadline),
            ..Self::by(principal)
        };
        if call.is_service() {
            let id = |name| headers.get(name)?.to_str().ok()?.parse::<Uuid>().ok();
            call.correlation_id = id(CORRELATION_HEADER).unwrap_or(call.correlation_id);
            call.causation_id = id(CAUSATION_HEADER);
        }
        call
    }

    /// The user who calls; `None` for services and unknown callers.
    pub fn user_id(&self) -> Option<Uuid> {
        match self.principal {
            Principal::User { id, .. } => Some(id),
            Principal::Anonymous | Principal::Service { .. } => None,
        }
    }

    /// An admin calls.
    pub fn is_admin(&self) -> bool {
        self.principal.role() == Role::Admin
    }

    /// Another service calls.
    pub fn is_service(&self) -> bool {
        self.principal.role() == Role::Service
    }

    /// The context of the command that this call gives. The same request id with another method,
    /// caller or message is another request, and refused by the log.
    pub fn context<M: prost::Message>(
        &self,
        method: &'static str,
        request_id: Uuid,
        message: &M,
    ) -> Context {
        let actor = self.principal.actor();
        let fingerprint = fingerprint(method, &actor, &message.encode_to_vec());
        Context {
            command_id: Uuid::now_v7(),
            request: Some(RequestKey {
                id: request_id,
                fingerprint,
            }),
            actor,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            trace_context: self.trace_context.clone(),
        }
    }
}

fn fingerprint(method: &str, actor: &str, message: &[u8]) -> [u8; 32] {
    let mut sha256 = digest::Context::new(&digest::SHA256);
    for part in [method.as_bytes(), actor.as_bytes(), message] {
        sha256.update(&(part.len() as u64).to_be_bytes());
        sha256.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(sha256.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use contracts::common::v1::LogPosition;

    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            CORRELATION_HEADER,
            Uuid::from_u128(7).to_string().parse().unwrap(),
        );
        headers.insert(
            CAUSATION_HEADER,
            Uuid::from_u128(8).to_string().parse().unwrap(),
        );
        headers
    }

    #[test]
    fn a_service_passes_on_what_its_call_follows_from_and_a_user_cannot() {
        let service = Principal::Service {
            name: "scheduling".into(),
        };
        let call = Call::new(service, &headers(), None, Instant::now());
        assert_eq!(call.correlation_id, Uuid::from_u128(7));
        assert_eq!(call.causation_id, Some(Uuid::from_u128(8)));
        let user = Principal::User {
            id: Uuid::from_u128(1),
            role: Role::Parent,
        };
        let call = Call::new(user, &headers(), None, Instant::now());
        assert_ne!(call.correlation_id, Uuid::from_u128(7));
        assert_eq!(call.causation_id, None);
    }

    #[test]
    fn the_fingerprint_tells_method_caller_and_message_apart() {
        let message = LogPosition {
            service: "identity".into(),
            position: 1,
        };
        let other = LogPosition {
            service: "identity".into(),
            position: 2,
        };
        let (one, two) = (user(1), user(2));
        let key = |call: &Call, method, message: &LogPosition| {
            call.context(method, Uuid::from_u128(9), message)
                .request
                .unwrap()
                .fingerprint
        };
        let base = key(&one, "/a", &message);
        assert_eq!(base, key(&one, "/a", &message));
        assert_ne!(base, key(&one, "/b", &message));
        assert_ne!(base, key(&two, "/a", &message));
        assert_ne!(base, key(&one, "/a", &other));
    }

    fn user(id: u128) -> Call {
        Call::by(Principal::User {
            id: Uuid::from_u128(id),
            role: Role::Parent,
        })
    }
}
