//! Where a question is read from: of all tables of sums the one that has what is asked and the fewest
//! rows, for that is what makes pages quick.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, TimeDelta, Utc};

use super::filter::{Filter, Grain, Query, Statement};
use super::spend::Dimension;

/// Spans up to this that are not of whole days are read by hour.
const BY_HOUR: TimeDelta = TimeDelta::days(3);

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question<'a> {
    /// Sums of the whole span by these columns; rows have their last hour or day as `last_at`.
    Sums(&'a [Dimension]),
    /// Sums by these columns for each step of time, which rows have as `starts_at`.
    Steps(Grain, &'a [Dimension]),
    /// Latencies of the whole span by these columns.
    Latencies(&'a [Dimension]),
    /// Requests and cost alone by these columns, for each step of time.
    Activity(Grain, &'a [Dimension]),
    /// Requests by tool and user; only users and teams narrow it.
    Tools,
}

/// The rows that answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    table: &'static str,
    by_hour: bool,
    /// The same sums by week, and the whole weeks that are read from it.
    weeks: Option<(&'static str, Weeks)>,
}

/// Whole weeks in a span of time, from Monday on (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weeks {
    first: DateTime<Utc>,
    /// Up to, not including, this Monday; it may lie behind the span where nothing can.
    end: DateTime<Utc>,
}

impl Filter {
    /// `head`, the rows that answer `question`, the conditions of this filter on them, and `tail`.
    pub(super) fn query(&self, head: &str, question: Question<'_>, tail: &str) -> Query {
        let source = self.source(question, Utc::now());
        let mut statement = Statement::over(source.text(head), self);
        if let Some((_, weeks)) = source.weeks {
            statement = statement.moment(weeks.first).moment(weeks.end);
        }
        statement = statement.people(self);
        if question != Question::Tools {
            statement = statement
                .ids("key_id", &self.keys)
                .names("model", &self.models)
                .names("endpoint", &self.endpoints)
                .names("project", &self.projects);
        }
        statement.ending(tail)
    }

    /// The expression for the step of this grain in which a row of sums by it lies.
    pub(super) fn step(&self, grain: Grain) -> String {
        match (grain, self.is_by_hour(Some(grain), Utc::now())) {
            (Grain::Hour, true) | (Grain::Day, false) => "starts_at".to_owned(),
            _ => format!("date_trunc('{}', starts_at, 'UTC')", grain.name()),
        }
    }

    fn source(&self, question: Question<'_>, now: DateTime<Utc>) -> Source {
        use Dimension::{Endpoint, Model, Project, Team, User};
        let (grain, asked) = match question {
            Question::Sums(asked) | Question::Latencies(asked) => (None, asked),
            Question::Steps(grain, asked) | Question::Activity(grain, asked) => {
                (Some(grain), asked)
            }
            Question::Tools => (None, [].as_slice()),
        };
        let filtered = self.columns();
        let only = |known: &[Dimension]| {
            asked.iter().chain(&filtered).all(|column| known.contains(column))
        };
        let by_hour = self.is_by_hour(grain, now);
        let alone = |table| Source { table, by_hour, weeks: None };
        let by_day = |table, weekly| {
            // Other steps of time lie across weeks.
            let weeks = matches!(grain, None | Some(Grain::Week)).then(|| self.weeks(now));
            let weeks = weeks.flatten().map(|weeks| (weekly, weeks));
            Source { table, by_hour: false, weeks }
        };
        if question == Question::Tools {
            return by_day("usage_tools", "usage_weekly_tools");
        }
        let latencies = matches!(question, Question::Latencies(_));
        if by_hour {
            return alone(if !latencies && only(&[Team, Model, Endpoint]) {
                "usage_hourly_models"
            } else if !latencies && only(&[Team, Project]) {
                "usage_hourly_projects"
            } else if matches!(question, Question::Activity(..)) && only(&[User, Team]) {
                "usage_activity"
            } else {
                "usage_hourly"
            });
        }
        if only(&[Team, Model, Endpoint]) {
            return alone("usage_daily_models");
        }
        if !latencies && only(&[User, Team, Project]) {
            return by_day("usage_daily_people", "usage_weekly_people");
        }
        if only(&[Team, Model, Endpoint, Project]) {
            return alone("usage_daily_projects");
        }
        by_day("usage_daily", "usage_weekly")
    }

    fn is_by_hour(&self, grain: Option<Grain>, now: DateTime<Utc>) -> bool {
        let is_midnight = |moment: DateTime<Utc>| moment.time() == NaiveTime::MIN;
        let whole_days = is_midnight(self.from) && (is_midnight(self.to) || self.is_open(now));
        grain == Some(Grain::Hour) || (self.to - self.from <= BY_HOUR && !whole_days)
    }

    /// Whether there is nothing yet behind the day in which it ends.
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.to.date_naive() >= now.date_naive()
    }

    fn weeks(&self, now: DateTime<Utc>) -> Option<Weeks> {
        let monday = |moment: DateTime<Utc>, after: u64| {
            let day = moment.date_naive();
            let days = u64::from(day.weekday().num_days_from_monday());
            day.checked_sub_days(Days::new(days))?.checked_add_days(Days::new(after))
        };
        let into = u64::from(self.from.weekday().num_days_from_monday() > 0);
        let first = monday(self.from, 7 * into)?.and_time(NaiveTime::MIN).and_utc();
        let beyond = if self.is_open(now) { 7 } else { 0 };
        let end = monday(self.to, beyond)?.and_time(NaiveTime::MIN).and_utc();
        (first < end).then_some(Weeks { first, end })
    }
}

impl Source {
    /// `head` and these rows, with the span's ends as `$1` and `$2`, and those of its weeks as `$3` and `$4`.
    fn text(self, head: &str) -> String {
        let Self { table, by_hour, weeks } = self;
        let unit = if by_hour { "hour" } else { "day" };
        let rows = format!("select *, starts_at as last_at from {table}");
        let rows = match weeks {
            None => rows,
            Some((weekly, _)) => format!(
                "{rows} where starts_at < $3 \
                 union all select * from {weekly} where starts_at >= $3 and starts_at < $4 \
                 union all {rows} where starts_at >= $4"
            ),
        };
        format!(
            "{head} from ({rows}) as sums \
             where starts_at >= date_trunc('{unit}', $1, 'UTC') and starts_at < $2"
        )
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_coarsest_table_that_has_the_columns_is_asked() {
        use Dimension::{Key, Model, Project, Team, User};
        let now = moment("2026-11-26T10:20:30Z");
        let month = Filter::span(now - TimeDelta::days(30), now);
        let day = Filter::span(now - TimeDelta::days(1), now);
        let table = |filter: &Filter, question: Question<'_>| filter.source(question, now).table;
        let of = |asked: &[Dimension]| table(&month, Question::Sums(asked));
        assert_eq!(of(&[]), "usage_daily_models");
        assert_eq!(of(&[Team, Model]), "usage_daily_models");
        assert_eq!(of(&[User, Team]), "usage_daily_people");
        assert_eq!(of(&[Project]), "usage_daily_people");
        assert_eq!(of(&[Project, Model]), "usage_daily_projects");
        assert_eq!(of(&[User, Model]), "usage_daily");
        assert_eq!(of(&[Key]), "usage_daily");
        let mine = Filter { users: vec![Uuid::nil()], ..month.clone() };
        assert_eq!(table(&mine, Question::Sums(&[])), "usage_daily_people");
        assert_eq!(table(&mine, Question::Latencies(&[])), "usage_daily");
        assert_eq!(table(&mine, Question::Sums(&[Model])), "usage_daily");
        let one_model = Filter { models: vec![String::new()], ..month.clone() };
        assert_eq!(table(&one_model, Question::Sums(&[User])), "usage_daily");

        assert_eq!(table(&month, Question::Steps(Grain::Hour, &[Model])), "usage_hourly_models");
        assert_eq!(table(&month, Question::Steps(Grain::Hour, &[User])), "usage_hourly");
        assert_eq!(table(&month, Question::Activity(Grain::Hour, &[])), "usage_hourly_models");
        let projects = Filter { projects: vec![String::new()], ..month.clone() };
        assert_eq!(table(&projects, Question::Activity(Grain::Hour, &[])), "usage_hourly_projects");
        assert_eq!(table(&mine, Question::Activity(Grain::Hour, &[])), "usage_activity");
        assert_eq!(table(&day, Question::Sums(&[])), "usage_hourly_models");
        assert_eq!(table(&day, Question::Latencies(&[])), "usage_hourly");
        let today = Filter::span(moment("2026-11-26T00:00:00Z"), now);
        assert_eq!(table(&today, Question::Sums(&[User])), "usage_daily_people");
        let until_ten =
            Filter::span(moment("2026-11-25T00:00:00Z"), moment("2026-11-25T10:00:00Z"));
        assert_eq!(table(&until_ten, Question::Sums(&[User])), "usage_hourly");
    }

    #[test]
    fn long_spans_are_whole_weeks_and_days_at_their_ends() {
        // A Thursday; Mondays are the 2nd, 9th, 16th, 23rd and 30th.
        let now = moment("2026-11-26T10:20:30Z");
        let weeks = |from, to| {
            let filter = Filter::span(moment(from), moment(to));
            let day = |moment: DateTime<Utc>| moment.date_naive().to_string();
            filter.weeks(now).map(|weeks| [weeks.first, weeks.end].map(day))
        };
        let of = |first: &str, end: &str| Some([first, end].map(str::to_owned));
        let midnight = "2026-11-01T00:00:00Z";
        assert_eq!(weeks(midnight, "2026-11-26T10:20:30Z"), of("2026-11-02", "2026-11-30"));
        assert_eq!(
            weeks("2026-11-02T09:00:00Z", "2026-11-25T23:59:59Z"),
            of("2026-11-02", "2026-11-23")
        );
        assert_eq!(
            weeks("2026-11-03T00:00:00Z", "2026-11-23T00:00:00Z"),
            of("2026-11-09", "2026-11-23")
        );
        assert_eq!(weeks("2026-11-17T00:00:00Z", "2026-11-25T00:00:00Z"), None);
        let long = Filter::span(moment(midnight), now);
        let by = |question| long.source(question, now).weeks.map(|(table, _)| table);
        assert_eq!(by(Question::Sums(&[Dimension::User])), Some("usage_weekly_people"));
        assert_eq!(by(Question::Tools), Some("usage_weekly_tools"));
        assert_eq!(by(Question::Latencies(&[Dimension::Key])), Some("usage_weekly"));
        assert_eq!(
            by(Question::Steps(Grain::Week, &[Dimension::User])),
            Some("usage_weekly_people")
        );
        assert_eq!(by(Question::Steps(Grain::Day, &[Dimension::User])), None);
        assert_eq!(by(Question::Steps(Grain::Month, &[Dimension::User])), None);
        assert_eq!(by(Question::Sums(&[Dimension::Model])), None, "its days are few");
    }
}
