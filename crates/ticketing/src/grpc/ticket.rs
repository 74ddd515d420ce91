mod parse;
mod reply;

use chrono::TimeDelta;
use contracts::ticketing::v1::ticket_service_server::TicketService;
use contracts::ticketing::v1::{
    ExpireTicketHoldRequest, ExpireTicketHoldResponse, GetTicketHoldRequest, GetTicketHoldResponse,
    GetTicketRequest, GetTicketResponse, HoldTicketsRequest, HoldTicketsResponse,
    ListTicketsRequest, ListTicketsResponse, SettleTicketHoldRequest, SettleTicketHoldResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{
    ExpireTicketHold, GetTicket, GetTicketHold, HoldTickets, ListTickets, SettleTicketHold,
};
use super::{WHO_HAS_TICKETS, acting};
use crate::TicketingSettings;
use crate::domain::camp::{Camp, CampCommand, Hold};
use crate::projector::Sales;
use crate::query;
use crate::reference::{Holding, References};

/// Takes places, lets go of them, and shows tickets.
pub struct TicketRpcs {
    camps: Writes<Camp>,
    sales: Reads<Sales>,
    references: References,
    hold_for: TimeDelta,
}

impl TicketRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        let settings: TicketingSettings = runtime.settings.own();
        Self {
            camps: Writes::on(runtime),
            sales: Reads::on(runtime),
            references: references.clone(),
            hold_for: settings.hold(),
        }
    }
}

#[tonic::async_trait]
impl TicketService for TicketRpcs {
    async fn hold_tickets(
        &self,
        request: Request<HoldTicketsRequest>,
    ) -> Result<Response<HoldTicketsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let HoldTickets { event_id, lines } = HoldTickets::try_from(message)?;
        let parent_id = call.parent(WHO_HAS_TICKETS)?;
        let Holding { archived_child } = self.references.holding(parent_id, &lines).await?;
        let hold = CampCommand::Hold(Hold {
            hold_id: new_id(),
            parent_id,
            lines,
            archived_child,
            hold_for: self.hold_for,
            now: now(),
        });
        self.camps
            .execute(&call, message, event_id, hold, reply::held)
            .await
    }

    async fn get_ticket(
        &self,
        request: Request<GetTicketRequest>,
    ) -> Result<Response<GetTicketResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetTicket { ticket_id } = GetTicket::try_from(message)?;
        let acting = acting(&call)?;
        let look = |pool| query::ticket(pool, acting, ticket_id);
        let ticket = self.sales.read(&call, message, look).await?;
        let ticket = ticket.ok_or_else(|| not_found("ticket", &ticket_id.to_string()))?;
        Ok(Response::new(GetTicketResponse {
            ticket: Some(ticket.into()),
        }))
    }

    async fn get_ticket_hold(
        &self,
        request: Request<GetTicketHoldRequest>,
    ) -> Result<Response<GetTicketHoldResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetTicketHold { hold_id } = GetTicketHold::try_from(message)?;
        let acting = acting(&call)?;
        let look = |pool| query::ticket_hold(pool, acting, hold_id);
        let hold = self.sales.read(&call, message, look).await?;
        let hold = hold.ok_or_else(|| not_found("ticket hold", &hold_id.to_string()))?;
        Ok(Response::new(GetTicketHoldResponse {
            hold: Some(hold.into()),
        }))
    }

    async fn list_tickets(
        &self,
        request: Request<ListTicketsRequest>,
    ) -> Result<Response<ListTicketsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListTickets { filter, page } = ListTickets::of(message, &call)?;
        let acting = acting(&call)?;
        let look = |pool| query::tickets(pool, acting, &filter, &page);
        let tickets = self.sales.read(&call, message, look).await?;
        let (tickets, next_page_token) = page.cut(tickets, |ticket| ticket.id);
        Ok(Response::new(ListTicketsResponse {
            tickets,
            next_page_token,
        }))
    }

    async fn expire_ticket_hold(
        &self,
        request: Request<ExpireTicketHoldRequest>,
    ) -> Result<Response<ExpireTicketHoldResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ExpireTicketHold { event_id, hold_id } = ExpireTicketHold::try_from(message)?;
        let expire = CampCommand::ExpireHold {
            hold_id,
            now: now(),
        };
        let reply = |camp: &Camp, _: &[_]| reply::expired(camp, hold_id);
        self.camps
            .execute(&call, message, event_id, expire, reply)
            .await
    }

    async fn settle_ticket_hold(
        &self,
        request: Request<SettleTicketHoldRequest>,
    ) -> Result<Response<SettleTicketHoldResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let SettleTicketHold {
            hold_id,
            payment_id,
        } = SettleTicketHold::try_from(message)?;
        let event_id = self.references.event_of(hold_id).await?;
        let settle = CampCommand::SettleHold {
            hold_id,
            payment_id,
            now: now(),
        };
        let reply = |camp: &Camp, _: &[_]| reply::settled(camp, hold_id, payment_id);
        self.camps
            .execute(&call, message, event_id, settle, reply)
            .await
    }
}
