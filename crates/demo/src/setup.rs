//! Sets the stage: locations, trainers with their windows, parents with their children.

use chrono::{Days, NaiveDate, NaiveTime};
use contracts::common::v1::{LogPosition, Money, Role};
use contracts::google::r#type::Date;
use contracts::identity::v1::{
    AddChildRequest, CreateTrainerRequest, RegisterUserRequest, SkillLevel,
};
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::scheduling::v1::{
    AssignTrainerLocationRequest, CreateLocationRequest, ListAvailableSlotsRequest, LocalTimes,
    OpenScheduleRequest, RecurringSlots, SetGroupPriceRequest, SlotRule, Weekday,
};
use contracts::wire::{date, timestamp};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost_types::Timestamp;
use uuid::Uuid;
use values::Zone;

use crate::error::{Attempt as _, DemoError};
use crate::person::Person;
use crate::plan::{HOURS, PLACES, ParentPlan, Plan, TrainerPlan, clock_change, zone};
use crate::platform::{CONCURRENCY, Platform};
use crate::progress::Progress;
use crate::tally::Tally;

/// The password of every account that the demo makes. None of them holds anything of value.
pub const PASSWORD: &str = "a season to remember";

/// Who plays the season, and where.
pub struct Stage {
    /// Ids of the locations, in the order of `PLACES`.
    pub locations: Vec<String>,
    pub trainers: Vec<Trainer>,
    pub parents: Vec<Parent>,
    /// A trainer in New York whose only window lies around the next clock change.
    pub clock_trainer: Trainer,
}

/// A trainer who is logged in.
pub struct Trainer {
    pub person: Person,
    /// Ids of the slots in the order of their start.
    pub slots: Vec<String>,
}

/// A parent who is logged in.
pub struct Parent {
    pub person: Person,
    pub email: String,
    pub children: Vec<String>,
}

pub async fn play(
    platform: &Platform,
    admin: &Person,
    plan: &Plan,
    tally: &Tally,
    progress: &Progress,
) -> Result<Stage, DemoError> {
    progress.say("locations, trainers and their windows");
    let locations = locations(platform, admin, plan).await?;
    let venues = locations.as_slice();
    let trainers = stream::iter(plan.trainers.iter().enumerate())
        .map(|(number, trainer)| async move {
            let opened = open_trainer(platform, plan, number, trainer, venues, tally).await;
            progress.step();
            opened
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let clock_trainer = clock_trainer(platform, plan, &locations, tally).await?;

    progress.say("parents and children");
    let parents = stream::iter(plan.parents.iter().enumerate())
        .map(|(number, parent)| async move {
            let family = family(platform, plan, number, parent, tally).await;
            progress.step();
            family
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(Stage {
        locations,
        trainers,
        parents,
        clock_trainer,
    })
}

async fn locations(
    platform: &Platform,
    admin: &Person,
    plan: &Plan,
) -> Result<Vec<String>, DemoError> {
    let mut locations = Vec::new();
    for (city, zone, _) in PLACES {
        let message = CreateLocationRequest {
            request_id: request_id(),
            name: format!("{city} {}", plan.run),
            time_zone: zone.to_owned(),
        };
        let created = platform
            .patiently(|| {
                let mut client = platform.locations.clone();
                let request = admin.request(message.clone());
                async move { client.create_location(request).await }
            })
            .await
            .attempting("creating a location")?;
        locations.push(created.location_id);
    }
    Ok(locations)
}

async fn open_trainer(
    platform: &Platform,
    plan: &Plan,
    number: usize,
    trainer: &TrainerPlan,
    locations: &[String],
    tally: &Tally,
) -> Result<Trainer, DemoError> {
    let place = trainer.place;
    let price = trainer.price_per_hour;
    let person = hire(
        platform,
        plan,
        &format!("trainer{number}"),
        place,
        price,
        tally,
    )
    .await?;
    assign(platform, &person, &locations[place]).await?;
    for participants in 2..=3 {
        set_group_price(platform, &person, place, participants, price).await?;
    }
    let rules = HOURS.map(|hour| {
        let last = plan.end() - Days::new(1);
        daily(&locations[place], hour, plan.first_day, last)
    });
    let (slots, _) = open_schedule(
        platform,
        &person,
        rules.to_vec(),
        plan.first_day,
        plan.end(),
    )
    .await?;
    let expected = HOURS.len() * plan.days as usize;
    tally.promise(
        format!("trainer {number} has {expected} slots"),
        slots.len() == expected,
        format!("{} slots", slots.len()),
    );
    Ok(Trainer { person, slots })
}

/// Hires a trainer in New York with a slot at 13:00 on each day around the next clock change. The
/// local time must stay 13:00, so that the time in UTC moves by an hour.
async fn clock_trainer(
    platform: &Platform,
    plan: &Plan,
    locations: &[String],
    tally: &Tally,
) -> Result<Trainer, DemoError> {
    let person = hire(platform, plan, "clock", 0, 6_000, tally).await?;
    assign(platform, &person, &locations[0]).await?;
    let change = next_clock_change(zone(0), plan.first_day);
    let (from, until) = (change - Days::new(2), change + Days::new(2));
    let rule = daily(&locations[0], 13, from, until);
    let (slots, position) =
        open_schedule(platform, &person, vec![rule], from, until + Days::new(1)).await?;

    let message = ListAvailableSlotsRequest {
        trainer_id: person.user_id.clone(),
        min_position: position,
        ..Default::default()
    };
    let listed = platform
        .patiently(|| {
            let mut client = platform.schedules.clone();
            let request = person.request(message.clone());
            async move { client.list_available_slots(request).await }
        })
        .await
        .attempting("listing the slots about the clock change")?
        .slots;
    let starts: Vec<_> = listed
        .iter()
        .map(|slot| slot.local_start.as_str())
        .collect();
    let utc_hours: std::collections::BTreeSet<_> = listed
        .iter()
        .filter_map(|slot| {
            slot.starts_at
                .map(|at| at.seconds.rem_euclid(86_400) / 3_600)
        })
        .collect();
    tally.promise(
        format!("13:00 stays 13:00 across the clock change of {change}"),
        starts.len() == 5 && starts.iter().all(|start| *start == "13:00") && utc_hours.len() == 2,
        format!("local starts {starts:?}, UTC hours {utc_hours:?}"),
    );
    Ok(Trainer { person, slots })
}

/// The date of the next clock change, be it forward or back.
fn next_clock_change(zone: Zone, from: NaiveDate) -> NaiveDate {
    [true, false]
        .into_iter()
        .filter_map(|forward| clock_change(zone, from + Days::new(3), forward))
        .min()
        .unwrap_or(from + Days::new(3))
}

/// Registers a trainer and creates their profile, with a price in the currency of a place.
pub async fn hire(
    platform: &Platform,
    plan: &Plan,
    name: &str,
    place: usize,
    price_per_hour: i64,
    tally: &Tally,
) -> Result<Person, DemoError> {
    let (_, person) = join(platform, plan, name, Role::Trainer, tally).await?;
    let message = CreateTrainerRequest {
        request_id: request_id(),
        first_name: "Demo".to_owned(),
        last_name: name.to_owned(),
        price_per_hour: Some(money(place, price_per_hour)),
        session_duration_minutes: 60,
        ..Default::default()
    };
    platform
        .patiently(|| {
            let mut client = platform.trainers.clone();
            let request = person.request(message.clone());
            async move { client.create_trainer(request).await }
        })
        .await
        .attempting("creating a trainer profile")?;
    tally.trainer();
    Ok(person)
}

async fn family(
    platform: &Platform,
    plan: &Plan,
    number: usize,
    parent: &ParentPlan,
    tally: &Tally,
) -> Result<Parent, DemoError> {
    let name = format!("parent{number}");
    let (email, person) = join(platform, plan, &name, Role::Parent, tally).await?;
    let mut children = Vec::new();
    for number in 0..parent.children {
        children.push(child(platform, &person, &name, number).await?);
    }
    Ok(Parent {
        person,
        email,
        children,
    })
}

/// Adds a child to a parent's account; first name and birthdate are made from the number.
pub async fn child(
    platform: &Platform,
    parent: &Person,
    last_name: &str,
    number: usize,
) -> Result<String, DemoError> {
    let message = AddChildRequest {
        request_id: request_id(),
        guardian_consent: true,
        first_name: format!("Child{number}"),
        last_name: last_name.to_owned(),
        birthdate: Some(Date {
            year: 2014 + i32::try_from(number).unwrap_or_default(),
            month: 5,
            day: 17,
        }),
        skill_level: SkillLevel::Beginner.into(),
        ..Default::default()
    };
    let added = platform
        .patiently(|| {
            let mut client = platform.children.clone();
            let request = parent.request(message.clone());
            async move { client.add_child(request).await }
        })
        .await
        .attempting("adding a child")?;
    Ok(added.child_id)
}

/// Registers a user and logs them in. Returns their email address as well.
async fn join(
    platform: &Platform,
    plan: &Plan,
    name: &str,
    role: Role,
    tally: &Tally,
) -> Result<(String, Person), DemoError> {
    let message = registration(&format!("{name}.{}@demo.example.org", plan.run), role);
    let registered = platform
        .patiently(|| {
            let mut client = platform.users.clone();
            let request = Person::anonymous(message.clone());
            async move { client.register_user(request).await }
        })
        .await
        .attempting("registering a user")?;
    let person = platform.log_in(&message.email, PASSWORD).await?;
    tally.user(&registered.user_id);
    Ok((message.email, person))
}

/// The request that registers a user under an email address.
pub fn registration(email: &str, role: Role) -> RegisterUserRequest {
    RegisterUserRequest {
        request_id: request_id(),
        role: role.into(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        first_name: "Demo".to_owned(),
        last_name: "User".to_owned(),
        phone_number: String::new(),
    }
}

/// Lets a trainer work at a location.
pub async fn assign(
    platform: &Platform,
    trainer: &Person,
    location: &str,
) -> Result<(), DemoError> {
    let message = AssignTrainerLocationRequest {
        request_id: request_id(),
        trainer_id: trainer.user_id.clone(),
        location_id: location.to_owned(),
    };
    platform
        .patiently(|| {
            let mut client = platform.calendars.clone();
            let request = trainer.request(message.clone());
            async move { client.assign_trainer_location(request).await }
        })
        .await
        .attempting("assigning a location")?;
    Ok(())
}

async fn set_group_price(
    platform: &Platform,
    trainer: &Person,
    place: usize,
    participants: i32,
    price_per_hour: i64,
) -> Result<(), DemoError> {
    let message = SetGroupPriceRequest {
        request_id: request_id(),
        trainer_id: trainer.user_id.clone(),
        participants,
        price: Some(money(
            place,
            price_per_hour * i64::from(participants) * 4 / 5,
        )),
    };
    platform
        .patiently(|| {
            let mut client = platform.calendars.clone();
            let request = trainer.request(message.clone());
            async move { client.set_group_price(request).await }
        })
        .await
        .attempting("setting a group price")?;
    Ok(())
}

async fn open_schedule(
    platform: &Platform,
    trainer: &Person,
    slots: Vec<SlotRule>,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<(Vec<String>, Option<LogPosition>), DemoError> {
    let message = schedule(&trainer.user_id, slots, from, until);
    let opened = platform
        .patiently(|| {
            let mut client = platform.schedules.clone();
            let request = trainer.request(message.clone());
            async move { client.open_schedule(request).await }
        })
        .await
        .attempting("opening a window")?;
    Ok((opened.slot_ids, opened.position))
}

/// The request that opens a window wide enough for the local days `[from, until)` of any zone.
pub fn schedule(
    trainer_id: &str,
    slots: Vec<SlotRule>,
    from: NaiveDate,
    until: NaiveDate,
) -> OpenScheduleRequest {
    OpenScheduleRequest {
        request_id: request_id(),
        trainer_id: trainer_id.to_owned(),
        starts_at: Some(midnight(from - Days::new(1))),
        ends_at: Some(midnight(until + Days::new(1))),
        slots,
    }
}

/// Slots of one hour, on every date from the first to the last.
pub fn daily(location: &str, hour: u32, from: NaiveDate, until: NaiveDate) -> SlotRule {
    SlotRule {
        location_id: location.to_owned(),
        rule: Some(Rule::Recurring(RecurringSlots {
            weekdays: (1..=7)
                .filter_map(|day| Weekday::try_from(day).ok())
                .map(i32::from)
                .collect(),
            times: Some(LocalTimes {
                start: format!("{hour:02}:00"),
                end: format!("{:02}:00", hour + 1),
                ..Default::default()
            }),
            from: Some(date(from)),
            until: Some(date(until)),
            except_dates: Vec::new(),
        })),
    }
}

pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// An amount in the currency of a place, in its minor units: cents, but whole yen.
pub fn money(place: usize, minor_units: i64) -> Money {
    Money {
        currency_code: PLACES[place].2.to_owned(),
        minor_units,
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    timestamp(day.and_time(NaiveTime::MIN).and_utc())
}
