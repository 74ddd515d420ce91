use contracts::ticketing::v1::{
    ExpireTicketHoldRequest, GetEventRequest, GetTicketHoldRequest, GetTicketRequest,
    HoldTicketsRequest, ListEventsRequest, ListTicketsRequest, PublishEventRequest,
    SettleTicketHoldRequest, TicketLine,
};
use e2e::people::id;
use prost::Message as _;

use super::rows::{Row, guarded, public};
use super::world::draft;

const HERE: &[&str] = &["ticketing"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.ticketing.v1.EventService/CreateEvent", b"RRRRRAR", |w| draft(&w.location_id).encode_to_vec()),
    guarded(HERE, "/divinetime.ticketing.v1.EventService/PublishEvent", b"RRRRRAR", |w| {
        PublishEventRequest { request_id: id(), event_id: w.draft_id.clone() }.encode_to_vec()
    }),
    public(HERE, "/divinetime.ticketing.v1.EventService/ListEvents", |_| ListEventsRequest::default().encode_to_vec()),
    public(HERE, "/divinetime.ticketing.v1.EventService/GetEvent", |w| {
        GetEventRequest { event_id: w.camp.event_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/HoldTickets", b"ANNRRRR", |w| {
        let line = TicketLine { tier_id: w.camp.tiers[0].clone(), child_id: w.child_id() };
        HoldTicketsRequest { request_id: id(), event_id: w.camp.event_id.clone(), lines: vec![line] }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/GetTicket", b"ANNRRAR", |w| {
        GetTicketRequest { ticket_id: w.ticket_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/GetTicketHold", b"ANNRRAR", |w| {
        GetTicketHoldRequest { hold_id: w.free_hold_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/ListTickets", b"AAARRAR", |_| ListTicketsRequest::default().encode_to_vec()),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/ExpireTicketHold", b"RRRRRRA", |w| {
        ExpireTicketHoldRequest { request_id: id(), hold_id: w.free_hold_id.clone(), event_id: w.camp.event_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.ticketing.v1.TicketService/SettleTicketHold", b"RRRRRRA", |w| {
        SettleTicketHoldRequest { request_id: id(), hold_id: w.paid_hold_id.clone(), payment_id: id() }.encode_to_vec()
    }),
];
