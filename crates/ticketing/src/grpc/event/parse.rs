//! The requests of `EventService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

mod days;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use contracts::ticketing::v1 as pb;
use service::{Call, Fields, Page, new_id, not_found, requests_of_ids};
use tonic::Status;
use values::{EventId, LocationId, TrainerId, Zone, text};

use self::days::day_list;
use crate::domain::camp::{Draft, SkillLevel, TicketTier};
use crate::query::{EventCursor, EventFilter};
use crate::wire;

const PARTICIPANTS: RangeInclusive<i32> = 1..=1_000_000;
/// A tier of no tickets is sold out from the beginning.
const CAPACITIES: RangeInclusive<i32> = 0..=1_000_000;
const AGES: RangeInclusive<i32> = 0..=120;
const MAX_TRAINERS: usize = 50;
const MAX_TIERS: usize = 50;
const MAX_LEVELS: usize = 10;

requests_of_ids! {
    write PublishEvent of pb::PublishEventRequest { event_id: EventId }
    read GetEvent of pb::GetEventRequest { event_id: EventId }
}

pub struct CreateEvent {
    pub draft: Draft,
}

impl CreateEvent {
    /// `zone` is that of its location, if there is such a location.
    pub fn of(request: &pb::CreateEventRequest, zone: Option<Zone>) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CreateEventRequest {
            request_id: _,
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
        let title = fields.text("title", title, 1..=200);
        let description = fields.lines("description", description, 0..=10_000);
        let event_type = wire::event_type_of(fields.enum_value("event_type", *event_type));
        let location_id: LocationId = fields.id("location_id", location_id);
        let start_date = fields.date("start_date", start_date.as_ref());
        let end_date = fields.date("end_date", end_date.as_ref());
        let start_time = fields.local_time("start_time", start_time);
        let end_time = fields.closing_time("end_time", end_time);
        let max_participants = count(
            &mut fields,
            "max_participants",
            *max_participants,
            PARTICIPANTS,
        );
        let min_age = min_age.map(|age| count(&mut fields, "min_age", age, AGES));
        let max_age = max_age.map(|age| count(&mut fields, "max_age", age, AGES));
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
        let event_type = fields.finish_with(event_type)?;
        let zone = zone.ok_or_else(|| not_found("location", &location_id.to_string()))?;
        let draft = Draft {
            title,
            description,
            event_type,
            location_id,
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
            trainer_ids,
            tiers,
        };
        Ok(Self { draft })
    }
}

pub struct ListEvents {
    pub filter: EventFilter,
    pub page: Page<EventCursor>,
}

impl ListEvents {
    pub fn of(request: &pb::ListEventsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListEventsRequest {
            event_type,
            from,
            until,
            page_size: _,
            page_token: _,
            min_position: _,
            state,
            location_id,
            trainer_id,
        } = request;
        let mut fields = Fields::new();
        let event_type = (*event_type != 0).then(|| fields.enum_value("event_type", *event_type));
        let state = (*state != 0).then(|| fields.enum_value("state", *state));
        let list = Self {
            filter: EventFilter {
                event_type: event_type.and_then(wire::event_type_of),
                state: state.and_then(wire::event_state_of),
                location_id: fields.optional_id("location_id", location_id),
                trainer_id: fields.optional_id("trainer_id", trainer_id),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

/// A number of a range without negative numbers.
fn count(fields: &mut Fields, field: &str, value: i32, range: RangeInclusive<i32>) -> u32 {
    fields.int_in(field, value, range).unsigned_abs()
}

fn skill_level_list(fields: &mut Fields, levels: &[i32]) -> Vec<SkillLevel> {
    let mut list = Vec::with_capacity(levels.len());
    let levels = fields.list("skill_levels", levels, 0..=MAX_LEVELS);
    for (index, level) in levels.iter().enumerate() {
        let field = format!("skill_levels[{index}]");
        let Some(level) = wire::skill_level_of(fields.enum_value(&field, *level)) else {
            continue;
        };
        if list.contains(&level) {
            fields.violation(field, "DUPLICATE", "must not be in the list twice");
        }
        list.push(level);
    }
    list
}

fn trainer_list(fields: &mut Fields, ids: &[String]) -> Vec<TrainerId> {
    let mut seen = HashSet::new();
    let mut list = Vec::with_capacity(ids.len());
    for (index, id) in fields
        .list("trainer_ids", ids, 0..=MAX_TRAINERS)
        .iter()
        .enumerate()
    {
        let field = format!("trainer_ids[{index}]");
        let id: TrainerId = fields.id(&field, id);
        if !id.uuid().is_nil() && !seen.insert(id) {
            fields.violation(field, "DUPLICATE", "must not be in the list twice");
        }
        list.push(id);
    }
    list
}

fn tier_list(fields: &mut Fields, tiers: &[pb::NewTier]) -> Vec<TicketTier> {
    let mut names = HashSet::new();
    let mut list: Vec<TicketTier> = Vec::with_capacity(tiers.len());
    for (index, tier) in fields
        .list("tiers", tiers, 1..=MAX_TIERS)
        .iter()
        .enumerate()
    {
        let pb::NewTier {
            r#type,
            price,
            capacity,
        } = tier;
        let field = |name: &str| format!("tiers[{index}].{name}");
        let name = fields.text(field("type"), r#type, 1..=100);
        if !name.is_empty() && !names.insert(text::unique_key(&name)) {
            fields.violation(field("type"), "DUPLICATE", "must be unique among the tiers");
        }
        let price = fields.money(field("price"), price.as_ref());
        if currency(tier) != currency(&tiers[0]) {
            let expected = "must be that of the first tier";
            fields.violation(field("price.currency_code"), "CURRENCY", expected);
        }
        let capacity = count(fields, &field("capacity"), *capacity, CAPACITIES);
        list.extend(price.map(|price| TicketTier {
            tier_id: new_id(),
            name,
            price,
            capacity,
        }));
    }
    list
}

fn currency(tier: &pb::NewTier) -> &str {
    let price = tier.price.as_ref();
    price.map_or("", |price| &price.currency_code)
}

/// Whether each of the dates and times is well-formed, so that they can be compared.
fn has_days(request: &pb::CreateEventRequest) -> bool {
    let mut fields = Fields::new();
    fields.date("start_date", request.start_date.as_ref());
    fields.date("end_date", request.end_date.as_ref());
    fields.local_time("start_time", &request.start_time);
    fields.closing_time("end_time", &request.end_time);
    fields.finish().is_ok()
}
