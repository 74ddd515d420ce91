//! What a handler knows of its caller.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use chrono::{DateTime, SubsecRound as _, Utc};
use contracts_core::common::v1::Role;
use eventsourcing::{Context, RequestKey};
use http::HeaderMap;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use tonic::{Request, Status};
use uuid::Uuid;
use values::UserId;

use crate::auth::{KeyPair, Principal};
use crate::errors::role_not_allowed;

/// Metadata in which a service passes on what its command follows from.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// Metadata in which a service names the event that caused its command.
pub const CAUSATION_HEADER: &str = "x-causation-id";

/// The id of something new, which its place in time orders (UUID version 7).
pub fn new_id<I: From<Uuid>>() -> I {
    Uuid::now_v7().into()
}

/// The moment of a command, in the microseconds that Postgres keeps.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The circumstances of one call. The access layer puts it into the request's extensions.
#[derive(Debug, Clone)]
pub struct Call {
    pub principal: Principal,
    /// W3C `traceparent` of the call's span, or the caller's when spans are not recorded.
    pub trace_context: Option<String>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// The same for everything that follows from one call at the edge.
    pub correlation_id: Uuid,
    /// The event that made a service call.
    pub causation_id: Option<Uuid>,
    /// The login that the caller's token belongs to.
    pub login_id: Option<Uuid>,
    /// Where the call comes from. Personal: it is neither logged nor stored as it is.
    pub client_address: Option<IpAddr>,
    /// Makes the fingerprints of requests.
    pub fingerprint_key: FingerprintKey,
}

/// Makes fingerprints of requests that tell nothing to anybody without the deployment's service
/// key, not even to somebody who guesses the request. Cheap to clone; never prints.
#[derive(Clone)]
pub struct FingerprintKey(Arc<hmac::Key>);

impl FingerprintKey {
    /// The key that belongs to a service key.
    pub fn derived(service_key: &KeyPair) -> Self {
        Self::new(&service_key.derive("request fingerprints"))
    }

    fn new(bytes: &[u8]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// For calls that did not come through the access layer: it lasts as long as the process.
    pub(crate) fn of_process() -> Self {
        static KEY: LazyLock<FingerprintKey> = LazyLock::new(|| {
            let mut bytes = [0; 32];
            if SystemRandom::new().fill(&mut bytes).is_err() {
                tracing::warn!("no randomness for the fingerprints of requests");
            }
            FingerprintKey::new(&bytes)
        });
        KEY.clone()
    }

    pub(crate) fn fingerprint(&self, method: &str, actor: &str, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &framed(method, actor, message));
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Whether a fingerprint is that of these, in a time that tells nothing of it.
    pub(crate) fn is_of(
        &self,
        fingerprint: &[u8],
        method: &str,
        actor: &str,
        message: &[u8],
    ) -> bool {
        hmac::verify(&self.0, &framed(method, actor, message), fingerprint).is_ok()
    }
}

fn framed(method: &str, actor: &str, message: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(method.len() + actor.len() + message.len() + 24);
    for part in [method.as_bytes(), actor.as_bytes(), message] {
        framed.extend_from_slice(&(part.len() as u64).to_be_bytes());
        framed.extend_from_slice(part);
    }
    framed
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
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
            login_id: None,
            client_address: None,
            fingerprint_key: FingerprintKey::of_process(),
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

    /// The user who calls, with their role; `None` for services and unknown callers.
    pub fn user(&self) -> Option<(Role, UserId)> {
        match self.principal {
            Principal::User { id, role } => Some((role, id.into())),
            Principal::Anonymous | Principal::Service { .. } => None,
        }
    }

    /// The parent who calls.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for everybody else, with this message.
    pub fn parent(&self, message: &str) -> Result<UserId, Status> {
        match self.user() {
            Some((Role::Parent, id)) => Ok(id),
            _ => Err(role_not_allowed(message)),
        }
    }

    pub fn is_admin(&self) -> bool {
        self.principal.role() == Role::Admin
    }

    pub fn is_service(&self) -> bool {
        self.principal.role() == Role::Service
    }

    /// The network that the call comes from, as far as attempts are counted together: an IPv4
    /// address, or the /64 of an IPv6 address, all of which one customer has. "unknown" when
    /// nothing is known.
    pub fn client_network(&self) -> String {
        match self.client_address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                format!("{}/64", Ipv6Addr::from(network))
            }
        }
    }

    /// The context of what follows from this call without being its command: it has no request id,
    /// and is recorded anew each time.
    pub fn follow_up(&self) -> Context {
        Context {
            actor: self.principal.actor(),
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            trace_context: self.trace_context.clone(),
            ..Context::system()
        }
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
        let message = message.encode_to_vec();
        let fingerprint = self.fingerprint_key.fingerprint(method, &actor, &message);
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

#[cfg(test)]
mod tests {
    use contracts_core::common::v1::LogPosition;
    use tonic::Code;

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

    #[test]
    fn a_fingerprint_is_that_of_the_service_key() {
        let pair = KeyPair::generate().unwrap();
        let under =
            |key: &KeyPair| FingerprintKey::derived(key).fingerprint("/a", "user:1", b"message");
        assert_eq!(under(&pair), under(&pair));
        assert_ne!(under(&pair), under(&KeyPair::generate().unwrap()));
    }

    #[test]
    fn one_customer_is_one_network() {
        let from = |address: &str| {
            let mut call = user(1);
            call.client_address = Some(address.parse().unwrap());
            call.client_network()
        };
        assert_eq!(from("192.0.2.7"), "192.0.2.7");
        assert_eq!(from("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(from("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(user(1).client_network(), "unknown");
    }

    #[test]
    fn only_a_parent_calls_as_a_parent() {
        let parent = user(1);
        assert_eq!(parent.parent("no").unwrap(), Uuid::from_u128(1).into());
        let admin = Call::by(Principal::User {
            id: Uuid::from_u128(1),
            role: Role::Admin,
        });
        let service = Call::by(Principal::Service {
            name: "scheduling".into(),
        });
        for call in [admin, service, Call::by(Principal::Anonymous)] {
            let refused = call.parent("only parents book").unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied);
            assert_eq!(refused.message(), "only parents book");
        }
    }

    fn user(id: u128) -> Call {
        Call::by(Principal::User {
            id: Uuid::from_u128(id),
            role: Role::Parent,
        })
    }
}
