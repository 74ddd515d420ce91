//! `divinetime.ticketing.v1.TicketService`.

use chrono::TimeDelta;
use contracts::ticketing::v1::{
    self as pb, ExpireTicketHoldRequest, ExpireTicketHoldResponse, HoldTicketsRequest,
    HoldTicketsResponse, ListTicketsRequest, ListTicketsResponse, SettleTicketHoldRequest,
    SettleTicketHoldResponse, SettlementOutcome, ticket_service_server::TicketService,
};
use contracts::wire::timestamp;
use eventsourcing::{Checkpoints, Projection, Repository};
use prost::Message;
use service::{Call, internal, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{answer, convert, errors, now};
use crate::{
    domain::{
        HoldId, PaymentId,
        event::{Event, EventCommand, EventEvent},
    },
    projector::Sales,
    query,
    reference::References,
};

const HOLD: &str = "/divinetime.ticketing.v1.TicketService/HoldTickets";
const EXPIRE: &str = "/divinetime.ticketing.v1.TicketService/ExpireTicketHold";
const SETTLE: &str = "/divinetime.ticketing.v1.TicketService/SettleTicketHold";

/// Sells tickets.
#[derive(Clone)]
pub struct Tickets {
    /// Decides.
    pub repository: Repository<Event>,
    /// Knows guardians, and where holds belong.
    pub references: References,
    /// Has the read tables.
    pub pool: PgPool,
    /// Knows how far they are.
    pub checkpoints: Checkpoints,
    /// How long a hold waits for its payment.
    pub hold_for: TimeDelta,
}

#[tonic::async_trait]
impl TicketService for Tickets {
    async fn hold_tickets(
        &self,
        request: Request<HoldTicketsRequest>,
    ) -> Result<Response<HoldTicketsResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let parent = convert::caller(&call)?;
        let hold = convert::hold_tickets(&request, parent, self.hold_for, now())?;
        let obstacle = self.references.obstacle(parent, &hold.children);
        if let Some(obstacle) = obstacle.await.map_err(errors::lookup)? {
            return Err(errors::not_for_child(obstacle));
        }
        let context = call.context(HOLD, hold.request_id, &request);
        let committed = self
            .repository
            .execute(&hold.event_id, context, hold.command, |_, events| {
                held(events)
            })
            .await
            .map_err(errors::status)?;
        answer(
            &committed,
            |response: &mut HoldTicketsResponse, position| {
                response.position = Some(position);
            },
        )
    }

    async fn list_tickets(
        &self,
        request: Request<ListTicketsRequest>,
    ) -> Result<Response<ListTicketsResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (filter, page) = convert::list_tickets(&request, &call)?;
        reached(
            &self.checkpoints,
            Sales::NAME,
            request.min_position.as_slice(),
            &call,
        )
        .await?;
        let mut tickets = query::tickets(&self.pool, &filter)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut tickets, |ticket| ticket.id);
        let tickets: Vec<pb::Ticket> = tickets.into_iter().map(pb::Ticket::from).collect();
        Ok(Response::new(ListTicketsResponse {
            tickets,
            next_page_token,
        }))
    }

    async fn expire_ticket_hold(
        &self,
        request: Request<ExpireTicketHoldRequest>,
    ) -> Result<Response<ExpireTicketHoldResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, event_id, hold_id) = convert::expire_ticket_hold(&request)?;
        let context = call.context(EXPIRE, request_id, &request);
        let command = EventCommand::ExpireHold { hold_id, at: now() };
        let committed = self
            .repository
            .execute(&event_id.to_string(), context, command, |event, _| {
                expired(event, hold_id)
            })
            .await
            .map_err(errors::status)?;
        answer(
            &committed,
            |response: &mut ExpireTicketHoldResponse, position| {
                response.position = Some(position);
            },
        )
    }

    async fn settle_ticket_hold(
        &self,
        request: Request<SettleTicketHoldRequest>,
    ) -> Result<Response<SettleTicketHoldResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, hold_id, payment_id) = convert::settle_ticket_hold(&request)?;
        let event_id = self
            .references
            .event_of(hold_id)
            .await
            .map_err(errors::lookup)?;
        let event_id = event_id.ok_or_else(|| errors::no_hold(hold_id))?;
        let context = call.context(SETTLE, request_id, &request);
        let command = EventCommand::SettleHold {
            hold_id,
            payment_id,
            at: now(),
        };
        let committed = self
            .repository
            .execute(&event_id.to_string(), context, command, |event, _| {
                settled(event, hold_id, payment_id)
            })
            .await
            .map_err(errors::status)?;
        answer(
            &committed,
            |response: &mut SettleTicketHoldResponse, position| {
                response.position = Some(position);
            },
        )
    }
}

fn held(events: &[EventEvent]) -> Vec<u8> {
    let Some(EventEvent::TicketsHeld {
        hold_id,
        tickets,
        total,
        hold_expires_at,
        ..
    }) = events.first()
    else {
        return Vec::new();
    };
    let state = if total.is_zero() {
        pb::HoldState::Confirmed
    } else {
        pb::HoldState::Held
    };
    HoldTicketsResponse {
        hold_id: hold_id.to_string(),
        tickets: tickets.iter().map(convert::held_ticket).collect(),
        total: Some(convert::money(total)),
        state: state.into(),
        hold_expires_at: Some(timestamp(*hold_expires_at)),
        position: None,
    }
    .encode_to_vec()
}

fn expired(event: &Event, hold_id: HoldId) -> Vec<u8> {
    let state = convert::hold_state(event.hold_state(hold_id));
    ExpireTicketHoldResponse {
        state: state.into(),
        position: None,
    }
    .encode_to_vec()
}

fn settled(event: &Event, hold_id: HoldId, payment_id: PaymentId) -> Vec<u8> {
    let outcome = if event.is_paid_by(hold_id, payment_id) {
        SettlementOutcome::Confirmed
    } else {
        SettlementOutcome::Rejected
    };
    SettleTicketHoldResponse {
        outcome: outcome.into(),
        state: convert::hold_state(event.hold_state(hold_id)).into(),
        position: None,
    }
    .encode_to_vec()
}
