//! Requests to commands. Everything that is wrong with a request comes back together.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use contracts::{
    common::v1::ErrorReason,
    ticketing::v1::{
        self as pb, CreateEventRequest, ExpireTicketHoldRequest, GetEventRequest,
        HoldTicketsRequest, ListEventsRequest, ListTicketsRequest, PublishEventRequest,
        SettleTicketHoldRequest,
    },
};
use service::{Call, Fields, page::Page, refused};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    calendar::{self, DayError, LocalTimeError},
    domain::{
        ChildId, EventId, HoldId, LocationId, Money, PaymentId, UserId,
        event::{
            CreateEvent, Day, EventCommand, EventType, HoldTickets, Line, NewTier, SkillLevel,
        },
    },
    grpc::errors,
    query::{EventCursor, EventFilter, TicketFilter},
};

/// Longest event, first to last day.
const MAX_DAYS: i64 = 366;
/// Highest price of a ticket: the sum of a hold stays far from the end of the numbers.
const MAX_PRICE: i64 = 1_000_000_000_000;
const MAX_COUNT: i32 = 1_000_000;

/// The user who calls; access rules see to it that there is one.
pub(in crate::grpc) fn caller(call: &Call) -> Result<UserId, Status> {
    call.user_id().map(UserId::from).ok_or_else(|| {
        let message = "only a user can do this";
        refused(Code::PermissionDenied, ErrorReason::RoleNotAllowed, message)
    })
}

/// The location of an event to be drafted, if it is an id at all.
pub(in crate::grpc) fn location_id(request: &CreateEventRequest) -> Option<LocationId> {
    Uuid::parse_str(&request.location_id)
        .ok()
        .map(LocationId::from)
}

/// `zone` is that of the request's location, if there is such a location.
pub(in crate::grpc) fn create_event(
    request: &CreateEventRequest,
    zone: Option<Tz>,
    event_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(Uuid, CreateEvent), Status> {
    let CreateEventRequest {
        request_id,
        title,
        description,
        event_type,
        location_id,
        start_date,
        end_date,
        start_time,
        end_time,
        max_participants,
        min_age,
        max_age,
        skill_levels,
        trainer_ids,
        tiers,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", request_id);
    let title = fields.text("title", title, 1..=200);
    let description = fields.text("description", description, 0..=10_000);
    let event_type = domain_event_type(fields.enum_value("event_type", *event_type));
    let location_id = fields.uuid("location_id", location_id);
    let start_date = fields.date("start_date", start_date.as_ref());
    let end_date = fields.date("end_date", end_date.as_ref());
    let start_time = fields.local_time("start_time", start_time);
    let end_time = fields.local_time("end_time", end_time);
    let max_participants = count(
        &mut fields,
        "max_participants",
        *max_participants,
        1,
        MAX_COUNT,
    );
    let min_age = min_age.map(|age| count(&mut fields, "min_age", age, 0, 120));
    let max_age = max_age.map(|age| count(&mut fields, "max_age", age, 0, 120));
    if min_age.zip(max_age).is_some_and(|(min, max)| min > max) {
        fields.violation("max_age", "ORDER", "must not be below min_age");
    }
    let skill_levels = skill_level_list(&mut fields, skill_levels);
    let trainer_ids = trainer_list(&mut fields, trainer_ids);
    let tiers = tier_list(&mut fields, tiers);
    let days = if has_days(request) {
        let dates = (start_date, end_date);
        day_list(&mut fields, zone, dates, (start_time, end_time))
    } else {
        Vec::new()
    };
    fields.finish()?;
    let zone = zone.ok_or_else(|| errors::no_location(location_id.into()))?;
    let create = CreateEvent {
        event_id: event_id.into(),
        title,
        description,
        event_type,
        location_id: location_id.into(),
        time_zone: zone.name().to_owned(),
        start_date,
        end_date,
        start_time,
        end_time,
        days,
        max_participants,
        min_age,
        max_age,
        skill_levels,
        trainer_ids: trainer_ids.into_iter().map(Into::into).collect(),
        tiers,
        at,
    };
    Ok((request_id, create))
}

pub(in crate::grpc) fn publish_event(
    request: &PublishEventRequest,
) -> Result<(Uuid, EventId), Status> {
    let PublishEventRequest {
        request_id,
        event_id,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", request_id);
    let event_id = fields.uuid("event_id", event_id);
    fields.finish()?;
    Ok((request_id, event_id.into()))
}

pub(in crate::grpc) fn get_event(request: &GetEventRequest) -> Result<EventId, Status> {
    let GetEventRequest {
        event_id,
        min_position: _,
    } = request;
    let mut fields = Fields::new();
    let event_id = fields.uuid("event_id", event_id);
    fields.finish()?;
    Ok(event_id.into())
}

pub(in crate::grpc) fn list_events(
    request: &ListEventsRequest,
    drafts: bool,
) -> Result<(EventFilter, Page<EventCursor>), Status> {
    let ListEventsRequest {
        event_type,
        from,
        until,
        page_size,
        page_token,
        min_position: _,
    } = request;
    let mut fields = Fields::new();
    let event_type = (*event_type != 0)
        .then(|| domain_event_type(fields.enum_value("event_type", *event_type)).to_string());
    let from = fields.optional_timestamp("from", from.as_ref());
    let until = fields.optional_timestamp("until", until.as_ref());
    let page: Page<EventCursor> = fields.page(*page_size, page_token);
    fields.finish()?;
    let filter = EventFilter {
        drafts,
        event_type,
        from,
        until,
        after: page.after,
        limit: page.limit(),
    };
    Ok((filter, page))
}

/// Tickets to be held, and whose they are to be.
pub(in crate::grpc) struct Hold {
    pub(in crate::grpc) request_id: Uuid,
    pub(in crate::grpc) event_id: String,
    pub(in crate::grpc) children: Vec<ChildId>,
    pub(in crate::grpc) command: EventCommand,
}

pub(in crate::grpc) fn hold_tickets(
    request: &HoldTicketsRequest,
    parent_id: UserId,
    hold_for: TimeDelta,
    at: DateTime<Utc>,
) -> Result<Hold, Status> {
    let HoldTicketsRequest {
        request_id,
        event_id,
        lines,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", request_id);
    let event_id = fields.uuid("event_id", event_id);
    let lines = fields.list("lines", lines, 1..=20);
    let mut children = Vec::with_capacity(lines.len());
    let mut asked = Vec::with_capacity(lines.len());
    for (index, pb::TicketLine { tier_id, child_id }) in lines.iter().enumerate() {
        let tier_id = fields.uuid(format!("lines[{index}].tier_id"), tier_id);
        let child_id = ChildId::from(fields.uuid(format!("lines[{index}].child_id"), child_id));
        if children.contains(&child_id) && !child_id.uuid().is_nil() {
            let field = format!("lines[{index}].child_id");
            fields.violation(field, "REPEATED", "must not be in the request twice");
        }
        children.push(child_id);
        asked.push(Line {
            ticket_id: Uuid::now_v7().into(),
            tier_id: tier_id.into(),
            child_id,
        });
    }
    fields.finish()?;
    let command = EventCommand::Hold(HoldTickets {
        hold_id: Uuid::now_v7().into(),
        parent_id,
        lines: asked,
        expires_at: at + hold_for,
        at,
    });
    Ok(Hold {
        request_id,
        event_id: event_id.to_string(),
        children,
        command,
    })
}

/// A parent's list is of the parent's own tickets; an admin's of whom it names.
pub(in crate::grpc) fn list_tickets(
    request: &ListTicketsRequest,
    call: &Call,
) -> Result<(TicketFilter, Page<Uuid>), Status> {
    let ListTicketsRequest {
        event_id,
        user_id,
        status,
        page_size,
        page_token,
        min_position: _,
    } = request;
    let mut fields = Fields::new();
    let event_id = fields.optional_uuid("event_id", event_id);
    let mut user_id = fields.optional_uuid("user_id", user_id);
    if !call.is_admin() {
        let own = caller(call)?.uuid();
        if user_id.is_some_and(|user| user != own) {
            fields.violation("user_id", "NOT_YOURS", "must be empty or the caller's own");
        }
        user_id = Some(own);
    }
    let status = (*status != 0).then(|| {
        let status: pb::TicketStatus = fields.enum_value("status", *status);
        status
            .as_str_name()
            .trim_start_matches("TICKET_STATUS_")
            .to_owned()
    });
    let page: Page<Uuid> = fields.page(*page_size, page_token);
    fields.finish()?;
    let filter = TicketFilter {
        user_id,
        event_id,
        status,
        after: page.after,
        limit: page.limit(),
    };
    Ok((filter, page))
}

pub(in crate::grpc) fn expire_ticket_hold(
    request: &ExpireTicketHoldRequest,
) -> Result<(Uuid, EventId, HoldId), Status> {
    let ExpireTicketHoldRequest {
        request_id,
        hold_id,
        event_id,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", request_id);
    let hold_id = fields.uuid("hold_id", hold_id);
    let event_id = fields.uuid("event_id", event_id);
    fields.finish()?;
    Ok((request_id, event_id.into(), hold_id.into()))
}

pub(in crate::grpc) fn settle_ticket_hold(
    request: &SettleTicketHoldRequest,
) -> Result<(Uuid, HoldId, PaymentId), Status> {
    let SettleTicketHoldRequest {
        request_id,
        hold_id,
        payment_id,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", request_id);
    let hold_id = fields.uuid("hold_id", hold_id);
    let payment_id = fields.uuid("payment_id", payment_id);
    fields.finish()?;
    Ok((request_id, hold_id.into(), payment_id.into()))
}

fn count(fields: &mut Fields, field: &str, value: i32, least: i32, most: i32) -> u32 {
    // The range has no negative numbers.
    fields.int_in(field, value, least..=most).unsigned_abs()
}

fn domain_event_type(event_type: pb::EventType) -> EventType {
    match event_type {
        pb::EventType::Clinic | pb::EventType::Unspecified => EventType::Clinic,
        pb::EventType::Camp => EventType::Camp,
        pb::EventType::Networking => EventType::Networking,
    }
}

fn skill_level_list(fields: &mut Fields, levels: &[i32]) -> Vec<SkillLevel> {
    let mut list = Vec::with_capacity(levels.len());
    for (index, level) in levels.iter().enumerate() {
        let field = format!("skill_levels[{index}]");
        let level = match fields.enum_value(&field, *level) {
            pb::SkillLevel::Unspecified => continue,
            pb::SkillLevel::Beginner => SkillLevel::Beginner,
            pb::SkillLevel::Intermediate => SkillLevel::Intermediate,
            pb::SkillLevel::Advanced => SkillLevel::Advanced,
        };
        if list.contains(&level) {
            fields.violation(field, "REPEATED", "must not be in the list twice");
        }
        list.push(level);
    }
    list
}

fn trainer_list(fields: &mut Fields, ids: &[String]) -> Vec<Uuid> {
    let mut seen = HashSet::new();
    let mut list = Vec::with_capacity(ids.len());
    for (index, id) in fields.list("trainer_ids", ids, 0..=50).iter().enumerate() {
        let field = format!("trainer_ids[{index}]");
        let id = fields.uuid(&field, id);
        if !id.is_nil() && !seen.insert(id) {
            fields.violation(field, "REPEATED", "must not be in the list twice");
        }
        list.push(id);
    }
    list
}

fn tier_list(fields: &mut Fields, tiers: &[pb::NewTier]) -> Vec<NewTier> {
    let mut names = HashSet::new();
    let mut list: Vec<NewTier> = Vec::with_capacity(tiers.len());
    for (index, tier) in fields.list("tiers", tiers, 1..=50).iter().enumerate() {
        let pb::NewTier {
            r#type,
            price,
            capacity,
        } = tier;
        let field = |name: &str| format!("tiers[{index}].{name}");
        let name = fields.text(field("type"), r#type, 1..=100);
        if !name.is_empty() && !names.insert(name.to_lowercase()) {
            fields.violation(field("type"), "REPEATED", "must be unique among the tiers");
        }
        let price = fields.money(field("price"), price.as_ref());
        if price.minor_units > MAX_PRICE {
            let expected = format!("must be at most {MAX_PRICE}");
            fields.violation(field("price.minor_units"), "RANGE", expected);
        }
        if list
            .first()
            .is_some_and(|first| first.price.currency_code != price.currency_code)
        {
            let expected = "must be that of the first tier";
            fields.violation(field("price.currency_code"), "CURRENCY", expected);
        }
        let capacity = count(fields, &field("capacity"), *capacity, 1, MAX_COUNT);
        let price = Money {
            minor_units: price.minor_units,
            currency_code: price.currency_code,
        };
        list.push(NewTier {
            tier_id: Uuid::now_v7().into(),
            name,
            price,
            capacity,
        });
    }
    list
}

/// Whether dates and times are well-formed each for itself, so that they can be compared.
fn has_days(request: &CreateEventRequest) -> bool {
    let mut fields = Fields::new();
    fields.date("start_date", request.start_date.as_ref());
    fields.date("end_date", request.end_date.as_ref());
    fields.local_time("start_time", &request.start_time);
    fields.local_time("end_time", &request.end_time);
    fields.finish().is_ok()
}

/// Every day as instants; empty when one of them cannot be, or the zone is not known.
fn day_list(
    fields: &mut Fields,
    zone: Option<Tz>,
    (first, last): (NaiveDate, NaiveDate),
    (start, end): (NaiveTime, NaiveTime),
) -> Vec<Day> {
    if last < first {
        fields.violation("end_date", "ORDER", "must not be before start_date");
        return Vec::new();
    }
    if last - first >= TimeDelta::days(MAX_DAYS) {
        let expected = format!("must be less than {MAX_DAYS} days after start_date");
        fields.violation("end_date", "RANGE", expected);
        return Vec::new();
    }
    if end <= start {
        fields.violation("end_time", "ORDER", "must be after start_time");
        return Vec::new();
    }
    let Some(zone) = zone else {
        return Vec::new();
    };
    calendar::days(zone, (first, last), (start, end)).unwrap_or_else(|errors| {
        for error in errors {
            let (field, error) = match error {
                DayError::Start(error) => ("start_time", error),
                DayError::End(error) => ("end_time", error),
            };
            let reason = match error {
                LocalTimeError::Missing(_) => "LOCAL_TIME_MISSING",
                LocalTimeError::Ambiguous(_) => "LOCAL_TIME_AMBIGUOUS",
            };
            let description = format!("must be another time, since {error} in {zone}");
            fields.violation(field, reason, description);
        }
        Vec::new()
    })
}
