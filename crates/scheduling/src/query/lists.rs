//! The queries behind the read RPCs. Lists are cut by the key that they are sorted by.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::session::SessionState;
use crate::projector::{LocationRow, SessionRow, SlotRow};

/// Where a list by name goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationCursor {
    /// Name of the last one.
    pub name: String,
    /// Id of the last one.
    pub id: Uuid,
}

/// Where a list by start goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartCursor {
    /// Start of the last one.
    pub starts_at: DateTime<Utc>,
    /// Id of the last one.
    pub id: Uuid,
}

/// Which slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotFilter {
    /// Of this trainer.
    pub trainer_id: Option<Uuid>,
    /// At this location.
    pub location_id: Option<Uuid>,
    /// Starting then or later.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub until: Option<DateTime<Utc>>,
}

/// Which sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFilter {
    /// In one of these states; in any when empty.
    pub states: Vec<SessionState>,
    /// Starting then or later.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub until: Option<DateTime<Utc>>,
}

/// Whose sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionViewer {
    /// Those that this parent booked.
    Parent(Uuid),
    /// Those that this trainer gives.
    Trainer(Uuid),
    /// All.
    Admin,
}

impl SessionViewer {
    fn parent(self) -> Option<Uuid> {
        match self {
            Self::Parent(id) => Some(id),
            Self::Trainer(_) | Self::Admin => None,
        }
    }

    fn trainer(self) -> Option<Uuid> {
        match self {
            Self::Trainer(id) => Some(id),
            Self::Parent(_) | Self::Admin => None,
        }
    }
}

/// Venues by name.
pub async fn locations(
    pool: &PgPool,
    page: &Page<LocationCursor>,
) -> Result<Vec<LocationRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let rows: Vec<Json<LocationRow>> = sqlx::query_scalar(
        r#"select to_jsonb(l) from locations l
           where $1::text is null or (name collate "C", id) > ($1, $2)
           order by name collate "C", id limit $3"#,
    )
    .bind(after.map(|it| it.name.clone()))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    Ok(unwrap(rows))
}

/// Free slots that begin after `now`, by start.
pub async fn available_slots(
    pool: &PgPool,
    filter: &SlotFilter,
    now: DateTime<Utc>,
    page: &Page<StartCursor>,
) -> Result<Vec<SlotRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let rows: Vec<Json<SlotRow>> = sqlx::query_scalar(
        "select to_jsonb(s) from slots s
         where status = 'FREE' and not is_deleted and starts_at > $1
           and ($2::uuid is null or trainer_id = $2)
           and ($3::uuid is null or location_id = $3)
           and ($4::timestamptz is null or starts_at >= $4)
           and ($5::timestamptz is null or starts_at < $5)
           and ($6::timestamptz is null or (starts_at, id) > ($6, $7))
           and not exists (select from known_trainers t where t.trainer_id = s.trainer_id and not t.bookable)
         order by starts_at, id limit $8",
    )
    .bind(now)
    .bind(filter.trainer_id)
    .bind(filter.location_id)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after.map(|it| it.starts_at))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    Ok(unwrap(rows))
}

/// One session, if the viewer has a part in it.
pub async fn session(
    pool: &PgPool,
    viewer: SessionViewer,
    id: Uuid,
) -> Result<Option<SessionRow>, sqlx::Error> {
    let row: Option<Json<SessionRow>> = sqlx::query_scalar(
        "select to_jsonb(s) from sessions s
         where id = $1
           and ($2::uuid is null or parent_id = $2)
           and ($3::uuid is null or trainer_id = $3)",
    )
    .bind(id)
    .bind(viewer.parent())
    .bind(viewer.trainer())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.0))
}

/// The viewer's sessions by start.
pub async fn sessions(
    pool: &PgPool,
    viewer: SessionViewer,
    filter: &SessionFilter,
    page: &Page<StartCursor>,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let states: Vec<&str> = filter.states.iter().map(Into::into).collect();
    let rows: Vec<Json<SessionRow>> = sqlx::query_scalar(
        "select to_jsonb(s) from sessions s
         where ($1::uuid is null or parent_id = $1)
           and ($2::uuid is null or trainer_id = $2)
           and (cardinality($3::text[]) = 0 or state = any($3))
           and ($4::timestamptz is null or starts_at >= $4)
           and ($5::timestamptz is null or starts_at < $5)
           and ($6::timestamptz is null or (starts_at, id) > ($6, $7))
         order by starts_at, id limit $8",
    )
    .bind(viewer.parent())
    .bind(viewer.trainer())
    .bind(states)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after.map(|it| it.starts_at))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    Ok(unwrap(rows))
}

fn unwrap<R>(rows: Vec<Json<R>>) -> Vec<R> {
    rows.into_iter().map(|row| row.0).collect()
}
