//! Numbers and times in the form that people read.

use askama::Template;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A count with its thousands set apart: `1,234,567`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Billionths of a dollar in dollars and cents; small sums with what it takes to see them.
pub(super) fn dollars(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    if nanos > 0 && nanos < 10_000_000 {
        return format!("{sign}${:.4}", nanos as f64 / 1e9);
    }
    let cents = nanos.saturating_add(5_000_000) / 10_000_000;
    format!("{sign}${}.{:02}", count(cents / 100), cents % 100)
}

/// A duration by its two largest parts: `3 m 20 s`.
pub(super) fn duration(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} m {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} m"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A moment for the `datetime` of a `time` element.
pub(super) fn machine(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A moment for people whose zone is not known; a script puts it into their own.
pub(super) fn moment(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A count that the database has summed up.
pub(super) fn number(value: i64) -> String {
    count(u64::try_from(value).unwrap_or(0))
}

/// A count as it fits a small place, with three digits: `1.23M`.
pub(super) fn compact(value: i64) -> String {
    let value = value.max(0) as f64;
    let (scaled, letter) = match value {
        v if v >= 999_500_000.0 => (v / 1e9, "G"),
        v if v >= 999_500.0 => (v / 1e6, "M"),
        v if v >= 999.5 => (v / 1e3, "k"),
        v => return format!("{v:.0}"),
    };
    let decimals = if scaled >= 99.95 {
        0
    } else if scaled >= 9.995 {
        1
    } else {
        2
    };
    format!("{scaled:.decimals$}{letter}")
}

/// So many of something: `1 delivery`, `2 deliveries`.
pub(super) fn many(value: i64, one: &str, several: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { several })
}

/// Bytes, in the largest unit that fits.
pub(super) fn bytes(value: u64) -> String {
    match value {
        0..1024 => format!("{value} B"),
        1024..1_048_576 => format!("{:.1} kB", value as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MB", value as f64 / 1_048_576.0),
        _ => format!("{:.1} GB", value as f64 / 1_073_741_824.0),
    }
}

/// A part of something, as `12.3 %`; a dash where there is nothing to be a part of.
pub(super) fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| format!("{:.1} %", part * 100.0))
}

/// Milliseconds, or seconds where they are many.
pub(super) fn latency(milliseconds: Option<f64>) -> String {
    match milliseconds {
        None => "–".to_owned(),
        Some(ms) if ms < 1000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1000.0),
    }
}

/// A moment, shown in the viewer's zone where scripts run.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(source = "<time datetime=\"{{ machine }}\">{{ text }}</time>", ext = "html")]
pub(super) struct Moment {
    machine: String,
    text: String,
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self { machine: machine(at), text: moment(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(dollars(0), "$0.00");
        assert_eq!(dollars(1_500_000), "$0.0015");
        assert_eq!(dollars(1_234_567_890_000), "$1,234.57");
        assert_eq!(dollars(-2_000_000_000), "-$2.00");
        let compacted =
            [0, 999, 1000, 302_849, 999_499, 999_500, 12_540, 5_429_000_000].map(compact);
        assert_eq!(compacted, ["0", "999", "1.00k", "303k", "999k", "1.00M", "12.5k", "5.43G"]);
        assert_eq!(
            (latency(Some(950.4)), latency(Some(13_500.0))),
            ("950 ms".to_owned(), "13.5 s".to_owned())
        );
        assert_eq!((percent(Some(0.9)), percent(None)), ("90.0 %".to_owned(), "–".to_owned()));
        assert_eq!(many(1, "key", "keys"), "1 key");
        assert_eq!(many(2000, "key", "keys"), "2,000 keys");
        assert_eq!([999, 2048, 5_242_880].map(bytes), ["999 B", "2.0 kB", "5.0 MB"]);
        assert_eq!(duration(TimeDelta::seconds(200)), "3 m 20 s");
        assert_eq!(duration(TimeDelta::seconds(-1)), "0 s");
        assert_eq!(duration(TimeDelta::hours(49)), "2 d 1 h");
    }
}
