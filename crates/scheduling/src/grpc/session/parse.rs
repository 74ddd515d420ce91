//! The requests of `SessionService`. Every field of a message is taken apart here, so that a new
//! one breaks the build.

use contracts::scheduling::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;
use values::{ChildId, PaymentId, SessionId, SlotId};

use crate::query::{SessionFilter, StartCursor};
use crate::wire;

/// Most children of one session.
const MAX_CHILDREN: usize = 50;

requests_of_ids! {
    write CancelSession of pb::CancelSessionRequest { session_id: SessionId }
    write CompleteSession of pb::CompleteSessionRequest { session_id: SessionId }
    write ExpireSessionHold of pb::ExpireSessionHoldRequest { session_id: SessionId }
    write SettleSession of pb::SettleSessionRequest { session_id: SessionId, payment_id: PaymentId }
    read GetSession of pb::GetSessionRequest { session_id: SessionId }
}

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

pub struct ListSessions {
    pub filter: SessionFilter,
    pub page: Page<StartCursor>,
}

impl ListSessions {
    pub fn of(request: &pb::ListSessionsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListSessionsRequest {
            states,
            from,
            until,
            page_size: _,
            page_token: _,
            min_position: _,
            trainer_id,
            parent_id,
            child_id,
            slot_id,
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
                trainer_id: fields.optional_id("trainer_id", trainer_id),
                parent_id: fields.optional_id("parent_id", parent_id),
                child_id: fields.optional_id("child_id", child_id),
                slot_id: fields.optional_id("slot_id", slot_id),
            },
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}
