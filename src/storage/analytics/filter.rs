//! Which usage is asked about: a span of time and, where set, only some users, teams, models or
//! endpoints.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::spend::Dimension;

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
    /// The steps that suit a span of time: hours up to 3 days, days up to 92, else weeks.
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

/// A statement with its parameters.
pub(in crate::storage) type Query = BoxedSqlQuery<'static, Pg, SqlQuery>;

/// A statement in the making: each condition comes with its parameter.
pub(in crate::storage) struct Statement {
    query: Query,
    parameters: usize,
}

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

    /// The columns that it narrows.
    pub(super) fn columns(&self) -> Vec<Dimension> {
        use Dimension::{Endpoint, Key, Model, Project, Team, User};
        let columns = [
            (User, self.users.is_empty()),
            (Team, self.teams.is_empty()),
            (Key, self.keys.is_empty()),
            (Model, self.models.is_empty()),
            (Endpoint, self.endpoints.is_empty()),
            (Project, self.projects.is_empty()),
        ];
        columns.into_iter().filter(|(_, is_empty)| !is_empty).map(|(column, _)| column).collect()
    }
}

impl Statement {
    /// A statement that ends in its conditions; `$1` and `$2` are the ends of the filter's span.
    pub(in crate::storage) fn over(text: String, filter: &Filter) -> Self {
        let query = diesel::sql_query(text).into_boxed::<Pg>();
        let query = query.bind::<Timestamptz, _>(filter.from).bind::<Timestamptz, _>(filter.to);
        Self { query, parameters: 2 }
    }

    /// One more moment, as the next parameter.
    pub(super) fn moment(mut self, moment: DateTime<Utc>) -> Self {
        self.query = self.query.bind::<Timestamptz, _>(moment);
        self.parameters += 1;
        self
    }

    /// Only the filter's users and teams.
    pub(in crate::storage) fn people(self, filter: &Filter) -> Self {
        self.ids("user_id", &filter.users).ids("team_id", &filter.teams)
    }

    /// Only what comes before this place in the order of two columns, the first of type `T`.
    pub(in crate::storage) fn before<T, V>(
        mut self,
        columns: &str,
        (value, id): (V, String),
    ) -> Self
    where
        T: Send + 'static,
        V: ToSql<T, Pg> + Send + Sync + 'static,
        Pg: HasSqlType<T>,
    {
        let (first, second) = (self.parameters + 1, self.parameters + 2);
        let query = self.query.sql(format!(" and ({columns}) < (${first}, ${second})"));
        self.query = query.bind::<T, _>(value).bind::<Text, _>(id);
        self.parameters = second;
        self
    }

    /// The whole statement.
    pub(in crate::storage) fn ending(self, tail: &str) -> Query {
        self.query.sql(" ").sql(tail)
    }

    /// Only these ids, where there are any.
    pub(in crate::storage) fn ids(mut self, column: &str, ids: &[Uuid]) -> Self {
        if !ids.is_empty() {
            self = self.any_of(column);
            self.query = self.query.bind::<Array<SqlUuid>, _>(ids.to_vec());
        }
        self
    }

    /// Only these names, where there are any.
    pub(in crate::storage) fn names(mut self, column: &str, names: &[String]) -> Self {
        if !names.is_empty() {
            self = self.any_of(column);
            self.query = self.query.bind::<Array<Text>, _>(names.to_vec());
        }
        self
    }

    /// The condition whose parameter is bound next.
    fn any_of(mut self, column: &str) -> Self {
        self.parameters += 1;
        self.query = self.query.sql(format!(" and {column} = any(${})", self.parameters));
        self
    }
}
