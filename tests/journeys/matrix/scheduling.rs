//! Locations, windows and sessions.

use chrono::{TimeDelta, TimeZone as _};
use contracts::scheduling::v1::{
    AssignTrainerLocationRequest, BookSessionRequest, CancelSessionRequest, CompleteSessionRequest,
    CreateLocationRequest, ExpireSessionHoldRequest, GetLocationRequest, GetSessionRequest,
    GetSlotRequest, ListAvailableSlotsRequest, ListGroupPricesRequest, ListLocationsRequest,
    ListSchedulesRequest, ListSessionsRequest, ListSlotsRequest, ListTrainerLocationsRequest,
    LocalTimes, OpenScheduleRequest, SetGroupPriceRequest, SettleSessionRequest, SingleSlot,
    SlotRule, slot_rule::Rule,
};
use contracts::wire::timestamp;
use e2e::people::{ZONE, day, dollars, id};
use prost::Message as _;
use values::Zone;

use super::rows::{Row, guarded};
use super::world::World;

const HERE: &[&str] = &["scheduling"];

/// A window of one slot in sixty days at the coach's location.
fn window(world: &World) -> OpenScheduleRequest {
    let date = day(60);
    let midnight = Zone::new_york()
        .with_ymd_and_hms(
            date.year,
            date.month.cast_unsigned(),
            date.day.cast_unsigned(),
            0,
            0,
            0,
        )
        .earliest()
        .expect("a midnight")
        .to_utc();
    let slot = SingleSlot {
        date: Some(date),
        times: Some(LocalTimes {
            start: "09:00".to_owned(),
            end: "10:00".to_owned(),
            ..LocalTimes::default()
        }),
    };
    OpenScheduleRequest {
        request_id: id(),
        trainer_id: world.coach.id.clone(),
        starts_at: Some(timestamp(midnight)),
        ends_at: Some(timestamp(midnight + TimeDelta::hours(20))),
        slots: vec![SlotRule {
            location_id: world.location_id.clone(),
            rule: Some(Rule::Single(slot)),
        }],
    }
}

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.scheduling.v1.LocationService/CreateLocation", b"RRRRRAR", |_| {
        CreateLocationRequest { request_id: id(), name: id(), time_zone: ZONE.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.LocationService/GetLocation", b"AAAAAAA", |w| {
        GetLocationRequest { location_id: w.location_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.LocationService/ListLocations", b"AAAAAAA", |_| {
        ListLocationsRequest::default().encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.TrainerCalendarService/AssignTrainerLocation", b"RRRNAAR", |w| {
        AssignTrainerLocationRequest { request_id: id(), trainer_id: w.coach.id.clone(), location_id: w.location_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.TrainerCalendarService/SetGroupPrice", b"RRRNAAR", |w| {
        SetGroupPriceRequest { request_id: id(), trainer_id: w.coach.id.clone(), participants: 2, price: Some(dollars(130)) }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.TrainerCalendarService/ListTrainerLocations", b"AAAAAAR", |w| {
        ListTrainerLocationsRequest { trainer_id: w.coach.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.TrainerCalendarService/ListGroupPrices", b"AAAAAAR", |w| {
        ListGroupPricesRequest { trainer_id: w.coach.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.ScheduleService/OpenSchedule", b"RRRNAAR", |w| window(w).encode_to_vec()),
    guarded(HERE, "/divinetime.scheduling.v1.ScheduleService/ListSchedules", b"RRRAAAR", |w| {
        ListSchedulesRequest { trainer_id: w.coach.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    // A parent finds what they booked by its session.
    guarded(HERE, "/divinetime.scheduling.v1.ScheduleService/GetSlot", b"NNNNAAR", |w| {
        GetSlotRequest { slot_id: w.booked_slot_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.ScheduleService/ListSlots", b"RRRAAAR", |w| {
        ListSlotsRequest { trainer_id: w.coach.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.ScheduleService/ListAvailableSlots", b"AAAAAAR", |w| {
        ListAvailableSlotsRequest { trainer_id: w.coach.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/BookSession", b"ANNRRRR", |w| {
        BookSessionRequest { request_id: id(), slot_id: w.free_slot_id.clone(), child_ids: vec![w.child_id()] }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/GetSession", b"ANNNAAR", |w| {
        GetSessionRequest { session_id: w.session_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/ListSessions", b"AAAAAAR", |_| {
        ListSessionsRequest::default().encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/CompleteSession", b"RRRNAAR", |w| {
        CompleteSessionRequest { request_id: id(), session_id: w.session_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/CancelSession", b"ANNNAAR", |w| {
        CancelSessionRequest { request_id: id(), session_id: w.loose_session_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/ExpireSessionHold", b"RRRRRRA", |w| {
        ExpireSessionHoldRequest { request_id: id(), session_id: w.session_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.scheduling.v1.SessionService/SettleSession", b"RRRRRRA", |w| {
        SettleSessionRequest { request_id: id(), session_id: w.settled_session_id.clone(), payment_id: id() }.encode_to_vec()
    }),
];
