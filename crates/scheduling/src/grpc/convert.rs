//! Requests to what handlers need, rows to messages. Every field of a request is taken apart
//! here, so that a new one breaks the build.

use chrono::NaiveTime;
use chrono_tz::Tz;
use contracts::common::v1::{LogPosition, Money as PbMoney};
use contracts::scheduling::v1 as pb;
use contracts::wire::{date, timestamp};
use service::{Fields, Page};
use tonic::Status;
use uuid::Uuid;

use crate::domain::Money;
use crate::domain::session::{Session, SessionState};
use crate::projector::{LocationRow, SessionRow, SlotRow, SlotStatus};
use crate::query::{LocationCursor, SessionFilter, SlotFilter, StartCursor};

/// Most children of one session.
const MAX_CHILDREN: usize = 50;

/// A venue to add.
#[derive(Debug)]
pub struct CreateLocation {
    pub request_id: Uuid,
    pub name: String,
    pub zone: Tz,
}

impl TryFrom<&pb::CreateLocationRequest> for CreateLocation {
    type Error = Status;

    fn try_from(request: &pb::CreateLocationRequest) -> Result<Self, Status> {
        let pb::CreateLocationRequest {
            request_id,
            name,
            time_zone,
        } = request;
        let mut fields = Fields::new();
        let create = Self {
            request_id: fields.uuid("request_id", request_id),
            name: fields.text("name", name, 1..=100),
            zone: fields.zone("time_zone", time_zone),
        };
        fields.finish()?;
        Ok(create)
    }
}

/// Which venues to list.
#[derive(Debug)]
pub struct ListLocations {
    pub page: Page<LocationCursor>,
    pub min_position: Option<LogPosition>,
}

impl TryFrom<&pb::ListLocationsRequest> for ListLocations {
    type Error = Status;

    fn try_from(request: &pb::ListLocationsRequest) -> Result<Self, Status> {
        let pb::ListLocationsRequest {
            page_size,
            page_token,
            min_position,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            page: fields.page(*page_size, page_token),
            min_position: min_position.clone(),
        };
        fields.finish()?;
        Ok(list)
    }
}

/// What a group will pay.
#[derive(Debug)]
pub struct SetGroupPrice {
    pub request_id: Uuid,
    pub trainer_id: Uuid,
    pub participants: u32,
    pub price: Money,
}

impl TryFrom<&pb::SetGroupPriceRequest> for SetGroupPrice {
    type Error = Status;

    fn try_from(request: &pb::SetGroupPriceRequest) -> Result<Self, Status> {
        let pb::SetGroupPriceRequest {
            request_id,
            trainer_id,
            participants,
            price,
        } = request;
        let mut fields = Fields::new();
        let request_id = fields.uuid("request_id", request_id);
        let trainer_id = fields.uuid("trainer_id", trainer_id);
        let participants = fields.int_in("participants", *participants, 2..=50);
        let price = fields.money("price", price.as_ref());
        let price = Money::new(&price.currency_code, price.minor_units);
        let set = price.zip(u32::try_from(participants).ok());
        fields.finish_with(set.map(|(price, participants)| Self {
            request_id,
            trainer_id,
            participants,
            price,
        }))
    }
}

impl SetGroupPrice {
    /// A group pays in the currency in which one child pays.
    pub fn check_currency(&self, of_trainer: &str) -> Result<(), Status> {
        let mut fields = Fields::new();
        if self.price.currency_code() != of_trainer {
            let advice = format!("must be {of_trainer}, that of the trainer's price per hour");
            fields.violation("price.currency_code", "CURRENCY", advice);
        }
        fields.finish()
    }
}

/// Which slots to list.
#[derive(Debug)]
pub struct ListAvailableSlots {
    pub filter: SlotFilter,
    pub page: Page<StartCursor>,
    pub min_position: Option<LogPosition>,
}

impl TryFrom<&pb::ListAvailableSlotsRequest> for ListAvailableSlots {
    type Error = Status;

    fn try_from(request: &pb::ListAvailableSlotsRequest) -> Result<Self, Status> {
        let pb::ListAvailableSlotsRequest {
            trainer_id,
            location_id,
            from,
            until,
            page_size,
            page_token,
            min_position,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            filter: SlotFilter {
                trainer_id: fields.optional_uuid("trainer_id", trainer_id),
                location_id: fields.optional_uuid("location_id", location_id),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(*page_size, page_token),
            min_position: min_position.clone(),
        };
        fields.finish()?;
        Ok(list)
    }
}

/// What to book.
#[derive(Debug)]
pub struct BookSession {
    pub request_id: Uuid,
    pub slot_id: Uuid,
    pub child_ids: Vec<Uuid>,
}

impl TryFrom<&pb::BookSessionRequest> for BookSession {
    type Error = Status;

    fn try_from(request: &pb::BookSessionRequest) -> Result<Self, Status> {
        let pb::BookSessionRequest {
            request_id,
            slot_id,
            child_ids,
        } = request;
        let mut fields = Fields::new();
        let request_id = fields.uuid("request_id", request_id);
        let slot_id = fields.uuid("slot_id", slot_id);
        let mut children: Vec<Uuid> = vec![];
        let given = fields.list("child_ids", child_ids, 1..=MAX_CHILDREN);
        for (index, child_id) in given.iter().take(MAX_CHILDREN).enumerate() {
            let path = format!("child_ids[{index}]");
            let child_id = fields.uuid(path.clone(), child_id);
            if !child_id.is_nil() && children.contains(&child_id) {
                fields.violation(path, "DUPLICATE", "must not be named twice");
            }
            children.push(child_id);
        }
        fields.finish()?;
        Ok(Self {
            request_id,
            slot_id,
            child_ids: children,
        })
    }
}

/// Takes a request that consists of ids apart.
macro_rules! of_ids {
    ($(#[$doc:meta])* $name:ident from $request:ident { $($id:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            $(pub $id: Uuid,)+
        }

        impl TryFrom<&pb::$request> for $name {
            type Error = Status;

            fn try_from(request: &pb::$request) -> Result<Self, Status> {
                let pb::$request { $($id),+ } = request;
                let mut fields = Fields::new();
                let parsed = Self {
                    $($id: fields.uuid(stringify!($id), $id),)+
                };
                fields.finish()?;
                Ok(parsed)
            }
        }
    };
}

of_ids!(
    /// Where a trainer will work.
    #[expect(clippy::struct_field_names, reason = "named as in the request")]
    AssignTrainerLocation from AssignTrainerLocationRequest { request_id, trainer_id, location_id }
);
of_ids!(
    /// What to give up.
    CancelSession from CancelSessionRequest { request_id, session_id }
);
of_ids!(
    /// What took place.
    CompleteSession from CompleteSessionRequest { request_id, session_id }
);
of_ids!(
    /// Whose hold is over.
    ExpireSessionHold from ExpireSessionHoldRequest { request_id, session_id }
);
of_ids!(
    /// What was paid for.
    #[expect(clippy::struct_field_names, reason = "named as in the request")]
    SettleSession from SettleSessionRequest { request_id, session_id, payment_id }
);

/// Which session to show.
#[derive(Debug)]
pub struct GetSession {
    pub session_id: Uuid,
    pub min_position: Option<LogPosition>,
}

impl TryFrom<&pb::GetSessionRequest> for GetSession {
    type Error = Status;

    fn try_from(request: &pb::GetSessionRequest) -> Result<Self, Status> {
        let pb::GetSessionRequest {
            session_id,
            min_position,
        } = request;
        let mut fields = Fields::new();
        let get = Self {
            session_id: fields.uuid("session_id", session_id),
            min_position: min_position.clone(),
        };
        fields.finish()?;
        Ok(get)
    }
}

/// Which sessions to list.
#[derive(Debug)]
pub struct ListSessions {
    pub filter: SessionFilter,
    pub page: Page<StartCursor>,
    pub min_position: Option<LogPosition>,
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
            min_position,
        } = request;
        let mut fields = Fields::new();
        let states = states
            .iter()
            .enumerate()
            .filter_map(|(index, it)| state(fields.enum_value(format!("states[{index}]"), *it)))
            .collect();
        let list = Self {
            filter: SessionFilter {
                states,
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(*page_size, page_token),
            min_position: min_position.clone(),
        };
        fields.finish()?;
        Ok(list)
    }
}

impl From<LocationRow> for pb::Location {
    fn from(row: LocationRow) -> Self {
        Self {
            location_id: row.id.to_string(),
            name: row.name,
            time_zone: row.time_zone,
        }
    }
}

impl From<SlotRow> for pb::Slot {
    fn from(row: SlotRow) -> Self {
        let status = match row.status {
            SlotStatus::Free => pb::SlotStatus::Free,
            SlotStatus::Held => pb::SlotStatus::Held,
            SlotStatus::Booked => pb::SlotStatus::Booked,
        };
        Self {
            slot_id: row.id.to_string(),
            schedule_id: row.schedule_id.to_string(),
            trainer_id: row.trainer_id.to_string(),
            location_id: row.location_id.to_string(),
            starts_at: Some(timestamp(row.starts_at)),
            ends_at: Some(timestamp(row.ends_at)),
            time_zone: row.time_zone,
            date: Some(date(row.date)),
            local_start: hh_mm(row.start),
            local_end: hh_mm(row.end),
            status: status.into(),
        }
    }
}

impl From<SessionRow> for pb::Session {
    fn from(row: SessionRow) -> Self {
        let is_pending = row.state == SessionState::Pending;
        Self {
            session_id: row.id.to_string(),
            state: pb_state(row.state).into(),
            slot_id: row.slot_id.to_string(),
            schedule_id: row.schedule_id.to_string(),
            trainer_id: row.trainer_id.to_string(),
            parent_id: row.parent_id.to_string(),
            child_ids: row.child_ids.iter().map(ToString::to_string).collect(),
            location_id: row.location_id.to_string(),
            starts_at: Some(timestamp(row.starts_at)),
            ends_at: Some(timestamp(row.ends_at)),
            time_zone: row.time_zone,
            date: Some(date(row.local_date)),
            local_start: hh_mm(row.local_start),
            local_end: hh_mm(row.local_end),
            price: Some(PbMoney {
                currency_code: row.currency,
                minor_units: row.total_price,
            }),
            cancellation_notice_hours: row.cancellation_notice_hours.try_into().unwrap_or(i32::MAX),
            hold_expires_at: is_pending.then(|| timestamp(row.hold_expires_at)),
            payment_id: row.payment_id.map(|id| id.to_string()).unwrap_or_default(),
            canceled_late: row.canceled_late,
            booked_at: Some(timestamp(row.booked_at)),
        }
    }
}

/// The state of a session after a command.
pub fn state_of(session: &Session) -> pb::SessionState {
    let held = session.held();
    held.map_or(pb::SessionState::Unspecified, |held| pb_state(held.state()))
}

/// An amount of the domain.
pub fn money(money: &Money) -> PbMoney {
    PbMoney {
        currency_code: money.currency_code().to_owned(),
        minor_units: money.minor_units(),
    }
}

fn pb_state(state: SessionState) -> pb::SessionState {
    match state {
        SessionState::Pending => pb::SessionState::Pending,
        SessionState::Paid => pb::SessionState::Paid,
        SessionState::Completed => pb::SessionState::Completed,
        SessionState::Canceled => pb::SessionState::Canceled,
        SessionState::Expired => pb::SessionState::Expired,
    }
}

fn state(state: pb::SessionState) -> Option<SessionState> {
    match state {
        pb::SessionState::Unspecified => None,
        pb::SessionState::Pending => Some(SessionState::Pending),
        pb::SessionState::Paid => Some(SessionState::Paid),
        pb::SessionState::Completed => Some(SessionState::Completed),
        pb::SessionState::Canceled => Some(SessionState::Canceled),
        pb::SessionState::Expired => Some(SessionState::Expired),
    }
}

fn hh_mm(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}
