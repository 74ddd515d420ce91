//! Values of the domain as protobuf has them. Below the RPCs, the publisher and the processes.

use contracts::scheduling::events::v1 as events;
use contracts::scheduling::v1 as pb;
use strum::IntoEnumIterator as _;

use crate::domain::session::{CanceledBy, Session, SessionState};

/// The state of a session.
pub fn session_state(state: SessionState) -> pb::SessionState {
    match state {
        SessionState::Pending => pb::SessionState::Pending,
        SessionState::Paid => pb::SessionState::Paid,
        SessionState::Completed => pb::SessionState::Completed,
        SessionState::Canceled => pb::SessionState::Canceled,
        SessionState::Expired => pb::SessionState::Expired,
    }
}

/// The state that a message means; `None` for the unspecified one.
pub fn session_state_of(state: pb::SessionState) -> Option<SessionState> {
    SessionState::iter().find(|known| session_state(*known) == state)
}

/// The state of a session after a command.
pub fn state_after(session: &Session) -> i32 {
    session
        .held()
        .map(|held| session_state(held.state()))
        .unwrap_or_default()
        .into()
}

/// On whose behalf a session was given up.
pub fn canceled_by(canceled_by: CanceledBy) -> events::CanceledBy {
    match canceled_by {
        CanceledBy::Parent => events::CanceledBy::Parent,
        CanceledBy::Trainer => events::CanceledBy::Trainer,
        CanceledBy::Admin => events::CanceledBy::Admin,
    }
}
