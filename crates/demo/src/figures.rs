//! Reads the statistics from analytics.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, Utc};
use contracts::analytics::v1::{
    DailyStatistics, ExplainStatisticRequest, GetDailyStatisticsRequest,
    ListMonthlyStatisticsRequest, ListYearlyStatisticsRequest, PeriodFigures, Statistic,
};
use contracts::common::v1::LogPosition;
use contracts::wire::date;
use values::Zone;

use crate::error::{Attempt as _, DemoError};
use crate::person::Person;
use crate::platform::Platform;
use crate::tally::{Amounts, Tally};

/// All statistics that the demo compares, as they were at one moment.
pub struct Snapshot {
    /// The day of the business zone at that moment.
    pub today: NaiveDate,
    pub business_zone: String,
    pub days: BTreeMap<NaiveDate, DailyStatistics>,
    /// By year and month.
    pub months: BTreeMap<(i32, i32), PeriodFigures>,
    pub years: BTreeMap<i32, PeriodFigures>,
}

impl Snapshot {
    /// Reads the statistics once they include all that the four logs hold now.
    pub async fn take(platform: &Platform, admin: &Person) -> Result<Self, DemoError> {
        let min_positions = platform.heads(admin).await?;
        let (years, zone) = years(platform, admin, &min_positions).await?;
        let months = months(platform, admin, &min_positions).await?;
        let today = zone
            .parse::<Zone>()
            .map_err(|_| DemoError::Incomplete("the business zone"))
            .map(|zone| Utc::now().with_timezone(&zone).date_naive())?;
        let days = days(platform, admin, &min_positions, today).await?;
        Ok(Self {
            today,
            business_zone: zone,
            days,
            months,
            years,
        })
    }
}

/// Notes the promise that the events by which analytics explains today's revenue add up to it.
pub async fn explained(
    platform: &Platform,
    admin: &Person,
    snapshot: &Snapshot,
    tally: &Tally,
) -> Result<(), DemoError> {
    let mut sums = Amounts::new();
    let mut facts = 0;
    let mut page_token = String::new();
    loop {
        let message = ExplainStatisticRequest {
            statistic: Statistic::Revenue.into(),
            period: Some(date(snapshot.today)),
            page_size: 200,
            page_token,
            ..Default::default()
        };
        let answer = platform
            .patiently(|| {
                let mut client = platform.statistics.clone();
                let request = admin.request(message.clone());
                async move { client.explain_statistic(request).await }
            })
            .await
            .attempting("asking what made today's revenue")?;
        facts += answer.facts.len();
        for amount in answer.facts.into_iter().filter_map(|fact| fact.amount) {
            *sums.entry(amount.currency_code).or_default() += amount.minor_units;
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let day = snapshot
        .days
        .get(&snapshot.today)
        .cloned()
        .unwrap_or_default();
    let revenue: Amounts = day
        .daily_revenue
        .into_iter()
        .map(|money| (money.currency_code, money.minor_units))
        .collect();
    tally.promise(
        "today's revenue is the sum of the events that explain it",
        sums == revenue,
        format!("{facts} events, {sums:?}"),
    );
    Ok(())
}

/// Today and the days beside it, because a run may go over midnight.
async fn days(
    platform: &Platform,
    admin: &Person,
    min_positions: &[LogPosition],
    today: NaiveDate,
) -> Result<BTreeMap<NaiveDate, DailyStatistics>, DemoError> {
    let start = today - Days::new(1);
    let message = GetDailyStatisticsRequest {
        start_date: Some(date(start)),
        end_date: Some(date(today + Days::new(2))),
        as_of: None,
        min_positions: min_positions.to_vec(),
    };
    let answer = platform
        .patiently(|| {
            let mut client = platform.statistics.clone();
            let request = admin.request(message.clone());
            async move { client.get_daily_statistics(request).await }
        })
        .await
        .attempting("reading the daily statistics")?;
    Ok(start.iter_days().zip(answer.days).collect())
}

async fn months(
    platform: &Platform,
    admin: &Person,
    min_positions: &[LogPosition],
) -> Result<BTreeMap<(i32, i32), PeriodFigures>, DemoError> {
    let mut months = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let message = ListMonthlyStatisticsRequest {
            page_token,
            min_positions: min_positions.to_vec(),
            ..Default::default()
        };
        let answer = platform
            .patiently(|| {
                let mut client = platform.statistics.clone();
                let request = admin.request(message.clone());
                async move { client.list_monthly_statistics(request).await }
            })
            .await
            .attempting("reading the monthly statistics")?;
        months.extend(answer.months.into_iter().map(|month| {
            let figures = month.figures.unwrap_or_default();
            ((month.year, month.month), figures)
        }));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(months);
        }
    }
}

async fn years(
    platform: &Platform,
    admin: &Person,
    min_positions: &[LogPosition],
) -> Result<(BTreeMap<i32, PeriodFigures>, String), DemoError> {
    let mut years = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let message = ListYearlyStatisticsRequest {
            page_token,
            min_positions: min_positions.to_vec(),
            ..Default::default()
        };
        let answer = platform
            .patiently(|| {
                let mut client = platform.statistics.clone();
                let request = admin.request(message.clone());
                async move { client.list_yearly_statistics(request).await }
            })
            .await
            .attempting("reading the yearly statistics")?;
        let figures = |year: contracts::analytics::v1::YearlyStatistics| {
            (year.year, year.figures.unwrap_or_default())
        };
        years.extend(answer.years.into_iter().map(figures));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok((years, answer.business_zone));
        }
    }
}
