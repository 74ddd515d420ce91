//! Events with their tiers and trainers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::projector::{EventListing, EventTicket};

/// An event with what belongs to it.
#[derive(Clone, Debug, Deserialize)]
pub struct EventView {
    /// The event itself.
    #[serde(flatten)]
    pub listing: EventListing,
    /// Its tiers, in order.
    pub tiers: Vec<EventTicket>,
    /// Who coaches it, in order of their ids.
    pub trainer_ids: Vec<Uuid>,
}

/// Which events.
#[derive(Clone, Debug)]
pub struct EventFilter {
    /// Drafts as well.
    pub drafts: bool,
    /// Only of this type.
    pub event_type: Option<String>,
    /// Only what ends after this.
    pub from: Option<DateTime<Utc>>,
    /// Only what starts before this.
    pub until: Option<DateTime<Utc>>,
    /// Only what comes after this one.
    pub after: Option<EventCursor>,
    /// At most so many.
    pub limit: i64,
}

/// The last event of a page.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EventCursor {
    /// Its start.
    pub starts_at: DateTime<Utc>,
    /// Its id.
    pub id: Uuid,
}

impl EventCursor {
    /// Where this event stands in the list.
    pub fn of(view: &EventView) -> Self {
        Self {
            starts_at: view.listing.starts_at,
            id: view.listing.id,
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
pub async fn event(pool: &PgPool, id: Uuid, drafts: bool) -> sqlx::Result<Option<EventView>> {
    let sql = format!("{VIEW} where l.id = $1 and ($2 or l.state <> 'DRAFT')");
    let view: Option<Json<EventView>> = sqlx::query_scalar(&sql)
        .bind(id)
        .bind(drafts)
        .fetch_optional(pool)
        .await?;
    Ok(view.map(|Json(view)| view))
}

/// Events by start, then id.
pub async fn events(pool: &PgPool, filter: &EventFilter) -> sqlx::Result<Vec<EventView>> {
    let sql = format!(
        "{VIEW}
        where ($1 or l.state <> 'DRAFT')
          and ($2::text is null or l.event_type = $2)
          and ($3::timestamptz is null or l.ends_at > $3)
          and ($4::timestamptz is null or l.starts_at < $4)
          and ($5::timestamptz is null or (l.starts_at, l.id) > ($5, $6))
        order by l.starts_at, l.id
        limit $7"
    );
    let views: Vec<Json<EventView>> = sqlx::query_scalar(&sql)
        .bind(filter.drafts)
        .bind(&filter.event_type)
        .bind(filter.from)
        .bind(filter.until)
        .bind(filter.after.map(|after| after.starts_at))
        .bind(filter.after.map(|after| after.id))
        .bind(filter.limit)
        .fetch_all(pool)
        .await?;
    Ok(views.into_iter().map(|Json(view)| view).collect())
}
