//! Reads `children`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::projector::children::ChildRow;

const COLUMNS: &str =
    "id, name, first_name, last_name, parent_id, birthdate, skill_level, team, specify, created_at";

/// The last row of a page: by time of adding and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    created_at: DateTime<Utc>,
    id: Uuid,
}

impl From<&ChildRow> for Cursor {
    fn from(row: &ChildRow) -> Self {
        Self {
            created_at: row.created_at,
            id: row.id,
        }
    }
}

/// One child.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<ChildRow>, sqlx::Error> {
    sqlx::query(&format!("select {COLUMNS} from children where id = $1"))
        .bind(id)
        .try_map(|row| read(&row))
        .fetch_optional(pool)
        .await
}

/// The children of one guardian that belong to a page, and one more if there is one.
pub async fn page_of(
    pool: &PgPool,
    guardian_id: Uuid,
    page: &Page<Cursor>,
) -> Result<Vec<ChildRow>, sqlx::Error> {
    // Before every child: none was added before 1970.
    let start = Cursor {
        created_at: DateTime::UNIX_EPOCH,
        id: Uuid::nil(),
    };
    let after = page.after.as_ref().unwrap_or(&start);
    sqlx::query(&format!(
        "select {COLUMNS} from children \
         where parent_id = $1 and (created_at, id) > ($2, $3) \
         order by created_at, id limit $4",
    ))
    .bind(guardian_id)
    .bind(after.created_at)
    .bind(after.id)
    .bind(page.limit())
    .try_map(|row| read(&row))
    .fetch_all(pool)
    .await
}

fn read(row: &PgRow) -> Result<ChildRow, sqlx::Error> {
    Ok(ChildRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        parent_id: row.try_get("parent_id")?,
        birthdate: row.try_get("birthdate")?,
        skill_level: row.try_get("skill_level")?,
        team: row.try_get("team")?,
        specify: row.try_get("specify")?,
        created_at: row.try_get("created_at")?,
    })
}
