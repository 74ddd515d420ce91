//! Why a demo cannot be played.

use contracts::common::v1::ErrorReason;
use tonic::Status;
use tonic_types::StatusExt as _;

/// Something that ends the demo before it has a result.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Neither an administrator was named nor does `up` run here.
    #[error(
        "the demo needs an administrator: start `divinetime up` in this directory, or give --admin-email and DIVINETIME_ADMIN_PASSWORD"
    )]
    NoAdmin,
    /// An administrator without a password.
    #[error("--admin-email needs the password in DIVINETIME_ADMIN_PASSWORD")]
    NoPassword,
    /// An address that is none.
    #[error("{address} is not the address of a service: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody listens.
    #[error("{service} does not answer at {address}: is `divinetime up` running?")]
    Unreachable {
        /// The service.
        service: &'static str,
        /// Where it should be.
        address: String,
    },
    /// A call that should have succeeded.
    #[error("{what}: {} ({:?})", .status.message(), .status.code())]
    Refused {
        /// What was attempted.
        what: String,
        /// The answer.
        status: Box<Status>,
    },
    /// An answer without what the contract promises.
    #[error("an answer lacks {0}")]
    Incomplete(&'static str),
    /// Something that should come about by itself did not.
    #[error("{0} did not come about within a minute")]
    Overdue(String),
    /// The result cannot be printed.
    #[error("the result cannot be printed: {0}")]
    Output(#[from] std::io::Error),
}

/// Says what was attempted when a call fails.
pub trait Attempt<T> {
    /// The value, or the refusal with what was attempted.
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

/// The documented reason of a refusal.
pub fn reason(status: &Status) -> Option<ErrorReason> {
    let details = status.get_error_details();
    let info = details.error_info()?;
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason))
}
