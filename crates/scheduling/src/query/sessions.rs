//! Sessions, as far as somebody has a part in them.

use chrono::{DateTime, Utc};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;
use values::{ChildId, SessionId, SlotId, TrainerId, UserId};

use super::StartCursor;
use crate::domain::session::{Acting, SessionState};
use crate::projector::SessionRow;

/// Which sessions; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFilter {
    /// In one of these states; in any when empty.
    pub states: Vec<SessionState>,
    /// Starting then or later.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub until: Option<DateTime<Utc>>,
    pub trainer_id: Option<TrainerId>,
    /// Booked by this parent.
    pub parent_id: Option<UserId>,
    /// For this child, alone or in a group.
    pub child_id: Option<ChildId>,
    pub slot_id: Option<SlotId>,
}

/// One session, if whoever acts has a part in it.
pub async fn session(
    pool: &PgPool,
    acting: Acting,
    id: SessionId,
) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(s) from sessions s
         where id = $1
           and ($2::uuid is null or parent_id = $2)
           and ($3::uuid is null or trainer_id = $3)",
    )
    .bind(id.uuid())
    .bind(parent(acting))
    .bind(trainer(acting))
    .try_map(json_row)
    .fetch_optional(pool)
    .await
}

/// The sessions in which whoever acts has a part, by start. Those of a child are found first: they
/// are few.
pub async fn sessions(
    pool: &PgPool,
    acting: Acting,
    filter: &SessionFilter,
    page: &Page<StartCursor>,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let states: Vec<&str> = filter.states.iter().map(Into::into).collect();
    sqlx::query(
        "select to_jsonb(s) from sessions s
         where ($1::uuid is null or parent_id = $1)
           and ($2::uuid is null or trainer_id = $2)
           and (cardinality($3::text[]) = 0 or state = any($3))
           and ($4::timestamptz is null or starts_at >= $4)
           and ($5::timestamptz is null or starts_at < $5)
           and ($6::timestamptz is null or (starts_at, id) > ($6, $7))
           and ($8::uuid is null or trainer_id = $8)
           and ($9::uuid is null or parent_id = $9)
           and ($10::uuid is null or id = any(array(
                   select session_id from session_participants where child_id = $10)))
           and ($11::uuid is null or slot_id = $11)
         order by starts_at, id limit $12",
    )
    .bind(parent(acting))
    .bind(trainer(acting))
    .bind(states)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after.map(|it| it.starts_at))
    .bind(after.map(|it| it.id))
    .bind(filter.trainer_id.map(TrainerId::uuid))
    .bind(filter.parent_id.map(UserId::uuid))
    .bind(filter.child_id.map(ChildId::uuid))
    .bind(filter.slot_id.map(SlotId::uuid))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

/// A parent sees what they booked.
fn parent(acting: Acting) -> Option<Uuid> {
    match acting {
        Acting::Parent(id) => Some(id.uuid()),
        Acting::Trainer(_) | Acting::Admin => None,
    }
}

/// A trainer sees what they give.
fn trainer(acting: Acting) -> Option<Uuid> {
    match acting {
        Acting::Trainer(id) => Some(id.uuid()),
        Acting::Parent(_) | Acting::Admin => None,
    }
}
