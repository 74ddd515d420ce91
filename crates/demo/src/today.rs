//! A session that takes place while the demo runs, and is completed afterwards.

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Timelike as _, Utc};
use contracts::payments::events::v1::PayableKind;
use contracts::payments::v1::PaymentState;
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::scheduling::v1::{
    BookSessionRequest, CompleteSessionRequest, LocalTimes, OpenScheduleRequest, SessionState,
    SingleSlot, SlotRule,
};
use contracts::wire::{date, timestamp};

use crate::error::{Attempt as _, DemoError};
use crate::payments::pay;
use crate::person::Person;
use crate::plan::{PLACES, Plan, zone};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::setup::{Stage, assign, hire, request_id};
use crate::tally::Tally;

/// A paid session that begins within about a minute.
pub struct Today {
    session_id: String,
    trainer: Person,
    ends_at: DateTime<Utc>,
}

/// Opens a slot of one minute that begins at the next full minute, books it for the first family
/// and pays for it.
pub async fn begin(
    platform: &Platform,
    plan: &Plan,
    stage: &Stage,
    tally: &Tally,
) -> Result<Today, DemoError> {
    let starts_at = full_minute_after(Utc::now());
    let ends_at = starts_at + TimeDelta::minutes(1);
    // A place where the slot does not touch midnight.
    let place = (0..PLACES.len())
        .find(|place| (1..23).contains(&starts_at.with_timezone(&zone(*place)).hour()))
        .unwrap_or_default();
    let trainer = hire(platform, plan, "today", place, 6_000, tally).await?;
    assign(platform, &trainer, &stage.locations[place]).await?;
    let slot_id = open(platform, stage, &trainer, place, (starts_at, ends_at)).await?;
    let session_id = book(platform, stage, slot_id, tally).await?;
    Ok(Today {
        session_id,
        trainer,
        ends_at,
    })
}

/// The next full minute that leaves at least ten seconds to open, book and pay.
fn full_minute_after(now: DateTime<Utc>) -> DateTime<Utc> {
    let soon = (now + TimeDelta::seconds(70)).trunc_subsecs(0);
    soon - TimeDelta::seconds(i64::from(soon.second()))
}

async fn open(
    platform: &Platform,
    stage: &Stage,
    trainer: &Person,
    place: usize,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<String, DemoError> {
    let local = |instant: DateTime<Utc>| instant.with_timezone(&zone(place));
    let slot = SlotRule {
        location_id: stage.locations[place].clone(),
        rule: Some(Rule::Single(SingleSlot {
            date: Some(date(local(starts_at).date_naive())),
            times: Some(LocalTimes {
                start: local(starts_at).format("%H:%M").to_string(),
                end: local(ends_at).format("%H:%M").to_string(),
                ..Default::default()
            }),
        })),
    };
    let message = OpenScheduleRequest {
        request_id: request_id(),
        trainer_id: trainer.user_id.clone(),
        starts_at: Some(timestamp(starts_at)),
        ends_at: Some(timestamp(ends_at)),
        slots: vec![slot],
    };
    let opened = platform
        .patiently(|| {
            let mut client = platform.schedules.clone();
            let request = trainer.request(message.clone());
            async move { client.open_schedule(request).await }
        })
        .await
        .attempting("opening a window for today")?;
    let slot = opened.slot_ids.into_iter().next();
    slot.ok_or(DemoError::Incomplete("the slot of a window"))
}

async fn book(
    platform: &Platform,
    stage: &Stage,
    slot_id: String,
    tally: &Tally,
) -> Result<String, DemoError> {
    let family = &stage.parents[0];
    let message = BookSessionRequest {
        request_id: request_id(),
        slot_id,
        child_ids: family.children[..1].to_vec(),
    };
    let booked = platform
        .patiently(|| {
            let mut client = platform.sessions.clone();
            let request = family.person.request(message.clone());
            async move { client.book_session(request).await }
        })
        .await
        .attempting("booking a session for today")?;
    tally.session();
    let payable = (PayableKind::Session, booked.session_id.as_str());
    let payment = pay(platform, &family.person, payable, "sandbox_ok", tally).await?;
    tally.promise(
        "a session can be booked and paid until it begins",
        payment.state() == PaymentState::Succeeded,
        format!("{:?}", payment.state()),
    );
    Ok(booked.session_id)
}

/// Waits until the session is over and completes it.
pub async fn complete(
    platform: &Platform,
    today: &Today,
    tally: &Tally,
    progress: &Progress,
) -> Result<(), DemoError> {
    progress.say("waiting for a session to take place");
    let rest = (today.ends_at - Utc::now()).to_std().unwrap_or_default();
    tokio::time::sleep(rest + Duration::from_millis(100)).await;
    let message = CompleteSessionRequest {
        request_id: request_id(),
        session_id: today.session_id.clone(),
    };
    let completed = platform
        .patiently(|| {
            let mut client = platform.sessions.clone();
            let request = today.trainer.request(message.clone());
            async move { client.complete_session(request).await }
        })
        .await
        .attempting("completing a session")?;
    tally.completed();
    tally.promise(
        "a session that is over can be completed",
        completed.state() == SessionState::Completed,
        format!("{:?}", completed.state()),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_begins_at_a_full_minute_and_not_at_once() {
        for (now, begins) in [
            ("2026-05-01T12:00:00.000000001Z", "2026-05-01T12:01:00Z"),
            ("2026-05-01T12:00:49.999999999Z", "2026-05-01T12:01:00Z"),
            ("2026-05-01T12:00:50.5Z", "2026-05-01T12:02:00Z"),
        ] {
            let [now, begins] = [now, begins].map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(full_minute_after(now), begins);
        }
    }
}
