//! Camps and a clinic: drafted, published and sold out in a rush; their tickets are paid or abandoned.

use chrono::Days;
use contracts::common::v1::{ErrorReason, Money};
use contracts::payments::events::v1::PayableKind;
use contracts::payments::v1::PaymentState;
use contracts::ticketing::v1::{
    CreateEventRequest, CreateEventResponse, EventType, HoldState, HoldTicketsRequest,
    HoldTicketsResponse, ListTicketsRequest, NewTier, PublishEventRequest, TicketLine,
    TicketStatus,
};
use contracts::wire::date;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tonic::Status;

use crate::error::{Attempt as _, DemoError, reason};
use crate::payments::{eventually, pay};
use crate::person::Person;
use crate::plan::{Fate, Plan};
use crate::platform::{CONCURRENCY, Platform};
use crate::progress::Progress;
use crate::setup::{Parent, Stage, money, request_id};
use crate::tally::Tally;

/// How many buyers call at the same moment when the sale opens.
const RUSH: usize = 128;

/// An event that the demo drafted.
pub struct Camp {
    pub event_id: String,
    pub tier_ids: Vec<String>,
}

/// The events of the season, and who has a place.
pub struct Camps {
    /// A camp that the rush sells out.
    pub rush: Camp,
    /// A clinic free of charge.
    pub clinic: Camp,
    /// A camp that is never published.
    pub draft: Camp,
    /// Index of a parent whose children are registered for the clinic, if any parent wanted it.
    pub registered: Option<usize>,
}

pub async fn play(
    platform: &Platform,
    admin: &Person,
    plan: &Plan,
    stage: &Stage,
    tally: &Tally,
    progress: &Progress,
) -> Result<Camps, DemoError> {
    progress.say("camps: drafted and published");
    let parents = i32::try_from(stage.parents.len()).unwrap_or(i32::MAX);
    let tier = |name: &str, price: Money, capacity: i32| NewTier {
        r#type: name.to_owned(),
        price: Some(price),
        capacity,
    };
    let rush_tiers = vec![
        tier("Early Bird", money(0, 14_900), plan.rush.capacity),
        tier("Regular", money(0, 19_900), plan.rush.capacity),
    ];
    let author = Author {
        platform,
        admin,
        plan,
        stage,
        tally,
    };
    let seats = plan.rush.max_participants;
    let rush = author.draft("Summer camp", 0, rush_tiers, seats).await?;
    let free = vec![tier("Free", money(1, 0), 3 * parents)];
    let clinic = author.draft("Open clinic", 1, free, 3 * parents).await?;
    let one = vec![tier("Regular", money(2, 5_000), 10)];
    let draft = author.draft("Winter camp", 2, one, 10).await?;
    author.publish(&rush).await?;
    author.publish(&clinic).await?;

    progress.say("the on-sale rush");
    let holds = rush_for(platform, plan, stage, &rush, tally, progress).await?;
    progress.say("tickets: paid, declined, abandoned");
    settle(platform, plan, stage, holds, tally).await?;
    let registered = fill_clinic(platform, plan, stage, &clinic, tally, progress).await?;
    Ok(Camps {
        rush,
        clinic,
        draft,
        registered,
    })
}

/// Drafts and publishes events as the administrator.
struct Author<'a> {
    platform: &'a Platform,
    admin: &'a Person,
    plan: &'a Plan,
    stage: &'a Stage,
    tally: &'a Tally,
}

impl Author<'_> {
    /// Drafts an event of three days, two weeks after the season's end, coached by two trainers.
    async fn draft(
        &self,
        title: &str,
        place: usize,
        tiers: Vec<NewTier>,
        max_participants: i32,
    ) -> Result<Camp, DemoError> {
        let start = self.plan.end() + Days::new(14);
        let coaches = self.stage.trainers.iter().take(2);
        let message = CreateEventRequest {
            request_id: request_id(),
            title: format!("{title} {}", self.plan.run),
            event_type: EventType::Camp.into(),
            location_id: self.stage.locations[place].clone(),
            start_date: Some(date(start)),
            end_date: Some(date(start + Days::new(2))),
            start_time: "09:00".to_owned(),
            end_time: "15:30".to_owned(),
            max_participants,
            trainer_ids: coaches.map(|coach| coach.person.user_id.clone()).collect(),
            tiers,
            ..Default::default()
        };
        let CreateEventResponse {
            event_id, tier_ids, ..
        } = self
            .platform
            .patiently(|| {
                let mut client = self.platform.events.clone();
                let request = self.admin.request(message.clone());
                async move { client.create_event(request).await }
            })
            .await
            .attempting("drafting an event")?;
        self.tally.event();
        Ok(Camp { event_id, tier_ids })
    }

    async fn publish(&self, camp: &Camp) -> Result<(), DemoError> {
        let message = PublishEventRequest {
            request_id: request_id(),
            event_id: camp.event_id.clone(),
        };
        self.platform
            .patiently(|| {
                let mut client = self.platform.events.clone();
                let request = self.admin.request(message.clone());
                async move { client.publish_event(request).await }
            })
            .await
            .attempting("publishing an event")?;
        Ok(())
    }
}

/// Lets every parent ask for one ticket of the camp at once. Exactly the seats that there are must be
/// held, in each tier and in all, and everybody else must be refused as sold out. Returns the holds,
/// each with the index of its parent.
async fn rush_for(
    platform: &Platform,
    plan: &Plan,
    stage: &Stage,
    camp: &Camp,
    tally: &Tally,
    progress: &Progress,
) -> Result<Vec<(usize, HoldTicketsResponse)>, DemoError> {
    let attempts: Vec<_> = stream::iter(stage.parents.iter().enumerate())
        .map(|(number, parent)| async move {
            let tier = plan.parents[number].rush.0;
            let child = &parent.children[..1];
            let answer = hold(platform, parent, camp, tier, child).await;
            progress.step();
            (number, tier, answer)
        })
        .buffer_unordered(RUSH)
        .collect()
        .await;
    let capacity = usize::try_from(plan.rush.capacity).unwrap_or_default();
    let seats = usize::try_from(plan.rush.max_participants).unwrap_or_default();
    let (mut wanted, mut sold, mut refused) = ([0, 0], [0, 0], 0);
    let mut holds = Vec::new();
    for (number, tier, answer) in attempts {
        wanted[tier] += 1;
        match answer {
            Ok(response) => {
                sold[tier] += 1;
                holds.push((number, response));
            }
            Err(status) if reason(&status) == Some(ErrorReason::SoldOut) => refused += 1,
            Err(status) => return Err(status).attempting("holding a ticket in the rush"),
        }
    }
    let expected = seats.min(wanted[0].min(capacity) + wanted[1].min(capacity));
    tally.promise(
        format!(
            "{} buyers at once get exactly the {expected} places there are",
            stage.parents.len()
        ),
        sold[0] + sold[1] == expected
            && sold.iter().all(|tier| *tier <= capacity)
            && refused == stage.parents.len() - expected,
        format!("{} + {} held, {refused} sold out", sold[0], sold[1]),
    );
    // In the order of the parents, so that what follows does not depend on who was served first.
    holds.sort_by_key(|(number, _)| *number);
    Ok(holds)
}

/// Lets each hold of the rush meet its fate, and notes whether all went as they should.
async fn settle(
    platform: &Platform,
    plan: &Plan,
    stage: &Stage,
    holds: Vec<(usize, HoldTicketsResponse)>,
    tally: &Tally,
) -> Result<(), DemoError> {
    let settled: Vec<bool> = stream::iter(holds)
        .map(|(number, hold)| async move {
            let parent = &stage.parents[number].person;
            let fate = plan.parents[number].rush.1;
            settle_one(platform, parent, &hold.hold_id, fate, tally).await
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let kept = settled.iter().filter(|kept| **kept).count();
    tally.promise(
        "tickets that are paid for stand, others wait",
        kept == settled.len(),
        format!("{kept} of {} holds", settled.len()),
    );
    Ok(())
}

/// Returns whether everything went as the fate says.
async fn settle_one(
    platform: &Platform,
    parent: &Person,
    hold_id: &str,
    fate: Fate,
    tally: &Tally,
) -> Result<bool, DemoError> {
    let payable = (PayableKind::TicketHold, hold_id);
    let method = match fate {
        Fate::Abandoned | Fate::CancelledUnpaid => return Ok(true),
        Fate::Declined => {
            let payment = pay(platform, parent, payable, "sandbox_declined", tally).await?;
            return Ok(payment.state() == PaymentState::Failed);
        }
        Fate::DeclinedThenPaid => {
            let payment = pay(platform, parent, payable, "sandbox_declined", tally).await?;
            if payment.state() != PaymentState::Failed {
                return Ok(false);
            }
            "sandbox_ok"
        }
        Fate::Paid(method) => method,
        Fate::CancelledByParent | Fate::CancelledByTrainer => "sandbox_ok",
    };
    let payment = pay(platform, parent, payable, method, tally).await?;
    if payment.state() != PaymentState::Succeeded {
        return Ok(false);
    }
    let what = format!("the tickets of hold {hold_id}");
    eventually(&what, || async {
        let active = active_holds(platform, parent).await?;
        Ok(active
            .iter()
            .any(|active| active == hold_id)
            .then_some(true))
    })
    .await
}

/// Ids of those holds of a parent whose tickets are active.
async fn active_holds(platform: &Platform, parent: &Person) -> Result<Vec<String>, DemoError> {
    let listed = platform
        .patiently(|| {
            let mut client = platform.tickets.clone();
            let request = parent.request(ListTicketsRequest {
                page_size: 200,
                ..Default::default()
            });
            async move { client.list_tickets(request).await }
        })
        .await
        .attempting("listing tickets")?;
    let active = listed
        .tickets
        .into_iter()
        .filter(|ticket| ticket.status() == TicketStatus::Active);
    Ok(active.map(|ticket| ticket.hold_id).collect())
}

/// Registers for the clinic every family that wants it. The tickets are free, so they must be active
/// at once, without a payment. Returns the index of the first such parent.
async fn fill_clinic(
    platform: &Platform,
    plan: &Plan,
    stage: &Stage,
    clinic: &Camp,
    tally: &Tally,
    progress: &Progress,
) -> Result<Option<usize>, DemoError> {
    let families: Vec<(usize, bool)> = stream::iter(stage.parents.iter().enumerate())
        .map(|(number, parent)| async move {
            progress.step();
            if !plan.parents[number].clinic {
                return Ok(None);
            }
            let response = hold(platform, parent, clinic, 0, &parent.children)
                .await
                .attempting("registering for the clinic")?;
            let stands = response.state() == HoldState::Confirmed
                && response.tickets.len() == parent.children.len();
            Ok::<_, DemoError>(Some((number, stands)))
        })
        .buffered(CONCURRENCY)
        .try_filter_map(|family| async move { Ok(family) })
        .try_collect()
        .await?;
    let kept = families.iter().filter(|(_, stands)| *stands).count();
    tally.promise(
        "free tickets stand at once, for the whole family",
        kept == families.len(),
        format!("{kept} of {} families", families.len()),
    );
    Ok(families.first().map(|(number, _)| *number))
}

async fn hold(
    platform: &Platform,
    parent: &Parent,
    camp: &Camp,
    tier: usize,
    children: &[String],
) -> Result<HoldTicketsResponse, Status> {
    let message = tickets(camp, tier, children);
    platform
        .patiently(|| {
            let mut client = platform.tickets.clone();
            let request = parent.person.request(message.clone());
            async move { client.hold_tickets(request).await }
        })
        .await
}

/// The request that holds one ticket of a tier for each child.
pub fn tickets(camp: &Camp, tier: usize, children: &[String]) -> HoldTicketsRequest {
    HoldTicketsRequest {
        request_id: request_id(),
        event_id: camp.event_id.clone(),
        lines: children
            .iter()
            .map(|child| TicketLine {
                tier_id: camp.tier_ids.get(tier).cloned().unwrap_or_default(),
                child_id: child.clone(),
            })
            .collect(),
    }
}
