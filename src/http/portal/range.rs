//! The span of time that a page tells about, in steps: as its address asks for it.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc,
};

use super::input::{Choice, Input};
use super::sent::Sent;
use crate::control::ControlError;
use crate::control::analytics::{Filter, Grain};

/// The spans that are offered: name, label, days.
const SPANS: [(&str, &str, u64); 5] = [
    ("24h", "Last 24 hours", 1),
    ("7d", "Last 7 days", 7),
    ("14d", "Last 14 days", 14),
    ("30d", "Last 30 days", 30),
    ("90d", "Last 90 days", 90),
];
/// The name of a span between two dates.
const DATES: &str = "dates";
/// The longest span between two dates, in days.
const LONGEST: i64 = 800;
/// Most steps of a series.
const MOST_STEPS: i64 = 400;

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// From here on.
    pub(super) from: DateTime<Utc>,
    /// Up to, not including, this moment.
    pub(super) to: DateTime<Utc>,
    /// The steps of its series.
    pub(super) grain: Grain,
    name: &'static str,
    asked_grain: String,
    dates: [String; 2],
}

impl Range {
    /// The span that is asked for; 30 days where none is.
    ///
    /// # Errors
    /// Where the dates or the steps do not make sense.
    pub(super) fn of(asked: &Sent, now: DateTime<Utc>) -> Result<Self, ControlError> {
        let name = asked.text("range");
        let (name, from, to) = if name == DATES {
            let (from, to) = between(asked)?;
            (DATES, from, to)
        } else {
            let span = SPANS.iter().find(|(span, ..)| *span == name);
            let (name, _, days) = span.copied().unwrap_or(("30d", "", 30));
            let from = match days {
                1 => now - TimeDelta::days(1),
                days => midnight(now.date_naive() - Days::new(days - 1)),
            };
            (name, from, now)
        };
        let asked_grain = asked.text("grain").to_owned();
        let suiting = Grain::named(&asked_grain).unwrap_or_else(|| Grain::suiting(from, to));
        let grain = bounded(suiting, from, to);
        let dates = ["from", "to"].map(|name| asked.text(name).to_owned());
        Ok(Self { from, to, grain, name, asked_grain, dates })
    }

    /// The whole days before today, as many as that.
    pub(super) fn days_before(now: DateTime<Utc>, days: u64) -> Self {
        let to = midnight(now.date_naive());
        let (from, grain) = (to - Days::new(days), Grain::Day);
        Self { from, to, grain, name: DATES, asked_grain: String::new(), dates: Default::default() }
    }

    /// What it is called.
    pub(super) fn label(&self) -> String {
        let named = SPANS.iter().find(|(name, ..)| *name == self.name);
        named.map_or_else(
            || format!("{} to {} (UTC)", self.dates[0], self.dates[1]),
            |(_, label, _)| (*label).to_owned(),
        )
    }

    /// The usage in it.
    pub(super) fn filter(&self) -> Filter {
        Filter::span(self.from, self.to)
    }

    /// Where each step begins.
    pub(super) fn steps(&self) -> Vec<DateTime<Utc>> {
        let first = start(self.grain, self.from);
        let mut steps = vec![first];
        while let Some(next) = steps.last().and_then(|last| after(self.grain, *last)) {
            if next >= self.to || steps.len() as i64 > MOST_STEPS {
                break;
            }
            steps.push(next);
        }
        steps
    }

    /// What a step is called.
    pub(super) fn step_label(&self, step: DateTime<Utc>) -> String {
        let format = match self.grain {
            Grain::Hour if self.to - self.from <= TimeDelta::days(1) => "%H:%M",
            Grain::Hour => "%-d %b %H:%M",
            Grain::Day | Grain::Week => "%-d %b",
            Grain::Month => "%b %Y",
        };
        step.format(format).to_string()
    }

    /// Links to the spans: query, label, and whether it is this one.
    pub(super) fn links(&self, asked: &Sent) -> Vec<(String, &'static str, bool)> {
        let link = |(name, label, _): (&'static str, &'static str, u64)| {
            (asked.query_with("range", Some(name)), label, name == self.name)
        };
        SPANS.map(link).into()
    }

    /// The fields with which it is chosen.
    pub(super) fn inputs(&self) -> Vec<Input> {
        let spans =
            SPANS.iter().map(|(name, label, _)| Choice::new(name, label, *name == self.name));
        let dates = Choice::new(DATES, "Between two dates", self.name == DATES);
        let grains = [
            ("", "Suiting"),
            ("hour", "Hours"),
            ("day", "Days"),
            ("week", "Weeks"),
            ("month", "Months"),
        ];
        let grains = grains.map(|(name, label)| Choice::new(name, label, name == self.asked_grain));
        let [from, to] = &self.dates;
        vec![
            Input::select("range", "Time", spans.chain([dates]).collect()),
            Input::line("from", "First day (UTC)", "date", from, 10),
            Input::line("to", "Last day (UTC)", "date", to, 10),
            Input::select("grain", "Steps", grains.into()),
        ]
    }
}

fn between(asked: &Sent) -> Result<(DateTime<Utc>, DateTime<Utc>), ControlError> {
    let day = |name: &'static str| -> Result<NaiveDate, ControlError> {
        let takes = "takes a date such as 2027-01-31";
        asked.read(name, takes)?.ok_or_else(|| ControlError::invalid(name, takes))
    };
    let (from, to) = (day("from")?, day("to")?);
    let days = (to - from).num_days();
    let years = 2000..=2999;
    if !(0..LONGEST).contains(&days) || !years.contains(&from.year()) {
        let takes = format!("takes a day on or after the first one, at most {LONGEST} days later");
        return Err(ControlError::invalid("to", takes));
    }
    Ok((midnight(from), midnight(to + Days::new(1))))
}

/// A grain of which the span does not have too many.
fn bounded(grain: Grain, from: DateTime<Utc>, to: DateTime<Utc>) -> Grain {
    let span = to - from;
    match grain {
        Grain::Hour if span.num_hours() > MOST_STEPS => Grain::Day,
        Grain::Day if span.num_days() > MOST_STEPS => Grain::Week,
        grain => grain,
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Where the step that holds a moment begins.
fn start(grain: Grain, at: DateTime<Utc>) -> DateTime<Utc> {
    let day = at.date_naive();
    match grain {
        Grain::Hour => midnight(day) + TimeDelta::hours(at.hour().into()),
        Grain::Day => midnight(day),
        Grain::Week => midnight(day - Days::new(day.weekday().num_days_from_monday().into())),
        Grain::Month => midnight(day.with_day(1).unwrap_or(day)),
    }
}

fn after(grain: Grain, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match grain {
        Grain::Hour => at.checked_add_signed(TimeDelta::hours(1)),
        Grain::Day => at.checked_add_days(Days::new(1)),
        Grain::Week => at.checked_add_days(Days::new(7)),
        Grain::Month => at.checked_add_months(Months::new(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(query: &str) -> Result<Range, ControlError> {
        Range::of(&Sent::of_query(query), "2026-11-25T20:15:00Z".parse().unwrap())
    }

    #[test]
    fn spans_have_whole_days_and_fitting_steps() {
        let month = range("").unwrap();
        assert_eq!(
            (month.from.to_rfc3339(), month.steps().len()),
            ("2026-10-27T00:00:00+00:00".to_owned(), 30)
        );
        let day = range("range=24h").unwrap();
        assert_eq!((day.grain, day.steps().len()), (Grain::Hour, 25));
        assert_eq!(range("range=90d&grain=week").unwrap().steps().len(), 14);
        assert_eq!(range("range=90d&grain=hour").unwrap().grain, Grain::Day);
        assert_eq!(
            range("range=nonsense&grain=nonsense").unwrap(),
            Range { asked_grain: "nonsense".to_owned(), ..month }
        );
    }

    #[test]
    fn dates_are_days_with_both_ends_inside() {
        let range_of = range("range=dates&from=2026-01-30&to=2026-02-01").unwrap();
        assert_eq!((range_of.to - range_of.from).num_days(), 3);
        assert_eq!(range_of.label(), "2026-01-30 to 2026-02-01 (UTC)");
        for bad in [
            "from=2026-02-01&to=2026-01-01",
            "from=&to=",
            "from=x&to=2026-01-01",
            "from=0001-01-01&to=2026-01-01",
        ] {
            assert!(range(&format!("range=dates&{bad}")).is_err(), "{bad}");
        }
    }
}
