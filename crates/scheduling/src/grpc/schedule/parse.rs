//! The requests of `ScheduleService`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc, Weekday};
use contracts::google::r#type::Date;
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::slot_rule::Rule as PbRule;
use service::{Call, Fields, Page, new_id, now, requests_of_ids};
use strum::IntoEnumIterator as _;
use tonic::Status;
use values::{
    Dates, Edge, Interval, LocationId, SlotId, Times, TrainerId, WallTime, Zone, resolve,
};

use super::reply::slot_status;
use crate::domain::schedule::Slot;
use crate::projector::SlotStatus;
use crate::query::{ScheduleFilter, SlotFilter, StartCursor};

const MAX_RULES: usize = 100;
const MAX_SLOTS: usize = 1_000;
/// Longest series, in days.
const MAX_DAYS: i64 = 1_100;
const MAX_EXCEPT_DATES: usize = 1_100;

requests_of_ids! {
    read GetSlot of pb::GetSlotRequest { slot_id: SlotId }
}

/// A window to open: what can be checked by itself, its local times only with the zones of the
/// locations.
#[derive(Debug)]
pub struct OpenSchedule {
    pub trainer_id: TrainerId,
    pub window: Interval,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// Where in the request, for violations.
    path: String,
    location_id: LocationId,
    dates: Dates,
    times: Times,
}

impl TryFrom<&pb::OpenScheduleRequest> for OpenSchedule {
    type Error = Status;

    fn try_from(request: &pb::OpenScheduleRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::OpenScheduleRequest {
            request_id: _,
            trainer_id,
            starts_at,
            ends_at,
            slots,
        } = request;
        let trainer_id = fields.id("trainer_id", trainer_id);
        let starts_at = whole_seconds(&mut fields, "starts_at", starts_at.as_ref());
        let ends_at = whole_seconds(&mut fields, "ends_at", ends_at.as_ref());
        let window = window(&mut fields, starts_at, ends_at);
        let rules: Vec<Rule> = fields
            .list("slots", slots, 1..=MAX_RULES)
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| rule(&mut fields, index, slot))
            .collect();
        let count: usize = rules.iter().map(|rule| rule.dates.days().count()).sum();
        if count > MAX_SLOTS {
            let advice = format!("must not make more than {MAX_SLOTS} slots together");
            fields.violation("slots", "COUNT", advice);
        }
        fields.finish_with(window.map(|window| Self {
            trainer_id,
            window,
            rules,
        }))
    }
}

impl OpenSchedule {
    /// Where the slots are.
    pub fn locations(&self) -> BTreeSet<LocationId> {
        self.rules.iter().map(|rule| rule.location_id).collect()
    }

    /// The slots, each with a new id; none while the zone of a location is missing. Local times that
    /// stand for no instant are violations.
    pub fn slots(&self, zones: &BTreeMap<LocationId, Zone>) -> Result<Vec<Slot>, Status> {
        let mut slots = vec![];
        let mut violations = vec![];
        for rule in &self.rules {
            let Some(zone) = zones.get(&rule.location_id) else {
                return Ok(vec![]);
            };
            for date in rule.dates.days() {
                match resolve(*zone, date, rule.times) {
                    Ok((time, local)) => slots.push(Slot {
                        slot_id: new_id(),
                        location_id: rule.location_id,
                        time,
                        local,
                    }),
                    Err(errors) => violations.extend(errors.into_iter().map(|it| (rule, it))),
                }
            }
        }
        let nothing_wrong = violations.is_empty();
        let mut fields = Fields::new();
        for (rule, (edge, error)) in violations {
            let edge = match edge {
                Edge::Start => "start",
                Edge::End => "end",
            };
            fields.no_instant(format!("{}.times.{edge}", rule.path), &error);
        }
        if slots.is_empty() && nothing_wrong {
            fields.violation("slots", "EMPTY", "must make at least one slot");
        }
        fields.finish()?;
        Ok(slots)
    }
}

pub struct ListSchedules {
    pub filter: ScheduleFilter,
    pub page: Page<StartCursor>,
}

impl ListSchedules {
    pub fn of(request: &pb::ListSchedulesRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListSchedulesRequest {
            trainer_id,
            from,
            until,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            filter: ScheduleFilter {
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

pub struct ListSlots {
    pub filter: SlotFilter,
    /// In one of these; in any when empty.
    pub statuses: Vec<SlotStatus>,
    pub page: Page<StartCursor>,
}

impl ListSlots {
    pub fn of(request: &pb::ListSlotsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListSlotsRequest {
            trainer_id,
            location_id,
            statuses,
            from,
            until,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let statuses = statuses.iter().enumerate().filter_map(|(index, status)| {
            slot_status_of(fields.enum_value(format!("statuses[{index}]"), *status))
        });
        let statuses = statuses.collect();
        let list = Self {
            filter: SlotFilter {
                trainer_id: fields.optional_id("trainer_id", trainer_id),
                location_id: fields.optional_id("location_id", location_id),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            statuses,
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

pub struct ListAvailableSlots {
    pub filter: SlotFilter,
    pub page: Page<StartCursor>,
}

impl ListAvailableSlots {
    pub fn of(request: &pb::ListAvailableSlotsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListAvailableSlotsRequest {
            trainer_id,
            location_id,
            from,
            until,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            filter: SlotFilter {
                trainer_id: fields.optional_id("trainer_id", trainer_id),
                location_id: fields.optional_id("location_id", location_id),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

/// The status that a message means; `None` for the unspecified one.
fn slot_status_of(status: pb::SlotStatus) -> Option<SlotStatus> {
    SlotStatus::iter().find(|known| slot_status(*known) == status)
}

fn whole_seconds(
    fields: &mut Fields,
    name: &str,
    value: Option<&prost_types::Timestamp>,
) -> DateTime<Utc> {
    let instant = fields.timestamp(name, value);
    if instant.timestamp_subsec_nanos() != 0 {
        fields.violation(name, "FRACTION", "must be a whole second");
    }
    instant
}

fn window(
    fields: &mut Fields,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Option<Interval> {
    let window = Interval::new(starts_at, ends_at);
    if window.is_none() {
        fields.violation("ends_at", "END_BEFORE_START", "must be after starts_at");
    } else if ends_at <= now() {
        fields.violation("ends_at", "PAST", "must be in the future");
    }
    window
}

fn rule(fields: &mut Fields, index: usize, slot: &pb::SlotRule) -> Option<Rule> {
    let pb::SlotRule { location_id, rule } = slot;
    let path = format!("slots[{index}]");
    let location_id = fields.id(format!("{path}.location_id"), location_id);
    match rule {
        None => {
            fields.violation(path, "REQUIRED", "must be single or recurring");
            None
        }
        Some(PbRule::Single(pb::SingleSlot { date, times })) => {
            let path = format!("{path}.single");
            let dates = Dates::Single(fields.date(format!("{path}.date"), date.as_ref()));
            let times = times_of(fields, &path, times.as_ref())?;
            Some(Rule {
                path,
                location_id,
                dates,
                times,
            })
        }
        Some(PbRule::Recurring(recurring)) => {
            let path = format!("{path}.recurring");
            let dates = recurring_dates(fields, &path, recurring);
            let times = times_of(fields, &path, recurring.times.as_ref())?;
            Some(Rule {
                path,
                location_id,
                dates: dates?,
                times,
            })
        }
    }
}

fn recurring_dates(fields: &mut Fields, path: &str, rule: &pb::RecurringSlots) -> Option<Dates> {
    let pb::RecurringSlots {
        weekdays,
        times: _,
        from,
        until,
        except_dates,
    } = rule;
    let name = format!("{path}.weekdays");
    let weekdays = fields
        .list(name.clone(), weekdays, 1..=7)
        .iter()
        .filter_map(|day| weekday(fields.enum_value(name.clone(), *day)))
        .collect();
    let from = fields.date(format!("{path}.from"), from.as_ref());
    let until = fields.date(format!("{path}.until"), until.as_ref());
    let except = except_dates_of(fields, &format!("{path}.except_dates"), except_dates);
    let days = (until - from).num_days();
    if days < 0 {
        fields.violation(
            format!("{path}.until"),
            "END_BEFORE_START",
            "must not be before from",
        );
    } else if days > MAX_DAYS {
        let advice = format!("must not be more than {MAX_DAYS} days after from");
        fields.violation(format!("{path}.until"), "RANGE", advice);
    }
    (0..=MAX_DAYS).contains(&days).then_some(Dates::Recurring {
        weekdays,
        from,
        until,
        except,
    })
}

fn except_dates_of(fields: &mut Fields, path: &str, dates: &[Date]) -> BTreeSet<NaiveDate> {
    fields
        .list(path, dates, 0..=MAX_EXCEPT_DATES)
        .iter()
        .enumerate()
        .map(|(index, date)| fields.date(format!("{path}[{index}]"), Some(date)))
        .collect()
}

fn weekday(day: pb::Weekday) -> Option<Weekday> {
    match day {
        pb::Weekday::Unspecified => None,
        pb::Weekday::Monday => Some(Weekday::Mon),
        pb::Weekday::Tuesday => Some(Weekday::Tue),
        pb::Weekday::Wednesday => Some(Weekday::Wed),
        pb::Weekday::Thursday => Some(Weekday::Thu),
        pb::Weekday::Friday => Some(Weekday::Fri),
        pb::Weekday::Saturday => Some(Weekday::Sat),
        pb::Weekday::Sunday => Some(Weekday::Sun),
    }
}

fn times_of(fields: &mut Fields, path: &str, times: Option<&pb::LocalTimes>) -> Option<Times> {
    let path = format!("{path}.times");
    let Some(times) = times else {
        fields.violation(path, "REQUIRED", "is required");
        return None;
    };
    let pb::LocalTimes {
        start,
        end,
        start_utc_offset_minutes,
        end_utc_offset_minutes,
    } = times;
    let start = WallTime {
        time: fields.local_time(format!("{path}.start"), start),
        offset: offset(
            fields,
            format!("{path}.start_utc_offset_minutes"),
            *start_utc_offset_minutes,
        ),
    };
    let end = WallTime {
        time: fields.closing_time(format!("{path}.end"), end),
        offset: offset(
            fields,
            format!("{path}.end_utc_offset_minutes"),
            *end_utc_offset_minutes,
        ),
    };
    Some(Times { start, end })
}

fn offset(fields: &mut Fields, path: String, minutes: Option<i32>) -> Option<FixedOffset> {
    let minutes = minutes?;
    let offset = minutes.checked_mul(60).and_then(FixedOffset::east_opt);
    if offset.is_none() {
        fields.violation(
            path,
            "OFFSET",
            "must be an offset from UTC in minutes, such as -240",
        );
    }
    offset
}
