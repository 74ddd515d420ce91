//! Facts and rows to messages.

use contracts::{
    common::v1::Money as PbMoney,
    ticketing::v1 as pb,
    wire::{date, timestamp},
};

use crate::{
    domain::{
        Money,
        event::{Day, HeldTicket, HoldState},
    },
    projector::{EventTicket, Ticket},
    query::EventView,
};

pub(in crate::grpc) fn money(money: &Money) -> PbMoney {
    PbMoney {
        currency_code: money.currency_code.clone(),
        minor_units: money.minor_units,
    }
}

pub(in crate::grpc) fn held_ticket(ticket: &HeldTicket) -> pb::HeldTicket {
    pb::HeldTicket {
        ticket_id: ticket.ticket_id.to_string(),
        tier_id: ticket.tier_id.to_string(),
        child_id: ticket.child_id.to_string(),
        price: Some(money(&ticket.price)),
    }
}

pub(in crate::grpc) fn hold_state(state: Option<HoldState>) -> pb::HoldState {
    match state {
        None => pb::HoldState::Unspecified,
        Some(HoldState::Held) => pb::HoldState::Held,
        Some(HoldState::Confirmed) => pb::HoldState::Confirmed,
        Some(HoldState::Expired) => pb::HoldState::Expired,
    }
}

impl From<EventView> for pb::Event {
    fn from(
        EventView {
            listing,
            tiers,
            trainer_ids,
        }: EventView,
    ) -> Self {
        let days: Vec<Day> = serde_json::from_value(listing.days).unwrap_or_default();
        Self {
            event_id: listing.id.to_string(),
            title: listing.title,
            description: listing.description,
            event_type: named(
                "EVENT_TYPE_",
                &listing.event_type,
                pb::EventType::from_str_name,
            )
            .into(),
            location_id: listing.location_id.to_string(),
            time_zone: listing.time_zone,
            start_date: Some(date(listing.start_date)),
            end_date: Some(date(listing.end_date)),
            start_time: listing.start_time,
            end_time: listing.end_time,
            starts_at: Some(timestamp(listing.starts_at)),
            ends_at: Some(timestamp(listing.ends_at)),
            days: days.into_iter().map(event_day).collect(),
            max_participants: listing.max_participants,
            min_age: listing.min_age,
            max_age: listing.max_age,
            skill_levels: listing
                .skill_levels
                .iter()
                .map(|level| named("SKILL_LEVEL_", level, pb::SkillLevel::from_str_name).into())
                .collect(),
            trainer_ids: trainer_ids.iter().map(ToString::to_string).collect(),
            tiers: tiers.into_iter().map(tier).collect(),
            state: named(
                "EVENT_STATE_",
                &listing.state,
                pb::EventState::from_str_name,
            )
            .into(),
            canceled: listing.canceled,
            created_at: Some(timestamp(listing.created_at)),
            published_at: listing.published_at.map(timestamp),
        }
    }
}

impl From<Ticket> for pb::Ticket {
    fn from(ticket: Ticket) -> Self {
        Self {
            ticket_id: ticket.id.to_string(),
            hold_id: ticket.hold_id.to_string(),
            user_id: ticket.user_id.to_string(),
            event_id: ticket.event_id.to_string(),
            tier_id: ticket.event_ticket_id.to_string(),
            r#type: ticket.r#type,
            child_id: ticket.child_id.to_string(),
            price: Some(PbMoney {
                currency_code: ticket.currency_code,
                minor_units: ticket.price_minor_units,
            }),
            status: named(
                "TICKET_STATUS_",
                &ticket.status,
                pb::TicketStatus::from_str_name,
            )
            .into(),
            payment_id: ticket
                .payment_id
                .map_or_else(String::new, |id| id.to_string()),
            hold_expires_at: Some(timestamp(ticket.hold_expires_at)),
            held_at: Some(timestamp(ticket.held_at)),
        }
    }
}

fn tier(tier: EventTicket) -> pb::Tier {
    pb::Tier {
        tier_id: tier.id.to_string(),
        r#type: tier.r#type,
        price: Some(PbMoney {
            currency_code: tier.currency_code,
            minor_units: tier.price_minor_units,
        }),
        capacity: tier.capacity,
        sold: tier.total_amount,
        held: tier.held,
    }
}

fn event_day(day: Day) -> pb::EventDay {
    pb::EventDay {
        starts_at: Some(timestamp(day.starts_at)),
        ends_at: Some(timestamp(day.ends_at)),
    }
}

/// The enum value of a column; its `UNSPECIFIED` for a text that the table does not admit.
fn named<E: Default>(prefix: &str, text: &str, parse: impl Fn(&str) -> Option<E>) -> E {
    parse(&format!("{prefix}{text}")).unwrap_or_default()
}
