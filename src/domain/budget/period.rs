//! Days, weeks and months of the calendar, in UTC.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::limit::Window;

/// In what time a budget may be spent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A day.
    Daily,
    /// A week, from Monday on.
    Weekly,
    /// A month, from its first day on.
    Monthly,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// The word that rows, JSON and messages use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The period of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// The day, week or month that holds `now`.
    #[must_use]
    pub fn window(self, now: DateTime<Utc>) -> Window {
        let today = now.date_naive();
        let first = match self {
            Self::Daily => today,
            Self::Weekly => today - Days::new(u64::from(today.weekday().num_days_from_monday())),
            Self::Monthly => today.with_day(1).unwrap_or(today),
        };
        let end = match self {
            Self::Daily => first + Days::new(1),
            Self::Weekly => first + Days::new(7),
            Self::Monthly => first + Months::new(1),
        };
        Window { starts: midnight(first), ends: midnight(end) }
    }
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_calendar() {
        for (now, period, starts, ends) in [
            ("2026-11-25T23:59:59Z", Period::Daily, "2026-11-25", "2026-11-26"),
            ("2026-11-25T12:00:00Z", Period::Weekly, "2026-11-23", "2026-11-30"),
            ("2026-11-23T00:00:00Z", Period::Weekly, "2026-11-23", "2026-11-30"),
            ("2026-11-22T23:59:59Z", Period::Weekly, "2026-11-16", "2026-11-23"),
            ("2026-11-30T00:00:00Z", Period::Monthly, "2026-11-01", "2026-12-01"),
            ("2024-02-29T12:00:00Z", Period::Monthly, "2024-02-01", "2024-03-01"),
            ("2026-12-31T23:59:59Z", Period::Monthly, "2026-12-01", "2027-01-01"),
        ] {
            let window = period.window(now.parse().unwrap());
            let day = |text: &str| midnight(text.parse().unwrap());
            assert_eq!(window, Window { starts: day(starts), ends: day(ends) }, "{now} {period:?}");
        }
    }
}
