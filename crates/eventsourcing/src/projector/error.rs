//! What can keep a projector from going on.

use crate::{feed::FeedError, tables::TableError};

/// Why a projector cannot go on now. It tries again by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// A log cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("the read tables' database: {0}")]
    Database(#[from] sqlx::Error),
    /// The rows and the table do not fit together.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A fold has left a row that cannot be written.
    #[error(transparent)]
    Unwritable(TableError),
    /// Another projector of this name has become the owner.
    #[error("another projector of this name has taken over")]
    Fenced,
    /// The database has lost the last moves of the checkpoint, with the rows that they stood for:
    /// those of a projection are not flushed before a crash. It folds the same events again.
    #[error("the checkpoint of {0} is not where it was left")]
    Unsettled(&'static str),
    /// A replay has ended below its target: the log has lost events.
    #[error("the replay of {source_name} ends at {position}, below its target {target}")]
    BelowTarget {
        /// The service whose log it is.
        source_name: &'static str,
        /// Where the replay stands.
        position: i64,
        /// Where it must end.
        target: i64,
    },
    /// The checkpoint is ahead of the log: the log is not the one that was folded.
    #[error("the checkpoint of {source_name} is at {position}, but its log ends at {head}")]
    Ahead {
        /// The service whose log it is.
        source_name: &'static str,
        position: i64,
        /// The head of the log.
        head: i64,
    },
    /// The key is not parked.
    #[error("{0} is not parked")]
    NotParked(String),
    /// The key's events still cannot be folded.
    #[error("{key} stays parked: {error}")]
    StillParked {
        key: String,
        /// What is wrong with the first that fails.
        error: String,
    },
    /// A process has sent commands and cannot be computed again.
    #[error("a process cannot be rebuilt")]
    NotRebuildable,
}

impl ProjectorError {
    /// Whether the rows are at fault, not the database: values out of range, constraints.
    pub(super) fn is_of_the_rows(&self) -> bool {
        match self {
            Self::Unwritable(_) => true,
            Self::Database(sqlx::Error::Database(error)) => error
                .code()
                .is_some_and(|code| matches!(code.get(..2), Some("22" | "23"))),
            _ => false,
        }
    }
}
