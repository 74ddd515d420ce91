//! Reads `custom_allergens`, `child_consents` and `medical_accesses`. Personal values stay
//! sealed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::projector::children::{ConsentRow, CustomAllergenRow, MedicalAccessRow};

/// The last row of a page, by time of the look and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    read_at: DateTime<Utc>,
    id: Uuid,
}

impl Cursor {
    /// The end of a page whose last row this is.
    pub fn of(row: &MedicalAccessRow) -> Self {
        Self {
            read_at: row.read_at,
            id: row.id,
        }
    }
}

/// A child's allergens by other names, in the order of adding.
pub async fn allergens(
    pool: &PgPool,
    child_id: Uuid,
) -> Result<Vec<CustomAllergenRow>, sqlx::Error> {
    let rows: Vec<Json<CustomAllergenRow>> = sqlx::query_scalar(
        "select row_to_json(a) from custom_allergens a where child_id = $1 order by created_at, id",
    )
    .bind(child_id)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}

/// The consents of these children that are not withdrawn.
pub async fn consents(pool: &PgPool, children: &[Uuid]) -> Result<Vec<ConsentRow>, sqlx::Error> {
    let rows: Vec<Json<ConsentRow>> = sqlx::query_scalar(
        "select row_to_json(c) from child_consents c where child_id = any ($1) \
         order by child_id, purpose",
    )
    .bind(children)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}

/// The looks at a child's medical data that belong to a page, the latest first, and one more if
/// there is one.
pub async fn accesses(
    pool: &PgPool,
    child_id: Uuid,
    page: &Page<Cursor>,
) -> Result<Vec<MedicalAccessRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let rows: Vec<Json<MedicalAccessRow>> = sqlx::query_scalar(
        "select row_to_json(m) from medical_accesses m where child_id = $1 \
         and ($2::timestamptz is null or (read_at, id) < ($2, $3)) \
         order by read_at desc, id desc limit $4",
    )
    .bind(child_id)
    .bind(after.map(|cursor| cursor.read_at))
    .bind(after.map(|cursor| cursor.id))
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}
