use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Page;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;
use values::LocationId;

use crate::domain::trainer::{Contacts, Source};
use crate::domain::values::{UserId, WebAddress};
use crate::personal::Column;

const COLUMNS: &str = "user_id, first_name, last_name, bio, experience, photos, contacts, \
    additional_sources, price_per_hour, currency, session_duration, external, accepting_bookings, \
    created_at, updated_at, erased_at is not null as erased";

/// A profile as it is shown, still sealed.
#[derive(Clone, Debug)]
pub struct TrainerView {
    pub user_id: UserId,
    /// Blank, like every sealed column, when the trainer was erased.
    pub first_name: Column<String>,
    pub last_name: Column<String>,
    pub bio: Column<String>,
    pub experience: Column<String>,
    pub photos: Column<Vec<WebAddress>>,
    pub contacts: Column<Contacts>,
    pub additional_sources: Column<Vec<Source>>,
    /// The price of one hour of a session with one child, in minor units.
    pub price_per_hour: i64,
    /// The ISO 4217 code of the price.
    pub currency: String,
    /// The usual length of a session, in minutes.
    pub session_duration: i32,
    pub external: bool,
    pub accepting_bookings: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub erased: bool,
}

impl FromRow<'_, PgRow> for TrainerView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user_id: row.try_get::<Uuid, _>("user_id")?.into(),
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

pub async fn trainer(pool: &PgPool, id: UserId) -> Result<Option<TrainerView>, sqlx::Error> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from trainers where user_id = $1"
    ))
    .bind(id.uuid())
    .fetch_optional(pool)
    .await
}

/// Which profiles are wanted; what is `None`, empty or false narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainerFilter {
    /// Only trainers who work at this location.
    pub location_id: Option<LocationId>,
    /// Only prices in this currency, an ISO 4217 code.
    pub currency: Option<String>,
    /// The lowest price of an hour, in minor units.
    pub min_price: Option<i64>,
    /// The highest price of an hour, in minor units.
    pub max_price: Option<i64>,
    /// Only profiles that have all of these tokens.
    pub words: Vec<i64>,
    /// Only trainers with an open slot ahead, at the location if there is one.
    pub available: bool,
    /// Only trainers who take new bookings.
    pub accepting_bookings: bool,
    pub order: TrainerOrder,
}

impl TrainerFilter {
    /// Whether the trainers' locations or slots are looked at.
    pub fn asks_for_availability(&self) -> bool {
        self.location_id.is_some() || self.available
    }
}

/// Which profiles come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainerOrder {
    /// The newest profiles come first.
    #[default]
    Newest,
    /// The cheapest come first, within each currency.
    PriceAsc,
    /// The dearest come first, within each currency; the currencies are in reverse order.
    PriceDesc,
}

/// Where a list of profiles goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainerCursor {
    /// A place in the order of age.
    Age(DateTime<Utc>, UserId),
    /// A place in the order of price.
    Price(String, i64, UserId),
}

impl TrainerCursor {
    /// The next page begins after this profile.
    pub fn of(row: &TrainerView, filter: &TrainerFilter) -> Self {
        match filter.order {
            TrainerOrder::Newest => Self::Age(row.created_at, row.user_id),
            TrainerOrder::PriceAsc | TrainerOrder::PriceDesc => {
                Self::Price(row.currency.clone(), row.price_per_hour, row.user_id)
            }
        }
    }
}

/// The listed profiles. A slot is ahead if it starts at `now` or later.
pub async fn trainers(
    pool: &PgPool,
    filter: &TrainerFilter,
    now: DateTime<Utc>,
    page: &Page<TrainerCursor>,
) -> Result<Vec<TrainerView>, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("select {COLUMNS} from trainers t where listed"));
    narrow(&mut query, filter, now);
    let by = match filter.order {
        TrainerOrder::Newest => "(created_at, user_id)",
        TrainerOrder::PriceAsc | TrainerOrder::PriceDesc => "(currency, price_per_hour, user_id)",
    };
    if let Some(cursor) = &page.after {
        let beyond = match filter.order {
            TrainerOrder::PriceAsc => '>',
            TrainerOrder::Newest | TrainerOrder::PriceDesc => '<',
        };
        query.push(format!(" and {by} {beyond} ("));
        match cursor {
            TrainerCursor::Age(created_at, id) => {
                query.push_bind(*created_at).push(", ").push_bind(id.uuid());
            }
            TrainerCursor::Price(currency, price, id) => {
                query.push_bind(currency.clone()).push(", ");
                query.push_bind(*price).push(", ").push_bind(id.uuid());
            }
        }
        query.push(")");
    }
    query.push(match filter.order {
        TrainerOrder::Newest => " order by created_at desc, user_id desc limit ",
        TrainerOrder::PriceAsc => " order by currency, price_per_hour, user_id limit ",
        TrainerOrder::PriceDesc => {
            " order by currency desc, price_per_hour desc, user_id desc limit "
        }
    });
    query.push_bind(page.limit());
    query.build_query_as().fetch_all(pool).await
}

fn narrow(query: &mut QueryBuilder<'_, Postgres>, filter: &TrainerFilter, now: DateTime<Utc>) {
    if let Some(location_id) = filter.location_id {
        query.push(
            " and exists (select from trainer_locations l \
             where l.trainer_id = t.user_id and l.location_id = ",
        );
        query.push_bind(location_id.uuid()).push(")");
    }
    if let Some(currency) = &filter.currency {
        query.push(" and currency = ").push_bind(currency.clone());
    }
    if let Some(price) = filter.min_price {
        query.push(" and price_per_hour >= ").push_bind(price);
    }
    if let Some(price) = filter.max_price {
        query.push(" and price_per_hour <= ").push_bind(price);
    }
    if !filter.words.is_empty() {
        query
            .push(" and search @> ")
            .push_bind(filter.words.clone());
    }
    if filter.accepting_bookings {
        query.push(" and accepting_bookings");
    }
    if filter.available {
        query.push(
            " and exists (select from trainer_slots s \
             where s.trainer_id = t.user_id and s.session_id is null and s.starts_at >= ",
        );
        query.push_bind(now);
        if let Some(location_id) = filter.location_id {
            query
                .push(" and s.location_id = ")
                .push_bind(location_id.uuid());
        }
        query.push(")");
    }
}
