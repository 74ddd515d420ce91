//! Reads `trainers`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{FromRow, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    domain::{
        trainer::{Contacts, Source},
        values::WebAddress,
    },
    sealing::Column,
};

const COLUMNS: &str = "user_id, first_name, last_name, bio, experience, photos, contacts, \
    additional_sources, price_per_hour, currency, session_duration, external, accepting_bookings, \
    created_at, updated_at, erased_at is not null as erased";

/// A profile as it is shown, once it is opened.
#[derive(Clone, Debug)]
pub struct TrainerView {
    /// The trainer, which is the user's id.
    pub user_id: Uuid,
    /// Name on the profile; like all that is sealed blank once the trainer was erased.
    pub first_name: Column<String>,
    /// Name on the profile.
    pub last_name: Column<String>,
    /// Who the trainer is.
    pub bio: Column<String>,
    /// What the trainer has done before.
    pub experience: Column<String>,
    /// Addresses of photos.
    pub photos: Column<Vec<WebAddress>>,
    /// How to reach the trainer.
    pub contacts: Column<Contacts>,
    /// Where else the trainer can be seen.
    pub additional_sources: Column<Vec<Source>>,
    /// Price of one hour of a single session, minor units.
    pub price_per_hour: i64,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// Usual length of a session, minutes.
    pub session_duration: i32,
    /// Not employed by the platform.
    pub external: bool,
    /// Takes new bookings.
    pub accepting_bookings: bool,
    /// When the profile was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The trainer was erased.
    pub erased: bool,
}

impl FromRow<'_, PgRow> for TrainerView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            first_name: row.try_get("first_name")?,
            last_name: row.try_get("last_name")?,
            bio: row.try_get("bio")?,
            experience: row.try_get("experience")?,
            photos: row.try_get("photos")?,
            contacts: row.try_get("contacts")?,
            additional_sources: row.try_get("additional_sources")?,
            price_per_hour: row.try_get("price_per_hour")?,
            currency: row.try_get("currency")?,
            session_duration: row.try_get("session_duration")?,
            external: row.try_get("external")?,
            accepting_bookings: row.try_get("accepting_bookings")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            erased: row.try_get("erased")?,
        })
    }
}

/// The last row of a page: by time of creation, the latest first, and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    created_at: DateTime<Utc>,
    user_id: Uuid,
}

impl From<&TrainerView> for Cursor {
    fn from(row: &TrainerView) -> Self {
        Self {
            created_at: row.created_at,
            user_id: row.user_id,
        }
    }
}

/// One profile.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<TrainerView>, sqlx::Error> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from trainers where user_id = $1"
    ))
    .bind(id)
    .fetch_optional(pool)
    .await
}

/// The profiles of a page, and one more if there is one.
pub async fn page(pool: &PgPool, page: &Page<Cursor>) -> Result<Vec<TrainerView>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query_as(&format!(
        "select {COLUMNS} from trainers \
         where listed and ($1 is null or (created_at, user_id) < ($1, $2)) \
         order by created_at desc, user_id desc limit $3",
    ))
    .bind(after.map(|after| after.created_at))
    .bind(after.map(|after| after.user_id))
    .bind(page.limit())
    .fetch_all(pool)
    .await
}
