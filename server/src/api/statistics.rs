//! Overview, statistics of quarters and years, duties and repeats: core's figures, of the spaces
//! that whoever asks may see.

use std::ops::Range;

use axum::extract::State;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vanguard_core::calendar::{Day, Quarter};
use vanguard_core::id::OrgId;
use vanguard_core::store::StoreError;
use vanguard_core::store::statistics::{
    self, BranchDuty, DEFAULT_SHIFTS_PER_DAY, Facts, Overview, PeriodStatistics, RepeatHazards,
    TrendDay, ZoneDuty,
};

use super::extract::{Parameters, Positioned};
use super::filters::listed;
use super::problems::{ReadProblems, bad_parameter};
use super::reading::Reader;
use crate::http::auth::ConsoleAuth;
use crate::http::problem::Problem;
use crate::http::state::App;

/// Of which spaces.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OverviewParameters {
    /// Of these spaces, separated by commas; without it of all that whoever asks may see.
    #[serde(deserialize_with = "listed")]
    #[param(value_type = Vec<Uuid>, style = Form, explode = false)]
    spaces: Vec<OrgId>,
}

/// Of which quarter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QuarterParameters {
    /// The calendar year.
    #[param(minimum = 2000, maximum = 2999)]
    year: i32,
    /// 1 to 4.
    #[param(minimum = 1, maximum = 4)]
    quarter: u32,
    /// Of these spaces, separated by commas; without it of all that whoever asks may see.
    #[serde(default, deserialize_with = "listed")]
    #[param(value_type = Vec<Uuid>, style = Form, explode = false, required = false)]
    spaces: Vec<OrgId>,
}

/// Of which year.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct YearParameters {
    /// The calendar year.
    #[param(minimum = 2000, maximum = 2999)]
    year: i32,
    /// Of these spaces, separated by commas; without it of all that whoever asks may see.
    #[serde(default, deserialize_with = "listed")]
    #[param(value_type = Vec<Uuid>, style = Form, explode = false, required = false)]
    spaces: Vec<OrgId>,
}

/// On which days.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DayParameters {
    /// The first day, such as `2026-11-20`; unless said otherwise so that the last is today, or
    /// yesterday where only days that are over count.
    #[param(format = Date, pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: Option<String>,
    /// How many days; 30 unless said otherwise.
    #[param(minimum = 1, maximum = 400)]
    days: Option<i32>,
    /// How many shifts the plant works a day; 3 unless said otherwise.
    #[param(minimum = 1, maximum = 4)]
    shifts: Option<u32>,
    /// Of these spaces, separated by commas; without it of all that whoever asks may see.
    #[serde(deserialize_with = "listed")]
    #[param(value_type = Vec<Uuid>, style = Form, explode = false)]
    spaces: Vec<OrgId>,
}

impl DayParameters {
    /// From the first day to the one after the last, which is `end` where no first is named.
    fn range(&self, end: Day) -> Result<(Day, Day), Problem> {
        let days = within("days", self.days.unwrap_or(30), 1, 400)?;
        let from = match &self.from {
            None => Day(end.0 - days),
            Some(text) => Day::parse_iso(text)
                .ok_or_else(|| bad_parameter("from", "不是日期", "this is no day"))?,
        };
        Ok((from, Day(from.0 + days)))
    }
}

fn tomorrow(app: &App) -> Day {
    Day(Day::at(app.env.now_ms()).0 + 1)
}

fn within<N: Copy + PartialOrd + std::fmt::Display>(
    name: &str,
    value: N,
    least: N,
    most: N,
) -> Result<N, Problem> {
    if value < least || value > most {
        let zh = format!("须为 {least} 至 {most}");
        return Err(bad_parameter(name, &zh, &format!("{least} to {most}")));
    }
    Ok(value)
}

/// Which zones owe inspections, and who has not reported.
#[derive(Serialize, ToSchema)]
pub(super) struct Duties {
    /// The first day, as days since 1970-01-01.
    from: Day,
    /// The day after the last that is over.
    to: Day,
    /// Zone by zone, in the order of their codes.
    zones: Vec<ZoneDuty>,
    /// Organisation by organisation, those furthest behind first.
    branches: Vec<BranchDuty>,
}

/// Where hazards repeat.
#[derive(Serialize, ToSchema)]
pub(super) struct Repeats {
    /// Zones and places with at least two hazards, those with most first.
    places: Vec<RepeatHazards>,
}

async fn asked<T: Send + 'static>(
    app: &App,
    auth: &ConsoleAuth,
    spaces: &[OrgId],
    ask: impl FnOnce(&Connection, &Facts, &[OrgId]) -> Result<T, StoreError> + Send + 'static,
) -> Result<Positioned<T>, Problem> {
    let spaces = Reader::of(app, auth).spaces(spaces);
    let replica = app.relay.replica();
    let position = replica.position();
    let found = replica.count(move |conn, facts| ask(conn, facts, &spaces));
    Ok(Positioned::ok(position, found.await?))
}

/// 看板. How things stand now.
#[utoipa::path(
    get, path = "/statistics/overview", tag = "statistics", params(OverviewParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "How things stand", body = Overview,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn overview(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<OverviewParameters>,
) -> Result<Positioned<Overview>, Problem> {
    let now_ms = app.env.now_ms();
    asked(&app, &auth, &parameters.spaces, move |_, facts, spaces| {
        Ok(statistics::overview(facts, spaces, now_ms))
    })
    .await
}

/// 季度统计. The figures of a quarter.
#[utoipa::path(
    get, path = "/statistics/quarterly", tag = "statistics", params(QuarterParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "The figures", body = PeriodStatistics,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn quarterly(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<QuarterParameters>,
) -> Result<Positioned<PeriodStatistics>, Problem> {
    let quarter = Quarter {
        year: within("year", parameters.year, 2_000, 2_999)?,
        quarter: within("quarter", parameters.quarter, 1, 4)?,
    };
    let now_ms = app.env.now_ms();
    asked(
        &app,
        &auth,
        &parameters.spaces,
        move |conn, facts, spaces| statistics::quarterly(conn, facts, spaces, quarter, now_ms),
    )
    .await
}

/// 年度统计. The figures of a year.
#[utoipa::path(
    get, path = "/statistics/yearly", tag = "statistics", params(YearParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "The figures", body = PeriodStatistics,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn yearly(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<YearParameters>,
) -> Result<Positioned<PeriodStatistics>, Problem> {
    let year = within("year", parameters.year, 2_000, 2_999)?;
    let now_ms = app.env.now_ms();
    asked(
        &app,
        &auth,
        &parameters.spaces,
        move |conn, facts, spaces| statistics::yearly(conn, facts, spaces, year, now_ms),
    )
    .await
}

/// 应查/已查. Which inspections zones owe and have had on days that are over, who holds them, and
/// when they were last inspected.
#[utoipa::path(
    get, path = "/duties", tag = "statistics", params(DayParameters), security(("session" = [])),
    responses(
        (status = 200, description = "Zone by zone", body = Duties,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn duties(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<DayParameters>,
) -> Result<Positioned<Duties>, Problem> {
    let now_ms = app.env.now_ms();
    let (from, to) = parameters.range(Day::at(now_ms))?;
    let shifts = parameters.shifts.unwrap_or(DEFAULT_SHIFTS_PER_DAY);
    let shifts = within("shifts", shifts, 1, 4)?;
    asked(
        &app,
        &auth,
        &parameters.spaces,
        move |conn, facts, spaces| {
            let days = from..to;
            let zones = statistics::duty_completion(conn, facts, spaces, &days, shifts, now_ms)?;
            let branches = statistics::duties_by_branch(&zones);
            let Range { start, end } = statistics::over(&days, now_ms);
            Ok(Duties {
                from: start,
                to: end,
                zones,
                branches,
            })
        },
    )
    .await
}

/// 重复隐患. Zones and places with several hazards in the days asked for.
#[utoipa::path(
    get, path = "/statistics/repeats", tag = "statistics", params(DayParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "Where hazards repeat", body = Repeats,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn repeats(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<DayParameters>,
) -> Result<Positioned<Repeats>, Problem> {
    let (from, to) = parameters.range(tomorrow(&app))?;
    let range = from.start_ms()..to.start_ms();
    asked(&app, &auth, &parameters.spaces, move |_, facts, spaces| {
        let places = statistics::repeat_hazards(facts, spaces, &range, 2);
        Ok(Repeats { places })
    })
    .await
}

/// Day by day.
#[derive(Serialize, ToSchema)]
pub(super) struct Trend {
    /// Every day asked for, in order.
    days: Vec<TrendDay>,
}

/// 趋势. What was reported, closed out and inspected on each day.
#[utoipa::path(
    get, path = "/statistics/trend", tag = "statistics", params(DayParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "Day by day", body = Trend,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn trend(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<DayParameters>,
) -> Result<Positioned<Trend>, Problem> {
    let (from, to) = parameters.range(tomorrow(&app))?;
    asked(&app, &auth, &parameters.spaces, move |_, facts, spaces| {
        let days = statistics::trend(facts, spaces, from..to);
        Ok(Trend { days })
    })
    .await
}
