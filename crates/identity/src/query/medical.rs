//! What belongs to a child's medical data beside the child's own row.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::values::ChildId;
use crate::projector::children::{CustomAllergenRow, MedicalAccessRow};

/// Where a list of looks goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalAccessCursor {
    read_at: DateTime<Utc>,
    id: Uuid,
}

impl MedicalAccessCursor {
    /// The next page begins after this look.
    pub fn of(access: &MedicalAccessRow) -> Self {
        Self {
            read_at: access.read_at,
            id: access.id,
        }
    }
}

/// A child's allergens by other names, in the order of adding.
pub async fn custom_allergens(
    pool: &PgPool,
    child_id: ChildId,
) -> Result<Vec<CustomAllergenRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(a) from custom_allergens a where child_id = $1 order by created_at, id",
    )
    .bind(child_id.uuid())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

/// The looks at a child's medical data, the latest first.
pub async fn medical_accesses(
    pool: &PgPool,
    child_id: ChildId,
    page: &Page<MedicalAccessCursor>,
) -> Result<Vec<MedicalAccessRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        "select to_jsonb(m) from medical_accesses m where child_id = $1 \
         and ($2::timestamptz is null or (read_at, id) < ($2, $3)) \
         order by read_at desc, id desc limit $4",
    )
    .bind(child_id.uuid())
    .bind(after.map(|cursor| cursor.read_at))
    .bind(after.map(|cursor| cursor.id))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}
