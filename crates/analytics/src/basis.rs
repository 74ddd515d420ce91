//! What the figures rest on besides the events: the business zone, and what money counts.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use values::Zone;

use crate::settings::AnalyticsSettings;

/// The name of the projection, in checkpoints and for operators.
pub const PROJECTION: &str = "statistics";

/// The settings of the fold. A fold with others gives other tables, so a change of them means
/// a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Whose local days, months and years the figures are of.
    pub zone: Zone,
    /// Whether payments that move no real money count.
    pub counts_sandbox: bool,
}

impl From<AnalyticsSettings> for Basis {
    fn from(settings: AnalyticsSettings) -> Self {
        Self {
            zone: settings.business_zone,
            counts_sandbox: settings.counts_sandbox,
        }
    }
}

impl Basis {
    /// The local day of an instant. Days are half-open: local midnight belongs to the day that
    /// begins.
    pub fn day(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// Whether the tables rest on these settings. Tables into which nothing is folded yet rest on
    /// them from now on.
    pub async fn claim(self, pool: &PgPool) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "insert into statistics_basis (business_zone, counts_sandbox)
             select $1, $2
             where not exists (select from checkpoints where projection = $3 and position > 0)
             on conflict (singleton) do nothing",
        )
        .bind(self.zone.name())
        .bind(self.counts_sandbox)
        .bind(PROJECTION)
        .execute(pool)
        .await?;
        Ok(Self::stored(pool).await? == Some(self))
    }

    /// Says that the tables rest on no settings, before they are built anew with others.
    pub async fn forget(pool: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query("delete from statistics_basis")
            .execute(pool)
            .await?;
        Ok(())
    }

    /// What the tables were folded with; `None` before the first fold and while they are built
    /// anew with other settings.
    pub async fn stored(pool: &PgPool) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<(String, bool)> =
            sqlx::query_as("select business_zone, counts_sandbox from statistics_basis")
                .fetch_optional(pool)
                .await?;
        row.map(|(zone, counts_sandbox)| {
            let zone = zone
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(Self {
                zone,
                counts_sandbox,
            })
        })
        .transpose()
    }

    /// Writes down what the tables are folded with.
    pub async fn store(self, pool: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into statistics_basis (business_zone, counts_sandbox) values ($1, $2)
             on conflict (singleton) do update
             set business_zone = excluded.business_zone, counts_sandbox = excluded.counts_sandbox",
        )
        .bind(self.zone.name())
        .bind(self.counts_sandbox)
        .execute(pool)
        .await?;
        Ok(())
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A local day.
    Day,
    /// A calendar month of local days.
    Month,
    /// A calendar year of local days.
    Year,
}

impl Grain {
    /// All grains, shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];

    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The first day of the period that holds a day.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let start = match self {
            Self::Day => Some(day),
            Self::Month => day.with_day(1),
            Self::Year => day.with_ordinal(1),
        };
        start.unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day_of(instant: &str) -> String {
        let basis = Basis {
            zone: Zone::new_york(),
            counts_sandbox: true,
        };
        basis.day(instant.parse().unwrap()).to_string()
    }

    #[test]
    fn a_day_begins_at_local_midnight_and_ends_before_the_next() {
        assert_eq!(day_of("2026-01-15T04:59:59.999999Z"), "2026-01-14");
        assert_eq!(day_of("2026-01-15T05:00:00Z"), "2026-01-15");
        assert_eq!(day_of("2026-01-16T04:59:59.999999Z"), "2026-01-15");
    }

    #[test]
    fn the_day_of_a_clock_change_has_23_or_25_hours() {
        assert_eq!(day_of("2026-03-08T04:59:59Z"), "2026-03-07");
        assert_eq!(day_of("2026-03-08T05:00:00Z"), "2026-03-08");
        assert_eq!(day_of("2026-03-09T03:59:59Z"), "2026-03-08");
        assert_eq!(day_of("2026-03-09T04:00:00Z"), "2026-03-09");
        assert_eq!(day_of("2026-11-01T04:00:00Z"), "2026-11-01");
        assert_eq!(day_of("2026-11-02T04:59:59Z"), "2026-11-01");
        assert_eq!(day_of("2026-11-02T05:00:00Z"), "2026-11-02");
    }

    #[test]
    fn the_year_ends_at_local_midnight() {
        assert_eq!(day_of("2027-01-01T04:59:59Z"), "2026-12-31");
        assert_eq!(day_of("2027-01-01T05:00:00Z"), "2027-01-01");
    }

    #[test]
    fn a_month_and_a_year_start_on_their_first_day() {
        let day = NaiveDate::from_ymd_opt(2028, 2, 29).unwrap();
        assert_eq!(Grain::Day.start(day), day);
        assert_eq!(Grain::Month.start(day).to_string(), "2028-02-01");
        assert_eq!(Grain::Year.start(day).to_string(), "2028-01-01");
    }
}
