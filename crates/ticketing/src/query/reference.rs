//! What commands have to know beforehand.

use sqlx::PgPool;
use uuid::Uuid;

/// Those of the children that are known, each with its guardian and whether it was archived.
pub async fn guardians(pool: &PgPool, children: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Uuid, bool)>> {
    sqlx::query_as("select child_id, guardian_id, archived from children where child_id = any($1)")
        .bind(children)
        .fetch_all(pool)
        .await
}

/// IANA zone of a location, if it is known.
pub async fn time_zone(pool: &PgPool, location_id: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select time_zone from locations where location_id = $1")
        .bind(location_id)
        .fetch_optional(pool)
        .await
}

/// The event that a hold belongs to, if the hold is known.
pub async fn event_of_hold(pool: &PgPool, hold_id: Uuid) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar("select event_id from ticket_holds where id = $1")
        .bind(hold_id)
        .fetch_optional(pool)
        .await
}
