//! The requests of `SessionService`. Every field of a message is taken apart here, so that a new
//! one breaks the build.

use contracts::scheduling::v1 as pb;
use service::{Fields, Page};
use tonic::Status;
use values::{ChildId, PaymentId, SessionId, SlotId};

use crate::query::{SessionFilter, StartCursor};
use crate::wire;

/// Most children of one session.
const MAX_CHILDREN: usize = 50;

pub struct BookSession {
    pub slot_id: SlotId,
    /// Distinct, the main child first.
    pub child_ids: Vec<ChildId>,
}

impl TryFrom<&pb::BookSessionRequest> for BookSession {
    type Error = Status;

    fn try_from(request: &pb::BookSessionRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::BookSessionRequest {
            request_id: _,
            slot_id,
            child_ids,
        } = request;
        let book = Self {
            slot_id: fields.id("slot_id", slot_id),
            child_ids: fields.distinct_ids("child_ids", child_ids, 1..=MAX_CHILDREN),
        };
        fields.finish()?;
        Ok(book)
    }
}

pub struct CancelSession {
    pub session_id: SessionId,
}

impl TryFrom<&pb::CancelSessionRequest> for CancelSession {
    type Error = Status;

    fn try_from(request: &pb::CancelSessionRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CancelSessionRequest {
            request_id: _,
            session_id,
        } = request;
        let session_id = fields.id("session_id", session_id);
        fields.finish()?;
        Ok(Self { session_id })
    }
}

pub struct CompleteSession {
    pub session_id: SessionId,
}

impl TryFrom<&pb::CompleteSessionRequest> for CompleteSession {
    type Error = Status;

    fn try_from(request: &pb::CompleteSessionRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CompleteSessionRequest {
            request_id: _,
            session_id,
        } = request;
        let session_id = fields.id("session_id", session_id);
        fields.finish()?;
        Ok(Self { session_id })
    }
}

pub struct ExpireSessionHold {
    pub session_id: SessionId,
}

impl TryFrom<&pb::ExpireSessionHoldRequest> for ExpireSessionHold {
    type Error = Status;

    fn try_from(request: &pb::ExpireSessionHoldRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ExpireSessionHoldRequest {
            request_id: _,
            session_id,
        } = request;
        let session_id = fields.id("session_id", session_id);
        fields.finish()?;
        Ok(Self { session_id })
    }
}

pub struct SettleSession {
    pub session_id: SessionId,
    pub payment_id: PaymentId,
}

impl TryFrom<&pb::SettleSessionRequest> for SettleSession {
    type Error = Status;

    fn try_from(request: &pb::SettleSessionRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::SettleSessionRequest {
            request_id: _,
            session_id,
            payment_id,
        } = request;
        let settle = Self {
            session_id: fields.id("session_id", session_id),
            payment_id: fields.id("payment_id", payment_id),
        };
        fields.finish()?;
        Ok(settle)
    }
}

pub struct GetSession {
    pub session_id: SessionId,
}

impl TryFrom<&pb::GetSessionRequest> for GetSession {
    type Error = Status;

    fn try_from(request: &pb::GetSessionRequest) -> Result<Self, Status> {
        let pb::GetSessionRequest {
            session_id,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let session_id = fields.id("session_id", session_id);
        fields.finish()?;
        Ok(Self { session_id })
    }
}

pub struct ListSessions {
    pub filter: SessionFilter,
    pub page: Page<StartCursor>,
}

impl TryFrom<&pb::ListSessionsRequest> for ListSessions {
    type Error = Status;

    fn try_from(request: &pb::ListSessionsRequest) -> Result<Self, Status> {
        let pb::ListSessionsRequest {
            states,
            from,
            until,
            page_size,
            page_token,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let states = states.iter().enumerate().filter_map(|(index, state)| {
            wire::session_state_of(fields.enum_value(format!("states[{index}]"), *state))
        });
        let states = states.collect();
        let list = Self {
            filter: SessionFilter {
                states,
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(*page_size, page_token),
        };
        fields.finish()?;
        Ok(list)
    }
}
