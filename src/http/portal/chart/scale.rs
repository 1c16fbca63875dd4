//! The vertical scale: round numbers, and how they are written.

use super::{BOTTOM, HEIGHT, TOP};
use crate::http::portal::words;

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Dollars.
    Dollars,
    /// Milliseconds.
    Milliseconds,
    /// Hundredths.
    Percent,
}

impl Unit {
    /// The value as a table has it.
    #[must_use]
    pub fn exact(self, value: f64) -> String {
        match self {
            Self::Count => words::count(value.round().max(0.0) as u64),
            Self::Dollars => words::dollars((value * 1e9).round() as i64),
            Self::Milliseconds => format!("{} ms", words::count(value.round().max(0.0) as u64)),
            Self::Percent => format!("{value:.1} %"),
        }
    }

    /// The value as it fits beside the scale.
    fn short(self, value: f64) -> String {
        let number = compact(value);
        match self {
            Self::Count => number,
            Self::Dollars if value > 0.0 && value < 1.0 => format!("${value:.2}"),
            Self::Dollars => format!("${number}"),
            Self::Milliseconds => format!("{number} ms"),
            Self::Percent => format!("{number} %"),
        }
    }
}

/// Two or three digits and a letter for the magnitude.
fn compact(value: f64) -> String {
    let (scaled, letter) = match value {
        v if v >= 1e9 => (v / 1e9, "G"),
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e3 => (v / 1e3, "k"),
        v => (v, ""),
    };
    let text = format!("{scaled:.3}");
    format!("{}{letter}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A scale from zero to a round number.
pub(super) struct Scale {
    step: f64,
    steps: usize,
    unit: Unit,
}

impl Scale {
    /// The scale with room for `highest`, in four or five steps of 1, 2 or 5 times a power of ten.
    pub(super) fn over(highest: f64, unit: Unit) -> Self {
        let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
        let rough = highest / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let factors = [1.0, 2.0, 5.0, 10.0];
        let factor = factors.into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0);
        let least = if unit == Unit::Count { 1.0 } else { 0.0 };
        let step = (factor * power).max(least);
        Self { step, steps: ((highest / step).ceil() as usize).clamp(1, 5), unit }
    }

    /// Where a value stands in the picture.
    pub(super) fn y(&self, value: f64) -> f64 {
        let plot = HEIGHT - TOP - BOTTOM;
        let part = (value / (self.step * self.steps as f64)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - plot * part
    }

    /// The lines of the scale: where they stand, and what they say.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let value = |index: usize| self.step * index as f64;
        (0..=self.steps).map(|at| (self.y(value(at)), self.unit.short(value(at)))).collect()
    }
}
