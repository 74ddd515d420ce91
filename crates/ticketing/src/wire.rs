//! Values of the domain as protobuf has them.

use contracts::ticketing::v1 as pb;
use strum::IntoEnumIterator as _;

use crate::domain::camp::{EventState, EventType, HoldState, SkillLevel, TicketStatus};

pub fn event_type(event_type: EventType) -> pb::EventType {
    match event_type {
        EventType::Clinic => pb::EventType::Clinic,
        EventType::Camp => pb::EventType::Camp,
        EventType::Networking => pb::EventType::Networking,
    }
}

/// The type that a message means; `None` for the unspecified one.
pub fn event_type_of(message: pb::EventType) -> Option<EventType> {
    EventType::iter().find(|known| event_type(*known) == message)
}

pub fn skill_level(level: SkillLevel) -> pb::SkillLevel {
    match level {
        SkillLevel::Beginner => pb::SkillLevel::Beginner,
        SkillLevel::Intermediate => pb::SkillLevel::Intermediate,
        SkillLevel::Advanced => pb::SkillLevel::Advanced,
    }
}

/// The level that a message means; `None` for the unspecified one.
pub fn skill_level_of(message: pb::SkillLevel) -> Option<SkillLevel> {
    SkillLevel::iter().find(|known| skill_level(*known) == message)
}

pub fn event_state(state: EventState) -> pb::EventState {
    match state {
        EventState::Draft => pb::EventState::Draft,
        EventState::Published => pb::EventState::Published,
    }
}

/// The state that a message means; `None` for the unspecified one.
pub fn event_state_of(message: pb::EventState) -> Option<EventState> {
    EventState::iter().find(|known| event_state(*known) == message)
}

pub fn hold_state(state: HoldState) -> pb::HoldState {
    match state {
        HoldState::Held => pb::HoldState::Held,
        HoldState::Confirmed => pb::HoldState::Confirmed,
        HoldState::Expired => pb::HoldState::Expired,
    }
}

pub fn ticket_status(status: TicketStatus) -> pb::TicketStatus {
    match status {
        TicketStatus::Pending => pb::TicketStatus::Pending,
        TicketStatus::Active => pb::TicketStatus::Active,
        TicketStatus::Canceled => pb::TicketStatus::Canceled,
        TicketStatus::Refunded => pb::TicketStatus::Refunded,
    }
}

/// The status that a message means; `None` for the unspecified one.
pub fn ticket_status_of(message: pb::TicketStatus) -> Option<TicketStatus> {
    TicketStatus::iter().find(|known| ticket_status(*known) == message)
}
