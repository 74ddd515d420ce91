//! Reads `trainers`.

use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::projector::trainers::TrainerRow;

const COLUMNS: &str = "user_id, first_name, last_name, bio, experience, photos, price_per_hour, currency, \
    session_duration, external, created_at";

/// The last row of a page: by last name, first name and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    last_name: String,
    first_name: String,
    user_id: Uuid,
}

impl From<&TrainerRow> for Cursor {
    fn from(row: &TrainerRow) -> Self {
        Self {
            last_name: row.last_name.clone(),
            first_name: row.first_name.clone(),
            user_id: row.user_id,
        }
    }
}

/// One profile.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<TrainerRow>, sqlx::Error> {
    sqlx::query(&format!(
        "select {COLUMNS} from trainers where user_id = $1"
    ))
    .bind(id)
    .try_map(|row| read(&row))
    .fetch_optional(pool)
    .await
}

/// The profiles of a page, and one more if there is one.
pub async fn page(pool: &PgPool, page: &Page<Cursor>) -> Result<Vec<TrainerRow>, sqlx::Error> {
    // Before every profile: no name is empty.
    let start = Cursor {
        last_name: String::new(),
        first_name: String::new(),
        user_id: Uuid::nil(),
    };
    let after = page.after.as_ref().unwrap_or(&start);
    sqlx::query(&format!(
        "select {COLUMNS} from trainers \
         where (last_name, first_name, user_id) > ($1, $2, $3) \
         order by last_name, first_name, user_id limit $4",
    ))
    .bind(&after.last_name)
    .bind(&after.first_name)
    .bind(after.user_id)
    .bind(page.limit())
    .try_map(|row| read(&row))
    .fetch_all(pool)
    .await
}

fn read(row: &PgRow) -> Result<TrainerRow, sqlx::Error> {
    Ok(TrainerRow {
        user_id: row.try_get("user_id")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        bio: row.try_get("bio")?,
        experience: row.try_get("experience")?,
        photos: row.try_get("photos")?,
        price_per_hour: row.try_get("price_per_hour")?,
        currency: row.try_get("currency")?,
        session_duration: row.try_get("session_duration")?,
        external: row.try_get("external")?,
        created_at: row.try_get("created_at")?,
    })
}
