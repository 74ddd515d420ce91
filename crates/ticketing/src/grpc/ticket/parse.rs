//! The requests of `TicketService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

use contracts::ticketing::v1 as pb;
use service::{Call, Fields, Page, new_id, requests_of_ids};
use tonic::Status;
use values::{ChildId, EventId, HoldId, PaymentId, TicketId, UserId};

use crate::domain::camp::Line;
use crate::query::TicketFilter;
use crate::wire;

/// Most tickets of one hold.
const MAX_LINES: usize = 20;

requests_of_ids! {
    write ExpireTicketHold of pb::ExpireTicketHoldRequest { event_id: EventId, hold_id: HoldId }
    write SettleTicketHold of pb::SettleTicketHoldRequest { hold_id: HoldId, payment_id: PaymentId }
    read GetTicket of pb::GetTicketRequest { ticket_id: TicketId }
    read GetTicketHold of pb::GetTicketHoldRequest { hold_id: HoldId }
}

pub struct HoldTickets {
    pub event_id: EventId,
    /// For distinct children, each with the id of a new ticket.
    pub lines: Vec<Line>,
}

impl TryFrom<&pb::HoldTicketsRequest> for HoldTickets {
    type Error = Status;

    fn try_from(request: &pb::HoldTicketsRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::HoldTicketsRequest {
            request_id: _,
            event_id,
            lines,
        } = request;
        let event_id = fields.id("event_id", event_id);
        let lines = line_list(&mut fields, lines);
        fields.finish()?;
        Ok(Self { event_id, lines })
    }
}

fn line_list(fields: &mut Fields, lines: &[pb::TicketLine]) -> Vec<Line> {
    let mut list: Vec<Line> = Vec::with_capacity(lines.len());
    let lines = fields.list("lines", lines, 1..=MAX_LINES);
    for (index, pb::TicketLine { tier_id, child_id }) in lines.iter().enumerate() {
        let tier_id = fields.id(format!("lines[{index}].tier_id"), tier_id);
        let field = format!("lines[{index}].child_id");
        let child_id: ChildId = fields.id(&field, child_id);
        let is_repeated = list.iter().any(|line| line.child_id == child_id);
        if is_repeated && !child_id.uuid().is_nil() {
            fields.violation(field, "DUPLICATE", "must not be in the request twice");
        }
        list.push(Line {
            ticket_id: new_id(),
            tier_id,
            child_id,
        });
    }
    list
}

pub struct ListTickets {
    pub filter: TicketFilter,
    pub page: Page<TicketId>,
}

impl ListTickets {
    /// Only an admin names whose tickets are meant.
    pub fn of(request: &pb::ListTicketsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListTicketsRequest {
            event_id,
            user_id,
            status,
            page_size: _,
            page_token: _,
            min_position: _,
            hold_id,
            tier_id,
            child_id,
        } = request;
        let mut fields = Fields::new();
        let event_id = fields.optional_id("event_id", event_id);
        let user_id: Option<UserId> = fields.optional_id("user_id", user_id);
        let is_own = |user: UserId| call.user_id() == Some(user.uuid());
        if !call.is_admin() && user_id.is_some_and(|user| !is_own(user)) {
            fields.violation("user_id", "NOT_YOURS", "must be empty or the caller's own");
        }
        let status = (*status != 0).then(|| fields.enum_value("status", *status));
        let list = Self {
            filter: TicketFilter {
                user_id,
                event_id,
                status: status.and_then(wire::ticket_status_of),
                hold_id: fields.optional_id("hold_id", hold_id),
                tier_id: fields.optional_id("tier_id", tier_id),
                child_id: fields.optional_id("child_id", child_id),
            },
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}
