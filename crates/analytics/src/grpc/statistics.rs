mod parse;
mod reply;

use chrono::{DateTime, NaiveDate, Utc};
use contracts::ReadRpc;
use contracts::analytics::v1::statistics_service_server::StatisticsService;
use contracts::analytics::v1::{
    ExplainStatisticRequest, ExplainStatisticResponse, GetDailyStatisticsRequest,
    GetDailyStatisticsResponse, ListMonthlyStatisticsRequest, ListMonthlyStatisticsResponse,
    ListYearlyStatisticsRequest, ListYearlyStatisticsResponse,
};
use eventsourcing::CheckpointError;
use service::{Call, Page, ReadError, Reads, Runtime};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use self::parse::{
    ExplainStatistic, GetDailyStatistics, ListMonthlyStatistics, ListYearlyStatistics,
};
use crate::basis::{Basis, Grain, PROJECTION};
use crate::projector::Statistics;
use crate::query::{self, Cursor, Figures};

/// Shows the figures, and the events behind them.
pub struct StatisticsRpcs {
    statistics: Reads<Statistics>,
    basis: Basis,
}

impl StatisticsRpcs {
    /// Over tables that are folded with `basis`.
    pub fn on(runtime: &Runtime, basis: Basis) -> Self {
        Self {
            statistics: Reads::on(runtime),
            basis,
        }
    }

    /// What `look` finds once the tables have reached what the request names. Those that wait to
    /// be folded with other settings are not read.
    async fn read<'a, F, R>(
        &'a self,
        call: &Call,
        message: &impl ReadRpc,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, Status>
    where
        F: Future<Output = Result<R, sqlx::Error>>,
    {
        let if_current = |pool| {
            let found = look(pool);
            async move {
                if query::rebuild_is_due(pool, self.basis).await? {
                    let rebuilding = CheckpointError::Rebuilding(PROJECTION.to_owned());
                    return Err(ReadError::from(rebuilding));
                }
                Ok(found.await?)
            }
        };
        self.statistics.read(call, message, if_current).await
    }

    fn business_zone(&self) -> String {
        self.basis.zone.name().to_owned()
    }
}

#[tonic::async_trait]
impl StatisticsService for StatisticsRpcs {
    async fn get_daily_statistics(
        &self,
        request: Request<GetDailyStatisticsRequest>,
    ) -> Result<Response<GetDailyStatisticsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetDailyStatistics { from, to, as_of } = GetDailyStatistics::try_from(message)?;
        let look = |pool| query::figures(pool, Grain::Day, from, to, as_of);
        let days = self.read(&call, message, look).await?;
        Ok(Response::new(GetDailyStatisticsResponse {
            days: days.into_iter().map(Into::into).collect(),
            business_zone: self.business_zone(),
        }))
    }

    async fn list_monthly_statistics(
        &self,
        request: Request<ListMonthlyStatisticsRequest>,
    ) -> Result<Response<ListMonthlyStatisticsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListMonthlyStatistics { year, page, as_of } =
            ListMonthlyStatistics::of(message, &call)?;
        let look = |pool| newest_first((pool, self.basis), Grain::Month, year, &page, as_of);
        let rows = self.read(&call, message, look).await?;
        let (months, next_page_token) = page.cut(rows, |figures| figures.period);
        Ok(Response::new(ListMonthlyStatisticsResponse {
            months,
            next_page_token,
            business_zone: self.business_zone(),
        }))
    }

    async fn list_yearly_statistics(
        &self,
        request: Request<ListYearlyStatisticsRequest>,
    ) -> Result<Response<ListYearlyStatisticsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListYearlyStatistics { page, as_of } = ListYearlyStatistics::of(message, &call)?;
        let look = |pool| newest_first((pool, self.basis), Grain::Year, None, &page, as_of);
        let rows = self.read(&call, message, look).await?;
        let (years, next_page_token) = page.cut(rows, |figures| figures.period);
        Ok(Response::new(ListYearlyStatisticsResponse {
            years,
            next_page_token,
            business_zone: self.business_zone(),
        }))
    }

    async fn explain_statistic(
        &self,
        request: Request<ExplainStatisticRequest>,
    ) -> Result<Response<ExplainStatisticResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ExplainStatistic {
            question,
            grain,
            period,
            page,
            as_of,
        } = ExplainStatistic::of(message, &call)?;
        let look = |pool| query::explain(pool, question, grain, period, as_of, &page);
        let rows = self.read(&call, message, look).await?;
        let (facts, next_page_token) = page.cut(rows, Cursor::of);
        Ok(Response::new(ExplainStatisticResponse {
            facts,
            next_page_token,
        }))
    }
}

/// Months or years, newest first, with one more than the page has if there is one.
async fn newest_first(
    (pool, basis): (&PgPool, Basis),
    grain: Grain,
    year: Option<i32>,
    wanted: &Page<NaiveDate>,
    as_of: DateTime<Utc>,
) -> Result<Vec<Figures>, sqlx::Error> {
    let span = query::span(pool, basis, as_of).await?;
    let page = span.and_then(|span| query::page(grain, span, year, wanted.after, wanted.limit()));
    let Some(page) = page else {
        return Ok(vec![]);
    };
    let mut figures = query::figures(pool, grain, page.from, page.to, as_of).await?;
    figures.reverse();
    Ok(figures)
}
