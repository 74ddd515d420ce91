//! A summer camp, and what happens to it.

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use eventsourcing::Root;
use uuid::Uuid;
use values::{Money, TierId};

use crate::domain::camp::{
    Camp, CampCommand, CampEvent, Day, Draft, EventCreated, EventType, HeldTicket, Hold, Line,
    SkillLevel, TicketTier,
};

/// An id that reads as its number.
pub(super) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

pub(super) fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// In the middle of the sale of the event drafted here.
pub(super) fn now() -> DateTime<Utc> {
    at("2027-06-01T12:00:00Z")
}

pub(super) fn usd(minor_units: i64) -> Money {
    Money::new("USD", minor_units).unwrap()
}

pub(super) fn early_bird() -> TierId {
    id(1)
}

pub(super) fn vip() -> TierId {
    id(2)
}

pub(super) fn sponsored() -> TierId {
    id(3)
}

/// Four places in all: two early birds, three VIPs, two sponsored ones.
pub(super) fn draft() -> Draft {
    let tier = |tier_id, name: &str, cents, capacity| TicketTier {
        tier_id,
        name: name.to_owned(),
        price: usd(cents),
        capacity,
    };
    Draft {
        title: "Summer camp".to_owned(),
        description: "Two days of passing and shooting.".to_owned(),
        event_type: EventType::Camp,
        location_id: id(200),
        time_zone: "America/New_York".to_owned(),
        start_date: "2027-07-10".parse().unwrap(),
        end_date: "2027-07-11".parse().unwrap(),
        start_time: "09:00:00".parse().unwrap(),
        end_time: "15:30:00".parse().unwrap(),
        days: vec![
            Day {
                starts_at: at("2027-07-10T13:00:00Z"),
                ends_at: at("2027-07-10T19:30:00Z"),
            },
            Day {
                starts_at: at("2027-07-11T13:00:00Z"),
                ends_at: at("2027-07-11T19:30:00Z"),
            },
        ],
        max_participants: 4,
        min_age: Some(8),
        max_age: Some(14),
        skill_levels: vec![SkillLevel::Beginner, SkillLevel::Intermediate],
        trainer_ids: vec![id(300)],
        tiers: vec![
            tier(early_bird(), "Early Bird", 4_999, 2),
            tier(vip(), "VIP", 12_000, 3),
            tier(sponsored(), "Sponsored", 0, 2),
        ],
    }
}

pub(super) fn create(draft: Draft) -> CampCommand {
    CampCommand::Create {
        event_id: id(100),
        draft: Box::new(draft),
        now: at("2027-05-01T08:00:00Z"),
    }
}

pub(super) fn created() -> CampEvent {
    CampEvent::EventCreated(Box::new(EventCreated {
        event_id: id(100),
        draft: draft(),
        starts_at: at("2027-07-10T13:00:00Z"),
        ends_at: at("2027-07-11T19:30:00Z"),
        created_at: at("2027-05-01T08:00:00Z"),
    }))
}

pub(super) fn published() -> CampEvent {
    CampEvent::EventPublished {
        event_id: id(100),
        published_at: at("2027-05-02T08:00:00Z"),
    }
}

/// The hold's tickets are numbered from ten times the hold's number.
pub(super) fn tickets(hold: u128, lines: &[(TierId, u128)]) -> Vec<HeldTicket> {
    let price = |tier| match tier {
        tier if tier == early_bird() => usd(4_999),
        tier if tier == vip() => usd(12_000),
        _ => usd(0),
    };
    (hold * 10..)
        .zip(lines)
        .map(|(ticket, (tier_id, child))| HeldTicket {
            ticket_id: id(ticket),
            tier_id: *tier_id,
            child_id: id(*child),
            price: price(*tier_id),
        })
        .collect()
}

pub(super) fn hold_at(now: DateTime<Utc>, hold: u128, lines: &[(TierId, u128)]) -> CampCommand {
    CampCommand::Hold(Hold {
        hold_id: id(hold),
        parent_id: id(400),
        lines: (hold * 10..)
            .zip(lines)
            .map(|(ticket, (tier_id, child))| Line {
                ticket_id: id(ticket),
                tier_id: *tier_id,
                child_id: id(*child),
            })
            .collect(),
        archived_child: None,
        hold_for: TimeDelta::minutes(15),
        now,
    })
}

pub(super) fn hold(hold: u128, lines: &[(TierId, u128)]) -> CampCommand {
    hold_at(now(), hold, lines)
}

pub(super) fn held(hold: u128, lines: &[(TierId, u128)]) -> CampEvent {
    let tickets = tickets(hold, lines);
    CampEvent::TicketsHeld {
        hold_id: id(hold),
        event_id: id(100),
        parent_id: id(400),
        total: usd(tickets
            .iter()
            .map(|ticket| ticket.price.minor_units())
            .sum()),
        tickets,
        hold_expires_at: now() + TimeDelta::minutes(15),
        held_at: now(),
    }
}

pub(super) fn later() -> DateTime<Utc> {
    now() + TimeDelta::minutes(16)
}

pub(super) fn expired(hold: u128, lines: &[(TierId, u128)]) -> CampEvent {
    CampEvent::TicketHoldExpired {
        hold_id: id(hold),
        event_id: id(100),
        tickets: tickets(hold, lines),
        expired_at: later(),
    }
}

pub(super) fn confirmed(
    hold: u128,
    lines: &[(TierId, u128)],
    payment: u128,
    reinstated: bool,
) -> CampEvent {
    CampEvent::TicketsConfirmed {
        hold_id: id(hold),
        event_id: id(100),
        tickets: tickets(hold, lines),
        payment_id: Some(id(payment)),
        reinstated,
        confirmed_at: later(),
    }
}

pub(super) fn rejected(hold: u128, payment: u128) -> CampEvent {
    CampEvent::TicketPaymentRejected {
        hold_id: id(hold),
        event_id: id(100),
        payment_id: id(payment),
        rejected_at: later(),
    }
}

pub(super) fn expire(hold: u128) -> CampCommand {
    CampCommand::ExpireHold {
        hold_id: id(hold),
        now: later(),
    }
}

pub(super) fn settle(hold: u128, payment: u128) -> CampCommand {
    CampCommand::SettleHold {
        hold_id: id(hold),
        payment_id: id(payment),
        now: later(),
    }
}

pub(super) fn framework() -> TestFramework<Root<Camp>> {
    TestFramework::with(())
}

/// On sale, then what happened to it.
pub(super) fn on_sale(then: Vec<CampEvent>) -> AggregateTestExecutor<Root<Camp>> {
    framework().given(vec![created(), published()]).and(then)
}
