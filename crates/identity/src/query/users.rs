//! Reads `users`.

use sqlx::{PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::projector::users::UserRow;

const COLUMNS: &str = "id, email, email_key, first_name, last_name, phone_number, role, active, erased, \
    email_verified, phone_verified, created_at, updated_at, last_login_at";

/// The account of a user.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query(&format!("select {COLUMNS} from users where id = $1"))
        .bind(id)
        .try_map(|row| read(&row))
        .fetch_optional(pool)
        .await
}

fn read(row: &PgRow) -> Result<UserRow, sqlx::Error> {
    Ok(UserRow {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        email_key: row.try_get("email_key")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        phone_number: row.try_get("phone_number")?,
        role: row.try_get("role")?,
        active: row.try_get("active")?,
        erased: row.try_get("erased")?,
        email_verified: row.try_get("email_verified")?,
        phone_verified: row.try_get("phone_verified")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        last_login_at: row.try_get("last_login_at")?,
    })
}
