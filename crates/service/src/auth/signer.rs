//! The tokens with which a service calls the others.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use eventsourcing::TokenSource;

use super::{Claims, KeyPair};

const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Signs short-lived tokens for one service with the deployment's service key.
pub struct ServiceSigner {
    service: String,
    key: KeyPair,
    current: Mutex<Option<(String, DateTime<Utc>)>>,
}

impl ServiceSigner {
    /// For the service of this name.
    pub fn new(service: impl Into<String>, key: KeyPair) -> Self {
        Self {
            service: service.into(),
            key,
            current: Mutex::new(None),
        }
    }

    /// A token that is valid for at least half of five minutes.
    pub fn token(&self) -> String {
        let now = Utc::now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some((token, renew_at)) if now < *renew_at => token.clone(),
            _ => {
                let token = self
                    .key
                    .sign(&Claims::service(&self.service, now, LIFETIME));
                *current = Some((token.clone(), now + LIFETIME / 2));
                token
            }
        }
    }

    /// The same as a function, for those who know nothing of keys.
    pub fn into_source(self) -> TokenSource {
        Arc::new(move || self.token())
    }
}
