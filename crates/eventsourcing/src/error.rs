//! What can go wrong with the log.

/// A failure of the log itself, never a refusal of the domain.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database cannot be reached or is not ready; trying again may help.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// The database refused for a reason that trying again does not change.
    #[error("the event log refused: {0}")]
    Database(#[source] sqlx::Error),
    /// A stored event or snapshot cannot be read by this program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The command cannot be stored, for example because it claims one thing twice.
    #[error("the command cannot be stored: {0}")]
    Unstorable(String),
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        if is_transient(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Database(error)
        }
    }
}

/// A stored event that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("{event_type} {event_version} at position {position} cannot be read: {reason}")]
pub struct DecodeError {
    /// Name of the event.
    pub event_type: String,
    pub event_version: String,
    /// Where it stands in the log.
    pub position: i64,
    /// What is wrong with it.
    pub reason: String,
}

/// Whether a database error may go away by itself: lost connections, a server that starts or
/// stops, exhausted resources, deadlocks.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| matches!(code.get(..2), Some("08" | "40" | "53" | "57" | "58"))),
        _ => false,
    }
}
