//! Users who are logged in, and requests with and without their tokens.

use std::time::Duration;

use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};

use crate::error::DemoError;

/// The deadline of every call.
const DEADLINE: Duration = Duration::from_secs(30);

/// A user with an access token.
#[derive(Clone)]
pub struct Person {
    pub user_id: String,
    authorization: MetadataValue<Ascii>,
}

impl Person {
    pub fn new(user_id: String, token: &str) -> Result<Self, DemoError> {
        let authorization = format!("Bearer {token}")
            .parse()
            .map_err(|_| DemoError::Incomplete("a usable access token"))?;
        Ok(Self {
            user_id,
            authorization,
        })
    }

    /// A request with this user's token.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Self::anonymous(message);
        request
            .metadata_mut()
            .insert("authorization", self.authorization.clone());
        request
    }

    /// A request without a token.
    pub fn anonymous<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(DEADLINE);
        request
    }
}
