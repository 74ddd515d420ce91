use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;

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
