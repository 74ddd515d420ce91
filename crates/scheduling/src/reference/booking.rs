//! What a booking depends on: the slot, its trainer, the children and a group's price.

use serde::Deserialize;
use service::{CatchUp, internal, json_row, not_found};
use sqlx::PgPool;
use tonic::Status;
use uuid::Uuid;
use values::{ChildId, Interval, LocalTimes, Money, SlotId, TrainerId, UserId};

use super::References;
use crate::domain::session::Place;
use crate::projector::{KnownChildRow, KnownTrainerRow, SlotRow};

/// Everything that a hold takes from elsewhere.
#[derive(Debug)]
pub struct Booking {
    pub place: Place,
    pub local: LocalTimes,
    /// Whether the trainer takes new bookings.
    pub trainer_bookable: bool,
    /// The first of the children that takes part in nothing new.
    pub archived_child: Option<ChildId>,
    /// The trainer's price of an hour for one child.
    pub price_per_hour: Money,
    /// The trainer's price for exactly so many children, if there is one.
    pub group_price: Option<Money>,
}

/// The rows behind a booking, read by one query.
#[derive(Debug, Deserialize)]
struct Found {
    slot: Option<SlotRow>,
    trainer: Option<KnownTrainerRow>,
    children: Vec<KnownChildRow>,
}

const FIND: &str = "
    select jsonb_build_object(
        'slot', (select to_jsonb(s) from slots s where s.id = $1),
        'trainer', (select to_jsonb(t) from known_trainers t
                    where t.trainer_id = (select s.trainer_id from slots s where s.id = $1)),
        'children', (select coalesce(jsonb_agg(c), '[]') from known_children c
                     where c.child_id = any($2)))";

impl Found {
    /// Whether nothing here would be a refusal.
    fn is_bookable_by(&self, guardian: UserId, child_ids: &[ChildId]) -> bool {
        let trainer = self.trainer.as_ref();
        let can_book = |child: &KnownChildRow| child.guardian_id == guardian && !child.archived;
        trainer.is_some_and(KnownTrainerRow::bookable)
            && self.children.len() == child_ids.len()
            && self.children.iter().all(can_book)
    }

    fn stranger(&self, guardian: UserId, child_ids: &[ChildId]) -> Option<ChildId> {
        let is_own = |id: &ChildId| {
            let mut children = self.children.iter();
            children.any(|child| child.child_id == *id && child.guardian_id == guardian)
        };
        child_ids.iter().copied().find(|id| !is_own(id))
    }
}

async fn find(pool: &PgPool, slot_id: SlotId, child_ids: &[ChildId]) -> Result<Found, sqlx::Error> {
    let child_ids: Vec<Uuid> = child_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query(FIND)
        .bind(slot_id.uuid())
        .bind(child_ids)
        .try_map(json_row)
        .fetch_one(pool)
        .await
}

impl References {
    /// What the guardian's booking of a slot for these children depends on, as it is now.
    ///
    /// # Errors
    /// `NOT_FOUND` for a slot or trainer that is not there, and for a child that is not the
    /// guardian's.
    pub async fn booking(
        &self,
        guardian: UserId,
        slot_id: SlotId,
        child_ids: Vec<ChildId>,
    ) -> Result<Booking, Status> {
        let found = self.bookable.definite(
            |pool| find(pool, slot_id, &child_ids),
            |found| {
                if found.slot.is_none() {
                    return Some(&self.own as &dyn CatchUp);
                }
                let bookable = found.is_bookable_by(guardian, &child_ids);
                (!bookable).then_some(&self.identity as &dyn CatchUp)
            },
        );
        let found = found.await?;
        let stranger = found.stranger(guardian, &child_ids);
        let unknown = || not_found("slot", &slot_id.to_string());
        let slot = found.slot.ok_or_else(unknown)?;
        if let Some(child_id) = stranger {
            return Err(not_found("child", &child_id.to_string()));
        }
        let no_trainer = || not_found("trainer", &slot.trainer_id.to_string());
        let trainer = found.trainer.ok_or_else(no_trainer)?;
        let archived = found.children.iter().find(|child| child.archived);
        Ok(Booking {
            trainer_bookable: trainer.bookable(),
            archived_child: archived.map(|child| child.child_id),
            price_per_hour: Money::new(&trainer.currency, trainer.price_per_hour)
                .map_err(internal)?,
            group_price: self.group_price(slot.trainer_id, child_ids.len()).await?,
            local: LocalTimes {
                time_zone: slot.time_zone,
                date: slot.date,
                start: slot.start,
                end: slot.end,
            },
            place: Place {
                schedule_id: slot.schedule_id,
                slot_id: slot.id,
                trainer_id: slot.trainer_id,
                location_id: slot.location_id,
                child_ids,
                time: Interval::new(slot.starts_at, slot.ends_at).ok_or_else(unknown)?,
            },
        })
    }

    async fn group_price(
        &self,
        trainer_id: TrainerId,
        children: usize,
    ) -> Result<Option<Money>, Status> {
        if children < 2 {
            return Ok(None);
        }
        let calendar = self.trainer_calendars.load(&trainer_id.to_string()).await;
        let participants = u32::try_from(children).unwrap_or(u32::MAX);
        Ok(calendar
            .map_err(internal)?
            .and_then(|calendar| calendar.group_price(participants).cloned()))
    }
}
