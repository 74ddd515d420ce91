//! Calls to other services.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::trace;

/// Gives the token that a service shows when it calls another.
pub type TokenSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Channels to the services, by name. Cheap to clone; connections are made when first used and
/// made again when they are lost.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    addresses: HashMap<String, Endpoint>,
    token: TokenSource,
    channels: Mutex<HashMap<String, Channel>>,
    shared: Mutex<HashMap<String, Weak<dyn Any + Send + Sync>>>,
}

impl fmt::Debug for Bus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.inner.addresses.keys();
        formatter.debug_set().entries(services).finish()
    }
}

/// A channel to one service that shows the service token and the present span; usable with the
/// generated clients.
pub type BusChannel = InterceptedService<Channel, ServiceToken>;

/// Puts the service token on each call, and the trace context of the span that makes it.
#[derive(Clone)]
pub struct ServiceToken {
    service: String,
    known: bool,
    token: TokenSource,
}

impl Interceptor for ServiceToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.known {
            return Err(Status::failed_precondition(format!(
                "no address is configured for the service {}",
                self.service
            )));
        }
        let token: MetadataValue<Ascii> = format!("Bearer {}", (self.token)())
            .parse()
            .map_err(|_| Status::internal("the service token is not a header value"))?;
        request.metadata_mut().insert("authorization", token);
        let present: Option<MetadataValue<Ascii>> =
            trace::current().and_then(|context| context.parse().ok());
        if let Some(context) = present {
            request.metadata_mut().insert(trace::HEADER, context);
        }
        Ok(request)
    }
}

/// An address that is not a URL.
#[derive(Debug, thiserror::Error)]
#[error("the address {address} of {service} is not a URL like http://127.0.0.1:7101")]
pub struct BadAddress {
    pub service: String,
    pub address: String,
}

impl Bus {
    /// A bus to services at addresses like `http://127.0.0.1:7101`.
    pub fn new(
        addresses: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        token: TokenSource,
    ) -> Result<Self, BadAddress> {
        let mut endpoints = HashMap::new();
        for (service, address) in addresses {
            let (service, address) = (service.into(), address.into());
            match Endpoint::from_shared(address.clone()) {
                Ok(endpoint) => endpoints.insert(service, configured(endpoint)),
                Err(_) => return Err(BadAddress { service, address }),
            };
        }
        Ok(Self {
            inner: Arc::new(Inner {
                addresses: endpoints,
                token,
                channels: Mutex::default(),
                shared: Mutex::default(),
            }),
        })
    }

    /// The channel to a service. Calls to a service without an address are refused with
    /// `FAILED_PRECONDITION`. Calls have no deadline unless the caller sets one.
    pub fn channel(&self, service: &str) -> BusChannel {
        let token = ServiceToken {
            service: service.to_owned(),
            known: self.inner.addresses.contains_key(service),
            token: Arc::clone(&self.inner.token),
        };
        InterceptedService::new(self.connection(service), token)
    }

    fn connection(&self, service: &str) -> Channel {
        let mut channels = self
            .inner
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(service) {
            return channel.clone();
        }
        let endpoint = self.inner.addresses.get(service).cloned();
        // Never called when there is no address: the token refuses before.
        let endpoint =
            endpoint.unwrap_or_else(|| configured(Endpoint::from_static("http://127.0.0.1:9")));
        let channel = endpoint.connect_lazy();
        channels.insert(service.to_owned(), channel.clone());
        channel
    }

    /// The one value of its kind that belongs to this bus and lives while somebody holds it.
    pub(crate) fn shared<T: Send + Sync + 'static>(
        &self,
        name: String,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut shared = self
            .inner
            .shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let living = shared.get(&name).and_then(Weak::upgrade);
        if let Some(value) = living.and_then(|value| value.downcast().ok()) {
            return value;
        }
        let value = Arc::new(make());
        let erased: Arc<dyn Any + Send + Sync> = value.clone();
        shared.insert(name, Arc::downgrade(&erased));
        value
    }
}

fn configured(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(Duration::from_secs(2))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true)
}
