use contracts::analytics::v1::{
    ExplainStatisticRequest, GetDailyStatisticsRequest, ListMonthlyStatisticsRequest,
    ListYearlyStatisticsRequest, Statistic,
};
use e2e::people::day;
use prost::Message as _;

use super::rows::{Row, guarded};

const HERE: &[&str] = &["analytics"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.analytics.v1.StatisticsService/GetDailyStatistics", b"RRRRRAA", |_| {
        GetDailyStatisticsRequest { start_date: Some(day(0)), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.analytics.v1.StatisticsService/ListMonthlyStatistics", b"RRRRRAA", |_| {
        ListMonthlyStatisticsRequest::default().encode_to_vec()
    }),
    guarded(HERE, "/divinetime.analytics.v1.StatisticsService/ListYearlyStatistics", b"RRRRRAA", |_| {
        ListYearlyStatisticsRequest::default().encode_to_vec()
    }),
    guarded(HERE, "/divinetime.analytics.v1.StatisticsService/ExplainStatistic", b"RRRRRAA", |_| {
        ExplainStatisticRequest { statistic: Statistic::Revenue.into(), period: Some(day(0)), ..Default::default() }.encode_to_vec()
    }),
];
