use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;
use values::{LocationId, TrainerId};

use crate::projector::LocationRow;

/// Where a list by name goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationCursor {
    name: String,
    id: Uuid,
}

impl LocationCursor {
    /// The next page begins after this location.
    pub fn of(location: &LocationRow) -> Self {
        Self {
            name: location.name.clone(),
            id: location.id.uuid(),
        }
    }
}

pub async fn location(pool: &PgPool, id: LocationId) -> Result<Option<LocationRow>, sqlx::Error> {
    sqlx::query("select to_jsonb(l) from locations l where id = $1")
        .bind(id.uuid())
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// The locations are ordered by name.
pub async fn locations(
    pool: &PgPool,
    page: &Page<LocationCursor>,
) -> Result<Vec<LocationRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        r#"select to_jsonb(l) from locations l
           where $1::text is null or (name collate "C", id) > ($1, $2)
           order by name collate "C", id limit $3"#,
    )
    .bind(after.map(|it| it.name.clone()))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

/// The locations where a trainer works, by name. They are few: all are found by the trainer.
pub async fn trainer_locations(
    pool: &PgPool,
    trainer_id: TrainerId,
    page: &Page<LocationCursor>,
) -> Result<Vec<LocationRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        r#"select to_jsonb(l) from trainer_locations t join locations l on l.id = t.location_id
           where t.trainer_id = $1
             and ($2::text is null or (l.name collate "C", l.id) > ($2, $3))
           order by l.name collate "C", l.id limit $4"#,
    )
    .bind(trainer_id.uuid())
    .bind(after.map(|it| it.name.clone()))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}
