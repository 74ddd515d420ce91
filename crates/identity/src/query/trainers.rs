//! Reads `trainers`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    domain::{
        trainer::{Contacts, Source},
        values::WebAddress,
    },
    personal::Column,
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

/// One profile.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<TrainerView>, sqlx::Error> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from trainers where user_id = $1"
    ))
    .bind(id)
    .fetch_optional(pool)
    .await
}

/// Which profiles are wanted; what is `None`, empty or false narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of trainers who work there.
    pub location_id: Option<Uuid>,
    /// Those with a price in this currency, ISO 4217.
    pub currency: Option<String>,
    /// Lowest price of an hour, minor units.
    pub min_price: Option<i64>,
    /// Highest price of an hour, minor units.
    pub max_price: Option<i64>,
    /// Those that are found by all of these tokens.
    pub words: Vec<i64>,
    /// Those of trainers with an open slot ahead, at the location if there is one.
    pub available: bool,
    /// Those of trainers who take new bookings.
    pub accepting_bookings: bool,
    /// Which come first.
    pub order: Order,
}

/// Which profiles come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    #[default]
    Newest,
    /// The cheapest, by currency.
    PriceAsc,
    /// The dearest, by currency backwards.
    PriceDesc,
}

/// The last row of a page, and what the page was asked for by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Tells one filter from another, without saying what it is.
    pub filter: i64,
    /// After which row to go on.
    pub after: After,
}

/// A place in the order of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// By age.
    Age(DateTime<Utc>, Uuid),
    /// By price.
    Price(String, i64, Uuid),
}

impl Order {
    /// The place of a row in this order.
    pub fn place(self, row: &TrainerView) -> After {
        match self {
            Self::Newest => After::Age(row.created_at, row.user_id),
            Self::PriceAsc | Self::PriceDesc => {
                After::Price(row.currency.clone(), row.price_per_hour, row.user_id)
            }
        }
    }
}

/// The profiles of a page, and one more if there is one. A slot is ahead if it starts at `now`
/// or later.
pub async fn page(
    pool: &PgPool,
    filter: &Filter,
    now: DateTime<Utc>,
    page: &Page<Cursor>,
) -> Result<Vec<TrainerView>, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("select {COLUMNS} from trainers t where listed"));
    narrow(&mut query, filter, now);
    let by = match filter.order {
        Order::Newest => "(created_at, user_id)",
        Order::PriceAsc | Order::PriceDesc => "(currency, price_per_hour, user_id)",
    };
    if let Some(cursor) = &page.after {
        let beyond = match filter.order {
            Order::PriceAsc => '>',
            Order::Newest | Order::PriceDesc => '<',
        };
        query.push(format!(" and {by} {beyond} ("));
        match &cursor.after {
            After::Age(created_at, id) => {
                query.push_bind(*created_at).push(", ").push_bind(*id);
            }
            After::Price(currency, price, id) => {
                query.push_bind(currency.clone()).push(", ");
                query.push_bind(*price).push(", ").push_bind(*id);
            }
        }
        query.push(")");
    }
    query.push(match filter.order {
        Order::Newest => " order by created_at desc, user_id desc limit ",
        Order::PriceAsc => " order by currency, price_per_hour, user_id limit ",
        Order::PriceDesc => " order by currency desc, price_per_hour desc, user_id desc limit ",
    });
    query.push_bind(page.limit());
    query.build_query_as().fetch_all(pool).await
}

fn narrow(query: &mut QueryBuilder<'_, Postgres>, filter: &Filter, now: DateTime<Utc>) {
    if let Some(location_id) = filter.location_id {
        query.push(
            " and exists (select from trainer_locations l \
             where l.trainer_id = t.user_id and l.location_id = ",
        );
        query.push_bind(location_id).push(")");
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
            query.push(" and s.location_id = ").push_bind(location_id);
        }
        query.push(")");
    }
}
