//! `StatisticsService`: parse, query, reply.

use chrono::NaiveDate;
use contracts::analytics::v1::statistics_service_server::StatisticsService;
use contracts::analytics::v1::{
    ExplainStatisticRequest, ExplainStatisticResponse, GetDailyStatisticsRequest,
    GetDailyStatisticsResponse, ListMonthlyStatisticsRequest, ListMonthlyStatisticsResponse,
    ListYearlyStatisticsRequest, ListYearlyStatisticsResponse,
};
use contracts::common::v1::LogPosition;
use eventsourcing::{CheckpointError, Checkpoints};
use service::{Call, checkpoint_status, internal, page, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::convert::{Days, Explanation, Periods, daily, fact, monthly, yearly};
use crate::basis::{Basis, Grain};
use crate::projector::PROJECTION;
use crate::query::{self, Figures};

/// The statistics of one database.
#[derive(Clone)]
pub struct Statistics {
    pool: PgPool,
    checkpoints: Checkpoints,
    basis: Basis,
}

impl Statistics {
    /// Reads the tables that are folded with `basis`.
    pub fn new(pool: PgPool, checkpoints: Checkpoints, basis: Basis) -> Self {
        Self {
            pool,
            checkpoints,
            basis,
        }
    }

    /// Waits for the positions. Tables that wait to be folded with other settings are not read.
    async fn reached(&self, call: &Call, positions: &[LogPosition]) -> Result<(), Status> {
        let is_due = query::rebuild_is_due(&self.pool, self.basis).await;
        if is_due.map_err(internal)? {
            let error = CheckpointError::Rebuilding(PROJECTION.to_owned());
            return Err(checkpoint_status(error));
        }
        reached(&self.checkpoints, PROJECTION, positions, call).await
    }

    /// A page of months or years, newest first, and the token of the next.
    async fn newest_first(
        &self,
        grain: Grain,
        wanted: &Periods,
    ) -> Result<(Vec<Figures>, String), Status> {
        let span = query::span(&self.pool, wanted.as_of)
            .await
            .map_err(internal)?;
        let page = span.and_then(|span| {
            query::page(
                grain,
                span,
                wanted.year,
                wanted.page.after,
                wanted.page.size,
            )
        });
        let Some(page) = page else {
            return Ok((Vec::new(), String::new()));
        };
        let mut figures = query::figures(&self.pool, grain, page.from, page.to, wanted.as_of)
            .await
            .map_err(internal)?;
        figures.reverse();
        let next = if page.more {
            page::encode::<NaiveDate>(&page.from)
        } else {
            String::new()
        };
        Ok((figures, next))
    }
}

#[tonic::async_trait]
impl StatisticsService for Statistics {
    async fn get_daily_statistics(
        &self,
        request: Request<GetDailyStatisticsRequest>,
    ) -> Result<Response<GetDailyStatisticsResponse>, Status> {
        let call = Call::of(&request);
        let days = Days::try_from(request.into_inner())?;
        self.reached(&call, &days.min_positions).await?;
        let figures = query::figures(&self.pool, Grain::Day, days.from, days.to, days.as_of)
            .await
            .map_err(internal)?;
        Ok(Response::new(GetDailyStatisticsResponse {
            days: figures.into_iter().map(daily).collect(),
            business_zone: self.basis.zone.name().to_owned(),
        }))
    }

    async fn list_monthly_statistics(
        &self,
        request: Request<ListMonthlyStatisticsRequest>,
    ) -> Result<Response<ListMonthlyStatisticsResponse>, Status> {
        let call = Call::of(&request);
        let wanted = Periods::try_from(request.into_inner())?;
        self.reached(&call, &wanted.min_positions).await?;
        let (figures, next_page_token) = self.newest_first(Grain::Month, &wanted).await?;
        Ok(Response::new(ListMonthlyStatisticsResponse {
            months: figures.into_iter().map(monthly).collect(),
            next_page_token,
            business_zone: self.basis.zone.name().to_owned(),
        }))
    }

    async fn list_yearly_statistics(
        &self,
        request: Request<ListYearlyStatisticsRequest>,
    ) -> Result<Response<ListYearlyStatisticsResponse>, Status> {
        let call = Call::of(&request);
        let wanted = Periods::try_from(request.into_inner())?;
        self.reached(&call, &wanted.min_positions).await?;
        let (figures, next_page_token) = self.newest_first(Grain::Year, &wanted).await?;
        Ok(Response::new(ListYearlyStatisticsResponse {
            years: figures.into_iter().map(yearly).collect(),
            next_page_token,
            business_zone: self.basis.zone.name().to_owned(),
        }))
    }

    async fn explain_statistic(
        &self,
        request: Request<ExplainStatisticRequest>,
    ) -> Result<Response<ExplainStatisticResponse>, Status> {
        let call = Call::of(&request);
        let wanted = Explanation::try_from(request.into_inner())?;
        self.reached(&call, &wanted.min_positions).await?;
        let mut rows = query::explain(
            &self.pool,
            wanted.question,
            wanted.grain,
            (wanted.from, wanted.to),
            wanted.as_of,
            wanted.page.after.clone(),
            wanted.page.limit(),
        )
        .await
        .map_err(internal)?;
        let next_page_token = wanted
            .page
            .next_token(&mut rows, |row| query::Cursor::from(row));
        Ok(Response::new(ExplainStatisticResponse {
            facts: rows.into_iter().map(fact).collect(),
            next_page_token,
        }))
    }
}
