//! Which usage is asked about: a span of time and, where set, only some users, teams, models or
//! endpoints.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// The steps of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Hours.
    Hour,
    /// Days (UTC).
    Day,
    /// Weeks from Monday on (UTC).
    Week,
    /// Months (UTC).
    Month,
}

impl Grain {
    /// The steps that suit a span of time: hours up to 3 days, days up to 90, else weeks.
    #[must_use]
    pub fn suiting(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        match (to - from).num_days() {
            ..=3 => Self::Hour,
            4..=92 => Self::Day,
            _ => Self::Week,
        }
    }

    /// The word that queries and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The grain of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Week, Self::Month].into_iter().find(|g| g.name() == name)
    }
}

/// Which usage is asked about; an empty list means all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// From here on; cut to the hour, or to the day (UTC) where the span is longer than 3 days.
    pub from: DateTime<Utc>,
    /// Up to, not including, this moment.
    pub to: DateTime<Utc>,
    /// Only these users.
    pub users: Vec<Uuid>,
    /// Only these teams; the nil id means usage without a team.
    pub teams: Vec<Uuid>,
    /// Only these keys.
    pub keys: Vec<Uuid>,
    /// Only these models.
    pub models: Vec<String>,
    /// Only these endpoints.
    pub endpoints: Vec<String>,
    /// Only these projects.
    pub projects: Vec<String>,
}

/// A statement with its parameters, in the making.
pub(super) type Query = BoxedSqlQuery<'static, Pg, SqlQuery>;

impl Filter {
    /// Everything in a span of time.
    #[must_use]
    pub fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let (users, teams, keys) = (Vec::new(), Vec::new(), Vec::new());
        let (models, endpoints, projects) = (Vec::new(), Vec::new(), Vec::new());
        Self { from, to, users, teams, keys, models, endpoints, projects }
    }

    /// The span of the same length that ends where this one begins.
    #[must_use]
    pub fn before(&self) -> Self {
        Self { from: self.from - (self.to - self.from), to: self.from, ..self.clone() }
    }

    /// The table of sums that is fine enough and no finer.
    pub(super) fn table(&self, grain: Grain) -> &'static str {
        let short = self.to - self.from <= TimeDelta::days(3);
        if grain == Grain::Hour || short { "usage_hourly" } else { "usage_daily" }
    }

    /// `head`, the conditions of this filter on a table of sums, and `tail`. Parameters of the
    /// conditions come first.
    pub(super) fn query(&self, head: &str, table: &str, tail: &str) -> Query {
        self.restricted(head, table, tail, true)
    }

    /// As [`Filter::query`], for tables that know only users and teams.
    pub(super) fn query_people(&self, head: &str, table: &str, tail: &str) -> Query {
        self.restricted(head, table, tail, false)
    }

    fn restricted(&self, head: &str, table: &str, tail: &str, wide: bool) -> Query {
        let unit = if table == "usage_hourly" { "hour" } else { "day" };
        let mut text = format!(
            "{head} from {table} where starts_at >= date_trunc('{unit}', $1, 'UTC') and starts_at < $2"
        );
        let mut number = 2;
        let mut restrict = |set: bool, column: &str| {
            if set {
                number += 1;
                text.push_str(&format!(" and {column} = any(${number})"));
            }
        };
        restrict(!self.users.is_empty(), "user_id");
        restrict(!self.teams.is_empty(), "team_id");
        restrict(wide && !self.keys.is_empty(), "key_id");
        restrict(wide && !self.models.is_empty(), "model");
        restrict(wide && !self.endpoints.is_empty(), "endpoint");
        restrict(wide && !self.projects.is_empty(), "project");
        text.push(' ');
        text.push_str(tail);
        let mut query = diesel::sql_query(text)
            .into_boxed::<Pg>()
            .bind::<Timestamptz, _>(self.from)
            .bind::<Timestamptz, _>(self.to);
        for ids in [&self.users, &self.teams] {
            if !ids.is_empty() {
                query = query.bind::<Array<SqlUuid>, _>(ids.clone());
            }
        }
        if wide && !self.keys.is_empty() {
            query = query.bind::<Array<SqlUuid>, _>(self.keys.clone());
        }
        for names in [&self.models, &self.endpoints, &self.projects] {
            if wide && !names.is_empty() {
                query = query.bind::<Array<Text>, _>(names.clone());
            }
        }
        query
    }
}
