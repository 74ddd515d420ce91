//! The one layer that every call passes: limit, deadline, access, trace and metrics.

use std::convert::Infallible;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use contracts_core::common::v1::ErrorReason;
use contracts_core::{AccessRule, Contract};
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

use crate::auth::{Holder, Principal, TokenError, Verifier};
use crate::call::Call;
use crate::errors::{invalid_fields, refused, retry_later, role_not_allowed, violation};
use crate::metrics::{Metrics, Observed, code_name};
use crate::{deadline, telemetry};

/// Open to everyone and free of limits: what operators and balancers look at.
const INFRASTRUCTURE: [&str; 4] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
    METRICS_PATH,
];

/// Where Prometheus reads, by plain HTTP on the port of the RPCs.
pub(crate) const METRICS_PATH: &str = "/metrics";

/// Where proxies write down whom they have seen.
const FORWARDED: &str = "x-forwarded-for";

/// tonic watches `grpc-timeout` too, with a poorer answer; ours has to be there first.
const HEAD_START: Duration = Duration::from_millis(2);

/// How prost begins what it says of bytes that are no message.
const UNREADABLE: &str = "failed to decode Protobuf message";
/// What tonic says of a message beyond its limit.
const TOO_LARGE: &str = "message length too large";

/// No call keeps its place longer before it is answered, whatever its caller allows.
const LONGEST: Duration = Duration::from_mins(1);

/// Enforces the access rules and the limits of a service on everything behind it.
#[derive(Clone)]
pub struct Guard {
    inner: Arc<Inner>,
    /// The proto services behind it.
    served: Arc<[&'static str]>,
}

struct Inner {
    contract: &'static Contract,
    service: &'static str,
    verifier: Verifier,
    metrics: Metrics,
    places: Arc<Semaphore>,
    limit: u32,
    draining: AtomicBool,
    default_deadline: Duration,
    trusts_forwarded: bool,
}

impl Guard {
    /// For one service: the rules of the contract, `limit` calls at the same time, and a deadline
    /// for those without.
    pub fn new(
        contract: &'static Contract,
        service: &'static str,
        verifier: Verifier,
        metrics: Metrics,
        limit: u32,
        default_deadline: Duration,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limit as usize));
        let draining = AtomicBool::new(false);
        Self {
            served: Arc::new([]),
            inner: Arc::new(Inner {
                contract,
                service,
                verifier,
                metrics,
                places,
                limit,
                draining,
                default_deadline,
                trusts_forwarded: false,
            }),
        }
    }

    /// Takes the last hop of `x-forwarded-for` for the caller's address: right behind a proxy
    /// that sets it, and nowhere else. Before the first clone.
    #[must_use]
    pub fn trusting_forwarded(mut self, trusts: bool) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.trusts_forwarded = trusts;
        }
        self
    }

    /// In front of these proto services. Methods of all others are unknown.
    #[must_use]
    pub fn serving(self, names: &[&'static str]) -> Self {
        Self {
            served: names.into(),
            ..self
        }
    }

    /// The rule of a method that is served here.
    fn find(&self, path: &str) -> Option<(&'static str, &'static AccessRule)> {
        let (service, _) = path.strip_prefix('/')?.rsplit_once('/')?;
        let (method, rule) = self.inner.contract.find(path)?;
        self.served.contains(&service).then_some((method, rule))
    }

    /// The contract that it enforces.
    pub fn contract(&self) -> &'static Contract {
        self.inner.contract
    }

    /// From now on calls that still come in on open connections are answered `UNAVAILABLE`.
    pub fn refuse_further_calls(&self) {
        self.inner.draining.store(true, Ordering::Relaxed);
    }

    /// Returns when no call is under way.
    pub async fn idle(&self) {
        // The semaphore is never closed.
        let _ = self.inner.places.acquire_many(self.inner.limit).await;
    }

    fn take_place(&self) -> Result<OwnedSemaphorePermit, Status> {
        if self.inner.draining.load(Ordering::Relaxed) {
            return Err(retry_later(
                Code::Unavailable,
                ErrorReason::TemporarilyUnavailable,
                "the service is stopping: with the same request_id, trying again is safe",
                Duration::from_secs(1),
            ));
        }
        Arc::clone(&self.inner.places)
            .try_acquire_owned()
            .map_err(|_| {
                retry_later(
                    Code::ResourceExhausted,
                    ErrorReason::Overloaded,
                    "the service is at its limit: try again later",
                    Duration::from_millis(250),
                )
            })
    }

    fn deadline(&self, headers: &HeaderMap, arrived: Instant) -> Result<Instant, Status> {
        let timeout = deadline::timeout(headers).map_err(|deadline::Malformed| {
            invalid_fields(&[violation(
                "grpc-timeout",
                "TIMEOUT",
                "must be one to eight digits and one of the units H, M, S, m, u, n",
            )])
        })?;
        let allowed = match timeout {
            Some(timeout) => timeout.saturating_sub(HEAD_START),
            None => self.inner.default_deadline,
        };
        Ok(arrived + allowed.min(LONGEST))
    }

    async fn admit(&self, rule: &AccessRule, headers: &HeaderMap) -> Result<Holder, Status> {
        match self.holder(headers).await {
            Ok(holder) if rule.admits(holder.principal.role()) => Ok(holder),
            Ok(_) => Err(role_not_allowed(
                "the role of this token may not call this method",
            )),
            // Whoever logs in again may still send the old token.
            Err(_) if rule.public => Ok(Holder {
                principal: Principal::Anonymous,
                login_id: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Two tokens are none: which of them counts must not depend on who reads.
    async fn holder(&self, headers: &HeaderMap) -> Result<Holder, TokenError> {
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        let (first, further) = (authorizations.next(), authorizations.next());
        if further.is_some() {
            return Err(TokenError::Invalid);
        }
        let authorization = first.and_then(|value| value.to_str().ok());
        self.inner.verifier.holder(authorization).await
    }

    fn client_address(&self, request: &Request<Body>) -> Option<IpAddr> {
        if self.inner.trusts_forwarded {
            return forwarded(request.headers());
        }
        let connection = request.extensions().get::<TcpConnectInfo>()?;
        connection.remote_addr().map(|address| address.ip())
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            guard: self.clone(),
            inner,
        }
    }
}

/// A service behind a [`Guard`].
#[derive(Clone)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let path = request.uri().path();
        if INFRASTRUCTURE.iter().any(|open| path.starts_with(open)) {
            return Box::pin(inner.call(request));
        }
        let Some((method, rule)) = self.guard.find(path) else {
            // A method without an access rule does not exist for callers.
            return Box::pin(async {
                let unknown = refused(
                    Code::Unimplemented,
                    ErrorReason::MethodUnknown,
                    "there is no such method here",
                );
                Ok(unknown.into_http())
            });
        };
        let arrived = Instant::now();
        let guard = self.guard.clone();
        let span = telemetry::rpc_span(guard.inner.service, method, request.headers());
        Box::pin(
            async move { Ok(guard.run(inner, request, method, rule, arrived).await) }
                .instrument(span),
        )
    }
}

impl Guard {
    async fn run<S>(
        &self,
        inner: S,
        request: Request<Body>,
        method: &'static str,
        rule: &'static AccessRule,
        arrived: Instant,
    ) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let observed = self.inner.metrics.observe(method);
        match self.take_place() {
            Ok(place) => {
                let answer = self.answer(inner, request, rule, arrived).await;
                tracked(answer, observed, Some(place))
            }
            Err(overloaded) => tracked(Err(overloaded), observed, None),
        }
    }

    async fn answer<S>(
        &self,
        mut inner: S,
        mut request: Request<Body>,
        rule: &AccessRule,
        arrived: Instant,
    ) -> Result<Response<Body>, Status>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let deadline = self.deadline(request.headers(), arrived)?;
        let work = async {
            let Holder {
                principal,
                login_id,
            } = self.admit(rule, request.headers()).await?;
            let span = Span::current();
            span.record("caller", caller(&principal));
            let trace_context = telemetry::trace_context(&span, request.headers());
            let mut call = Call::new(
                principal,
                request.headers(),
                trace_context,
                deadline.into_std(),
            );
            call.login_id = login_id;
            call.client_address = self.client_address(&request);
            call.fingerprint_key = self.inner.verifier.fingerprint_key().clone();
            request.extensions_mut().insert(call);
            match inner.call(request).await {
                Ok(response) => Ok(explained(response)),
                Err(never) => match never {},
            }
        };
        tokio::time::timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| {
                Err(refused(
                    Code::DeadlineExceeded,
                    ErrorReason::DeadlineExceeded,
                    "the call was not answered before its deadline",
                ))
            })
    }
}

/// tonic refuses a message that it cannot read before any handler sees it, with a bare status. Ours
/// all have details.
fn explained(response: Response<Body>) -> Response<Body> {
    let bare = Status::from_header_map(response.headers());
    let Some(bare) = bare.filter(|status| status.details().is_empty()) else {
        return response;
    };
    let message = bare.message();
    let status = match bare.code() {
        Code::Internal if message.starts_with(UNREADABLE) => refused(
            Code::InvalidArgument,
            ErrorReason::MessageUnreadable,
            "the body is no message of this method",
        ),
        Code::OutOfRange if message.contains(TOO_LARGE) => {
            refused(Code::OutOfRange, ErrorReason::MessageTooLarge, message)
        }
        _ => return response,
    };
    status.into_http()
}

/// The address that the nearest proxy has seen: the last one of all lists, since everything
/// before it is what the caller says.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED).iter().next_back()?;
    let hop = last.to_str().ok()?.rsplit(',').next()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

/// Keeps a call's place and its clock until the answer has been sent or given up.
fn tracked(
    answer: Result<Response<Body>, Status>,
    mut observed: Observed,
    place: Option<OwnedSemaphorePermit>,
) -> Response<Body> {
    let response = answer.unwrap_or_else(Status::into_http);
    observed.note(response.headers());
    let span = Span::current();
    let mut kept = Kept {
        observed,
        span,
        _place: place,
    };
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            if let Some(trailers) = frame.trailers_ref() {
                kept.observed.note(trailers);
            }
            frame
        }))
    })
}

struct Kept {
    observed: Observed,
    span: Span,
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let code = code_name(self.observed.code);
        self.span.record("rpc.grpc.status", code);
        tracing::debug!(parent: &self.span, code, elapsed = ?self.observed.elapsed(), "answered");
    }
}

impl Observed {
    /// Takes the code from headers or trailers that carry one.
    fn note(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            self.code = Code::from_bytes(status.as_bytes());
        }
    }
}

fn caller(principal: &Principal) -> &str {
    match principal {
        Principal::Anonymous => "anonymous",
        Principal::User { .. } => "user",
        Principal::Service { name } => name,
    }
}
