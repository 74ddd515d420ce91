//! The requests of `StatisticsService`. Every field of a message is taken apart here, so that a
//! new one breaks the build.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::analytics::v1 as pb;
use contracts::analytics::v1::Statistic;
use contracts::google::r#type::Date;
use prost_types::Timestamp;
use service::{Call, Fields, Page};
use tonic::Status;

use crate::basis::Grain;
use crate::query::{Cursor, Question, step};

/// The days of one answer at most.
const MAX_DAYS: i64 = 400;

pub struct GetDailyStatistics {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub as_of: DateTime<Utc>,
}

impl TryFrom<&pb::GetDailyStatisticsRequest> for GetDailyStatistics {
    type Error = Status;

    fn try_from(request: &pb::GetDailyStatisticsRequest) -> Result<Self, Status> {
        let pb::GetDailyStatisticsRequest {
            start_date,
            end_date,
            as_of,
            min_positions: _,
        } = request;
        let mut fields = Fields::new();
        let from = fields.date("start_date", start_date.as_ref());
        let to = match end_date {
            Some(end_date) => fields.date("end_date", Some(end_date)),
            None => step(Grain::Day, from, 1).unwrap_or(from),
        };
        let as_of = as_of_or_now(&mut fields, as_of.as_ref());
        if !(1..=MAX_DAYS).contains(&(to - from).num_days()) {
            let advice = format!("must be 1 to {MAX_DAYS} days after start_date");
            fields.violation("end_date", "RANGE", advice);
        }
        fields.finish()?;
        Ok(Self { from, to, as_of })
    }
}

pub struct ListMonthlyStatistics {
    pub year: Option<i32>,
    pub page: Page<NaiveDate>,
    pub as_of: DateTime<Utc>,
}

impl ListMonthlyStatistics {
    pub fn of(request: &pb::ListMonthlyStatisticsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListMonthlyStatisticsRequest {
            year,
            page_size: _,
            page_token: _,
            as_of,
            min_positions: _,
        } = request;
        let mut fields = Fields::new();
        let year = fields.int_in("year", *year, 0..=9999);
        let list = Self {
            year: (year != 0).then_some(year),
            page: fields.page(call, request),
            as_of: as_of_or_now(&mut fields, as_of.as_ref()),
        };
        fields.finish()?;
        Ok(list)
    }
}

pub struct ListYearlyStatistics {
    pub page: Page<NaiveDate>,
    pub as_of: DateTime<Utc>,
}

impl ListYearlyStatistics {
    pub fn of(request: &pb::ListYearlyStatisticsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListYearlyStatisticsRequest {
            page_size: _,
            page_token: _,
            as_of,
            min_positions: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            page: fields.page(call, request),
            as_of: as_of_or_now(&mut fields, as_of.as_ref()),
        };
        fields.finish()?;
        Ok(list)
    }
}

pub struct ExplainStatistic {
    pub question: Question,
    pub grain: Grain,
    /// Its first day, and the day after its last.
    pub period: (NaiveDate, NaiveDate),
    pub page: Page<Cursor>,
    pub as_of: DateTime<Utc>,
}

impl ExplainStatistic {
    pub fn of(request: &pb::ExplainStatisticRequest, call: &Call) -> Result<Self, Status> {
        let pb::ExplainStatisticRequest {
            statistic,
            period,
            page_size: _,
            page_token: _,
            as_of,
            min_positions: _,
        } = request;
        let mut fields = Fields::new();
        let question = question(fields.enum_value("statistic", *statistic));
        let (grain, period) = self::period(&mut fields, period.as_ref());
        let explain = Self {
            question,
            grain,
            period,
            page: fields.page(call, request),
            as_of: as_of_or_now(&mut fields, as_of.as_ref()),
        };
        fields.finish()?;
        Ok(explain)
    }
}

/// A day, a month (day 0) or a year (month and day 0), with its first day and the day after
/// its last.
fn period(fields: &mut Fields, period: Option<&Date>) -> (Grain, (NaiveDate, NaiveDate)) {
    let grain = match period {
        Some(Date {
            month: 0, day: 0, ..
        }) => Grain::Year,
        Some(Date { day: 0, .. }) => Grain::Month,
        _ => Grain::Day,
    };
    let first = period.map(|period| Date {
        year: period.year,
        month: if grain == Grain::Year {
            1
        } else {
            period.month
        },
        day: if grain == Grain::Day { period.day } else { 1 },
    });
    let from = fields.date("period", first.as_ref());
    (grain, (from, step(grain, from, 1).unwrap_or(from)))
}

fn question(statistic: Statistic) -> Question {
    const MONEY: &[&str] = &["succeeded_payment", "refund"];
    let facts = |metrics, product, to_date| Question::Facts {
        metrics,
        product,
        to_date,
    };
    match statistic {
        Statistic::Unspecified => facts(&[], "", false),
        Statistic::Revenue => facts(MONEY, "", false),
        Statistic::EventRevenue => facts(MONEY, "event", false),
        Statistic::SessionRevenue => facts(MONEY, "session", false),
        Statistic::RevenueToDate => facts(MONEY, "", true),
        Statistic::ActiveUsers => Question::ActiveUsers,
        Statistic::NewUsers => facts(&["signup"], "", false),
        Statistic::TotalUsers => facts(&["signup", "user_left", "user_returned"], "", true),
        Statistic::NewTrainers => facts(&["new_trainer"], "", false),
        Statistic::TotalTrainers => facts(
            &["new_trainer", "trainer_left", "trainer_returned"],
            "",
            true,
        ),
        Statistic::ActiveTrainers => Question::ActiveTrainers,
        Statistic::TotalEvents => facts(&["created_event"], "", false),
        Statistic::CompletedEvents => Question::EndedEvents,
        Statistic::TotalSessions => facts(&["booked_session"], "", false),
        Statistic::CompletedSessions => facts(&["completed_session"], "", false),
        Statistic::TotalPayments => facts(&["succeeded_payment", "failed_payment"], "", false),
        Statistic::SuccessfulPayments => facts(&["succeeded_payment"], "", false),
        Statistic::FailedPayments => facts(&["failed_payment"], "", false),
    }
}

fn as_of_or_now(fields: &mut Fields, as_of: Option<&Timestamp>) -> DateTime<Utc> {
    let as_of = fields.optional_timestamp("as_of", as_of);
    as_of.unwrap_or_else(service::now)
}
