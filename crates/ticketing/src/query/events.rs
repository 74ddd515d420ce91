//! Events with their tiers and trainers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;
use values::{EventId, LocationId, TrainerId};

use crate::domain::camp::{EventState, EventType};
use crate::projector::{ListingRow, TierRow};

/// An event with what belongs to it.
#[derive(Clone, Debug, Deserialize)]
pub struct EventView {
    #[serde(flatten)]
    pub listing: ListingRow,
    /// Its tiers, in order.
    pub tiers: Vec<TierRow>,
    /// The trainers who coach it, by id.
    pub trainer_ids: Vec<TrainerId>,
}

/// Which events; what is left out does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFilter {
    pub event_type: Option<EventType>,
    pub state: Option<EventState>,
    pub location_id: Option<LocationId>,
    /// Coached by this trainer.
    pub trainer_id: Option<TrainerId>,
    /// Only events that end after this.
    pub from: Option<DateTime<Utc>>,
    /// Only events that start before this.
    pub until: Option<DateTime<Utc>>,
}

/// Where the list of events goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    starts_at: DateTime<Utc>,
    id: Uuid,
}

impl EventCursor {
    /// The next page begins after this event.
    pub fn of(event: &EventView) -> Self {
        Self {
            starts_at: event.listing.starts_at,
            id: event.listing.id.uuid(),
        }
    }
}

const VIEW: &str = "select to_jsonb(l) || jsonb_build_object(
        'tiers', (select coalesce(jsonb_agg(to_jsonb(t) order by t.ordinal), '[]')
                  from event_tickets t where t.event_id = l.id and not t.deleted),
        'trainer_ids', (select coalesce(jsonb_agg(r.trainer_id order by r.trainer_id), '[]')
                        from event_trainers r where r.event_id = l.id))
    from event_listings l";

/// One event; a draft only if asked for.
pub async fn event(
    pool: &PgPool,
    drafts: bool,
    id: EventId,
) -> Result<Option<EventView>, sqlx::Error> {
    let sql = format!("{VIEW} where l.id = $1 and ($2 or l.state <> 'DRAFT')");
    sqlx::query(&sql)
        .bind(id.uuid())
        .bind(drafts)
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// Events by start, then id; drafts only for those who may see them. Those of a trainer are found
/// first: they are few.
pub async fn events(
    pool: &PgPool,
    drafts: bool,
    filter: &EventFilter,
    page: &Page<EventCursor>,
) -> Result<Vec<EventView>, sqlx::Error> {
    let sql = format!(
        "{VIEW}
        where ($1 or l.state <> 'DRAFT')
          and ($2::text is null or l.event_type = $2)
          and ($3::timestamptz is null or l.ends_at > $3)
          and ($4::timestamptz is null or l.starts_at < $4)
          and ($5::timestamptz is null or (l.starts_at, l.id) > ($5, $6))
          and ($7::text is null or l.state = $7)
          and ($8::uuid is null or l.location_id = $8)
          and ($9::uuid is null or l.id = any(array(
                  select event_id from event_trainers where trainer_id = $9)))
        order by l.starts_at, l.id
        limit $10"
    );
    sqlx::query(&sql)
        .bind(drafts)
        .bind(filter.event_type.map(<&str>::from))
        .bind(filter.from)
        .bind(filter.until)
        .bind(page.after.map(|after| after.starts_at))
        .bind(page.after.map(|after| after.id))
        .bind(filter.state.map(<&str>::from))
        .bind(filter.location_id.map(LocationId::uuid))
        .bind(filter.trainer_id.map(TrainerId::uuid))
        .bind(page.limit())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}
