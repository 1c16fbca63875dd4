//! Numbers and times in the form that people read.

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
        assert_eq!(duration(TimeDelta::seconds(200)), "3 m 20 s");
        assert_eq!(duration(TimeDelta::seconds(-1)), "0 s");
        assert_eq!(duration(TimeDelta::hours(49)), "2 d 1 h");
    }
}
