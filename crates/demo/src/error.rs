//! What can end the demo early, and the reasons of refused calls.

use contracts::common::v1::ErrorReason;
use tonic::Status;
use tonic_types::StatusExt as _;

/// Something that ends the demo before it has a result.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No administrator was named, and no `up` has made one in the data directory.
    #[error(
        "the demo needs an administrator: start `divinetime up` in this directory, or give --admin-email and DIVINETIME_ADMIN_PASSWORD"
    )]
    NoAdmin,
    /// An administrator was named without a password.
    #[error("--admin-email needs the password in DIVINETIME_ADMIN_PASSWORD")]
    NoPassword,
    /// The address of a service is not a URL.
    #[error("{address} is not the address of a service: {reason}")]
    Address {
        /// The address as it was given.
        address: String,
        /// What is wrong with the address.
        reason: String,
    },
    /// Nothing listens at the address of a service.
    #[error("{service} does not answer at {address}: is `divinetime up` running?")]
    Unreachable {
        /// The name of the service.
        service: &'static str,
        /// The address at which the service should listen.
        address: String,
    },
    /// A call failed that the season cannot do without.
    #[error("{what}: {} ({:?})", .status.message(), .status.code())]
    Refused {
        /// What the call was for.
        what: String,
        /// The answer to the call.
        status: Box<Status>,
    },
    /// An answer lacks a part that the contract promises.
    #[error("an answer lacks {0}")]
    Incomplete(&'static str),
    /// The services did not bring about in time what they should bring about by themselves.
    #[error("{0} did not come about within a minute")]
    Overdue(String),
    /// The result cannot be printed.
    #[error("the result cannot be printed: {0}")]
    Output(#[from] std::io::Error),
}

/// Adds what a call was for to its refusal.
pub trait Attempt<T> {
    fn attempting(self, what: &str) -> Result<T, DemoError>;
}

impl<T> Attempt<T> for Result<T, Status> {
    fn attempting(self, what: &str) -> Result<T, DemoError> {
        self.map_err(|status| DemoError::Refused {
            what: what.to_owned(),
            status: Box::new(status),
        })
    }
}

/// The reason that the details of a refusal give, where it is one of the contract.
pub fn reason(status: &Status) -> Option<ErrorReason> {
    let details = status.get_error_details();
    let info = details.error_info()?;
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason))
}
