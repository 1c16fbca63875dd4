//! The marks of a chart: lines, areas, bars and the band of a forecast, as shapes in the picture.

use std::fmt::Write as _;

use super::scale::Scale;
use super::{Chart, Kind, Series, Slots};

/// Colours that the stylesheet has; further series take them again.
const COLOURS: usize = 8;
/// The part of its slot that a bar or a group of bars fills.
const FILL: f64 = 0.7;
/// The widest bar.
const WIDEST: f64 = 64.0;

/// One shape.
pub(super) enum Mark {
    /// A line, or the outline of an area.
    Path {
        /// The stylesheet's class.
        class: String,
        /// The way.
        way: String,
    },
    /// A bar.
    Bar {
        /// The stylesheet's class.
        class: String,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        /// What stands beside the pointer.
        hint: String,
    },
    /// A point of a line.
    Point {
        /// The stylesheet's class.
        class: String,
        x: f64,
        y: f64,
        /// What stands beside the pointer.
        hint: String,
    },
}

/// The number of the colour of the series at `index`, counted from one.
pub(super) fn colour(index: usize) -> usize {
    index % COLOURS + 1
}

/// The shapes of a chart, those behind first.
pub(super) fn marks(chart: &Chart, scale: &Scale, slots: &Slots) -> Vec<Mark> {
    let mut marks = Vec::new();
    if let Some(band) = &chart.band {
        let points: Vec<_> = band
            .ranges
            .iter()
            .enumerate()
            .filter_map(|(at, range)| range.map(|(low, high)| (slots.middle(at), low, high)))
            .collect();
        let upper = points.iter().map(|(x, _, high)| (*x, scale.y(*high)));
        let lower = points.iter().rev().map(|(x, low, _)| (*x, scale.y(*low)));
        marks.push(Mark::Path { class: "band".to_owned(), way: closed(upper.chain(lower)) });
    }
    match chart.kind {
        Kind::Line | Kind::Area => {
            for (index, series) in chart.series.iter().enumerate() {
                lines(chart, scale, slots, (index, series), &mut marks);
            }
        }
        Kind::Bars => grouped(chart, scale, slots, &mut marks),
        Kind::Stacked => stacked(chart, scale, slots, &mut marks),
    }
    marks
}

fn lines(
    chart: &Chart,
    scale: &Scale,
    slots: &Slots,
    (index, series): (usize, &Series),
    marks: &mut Vec<Mark>,
) {
    let colour = colour(index);
    let values: Vec<_> = series.values.iter().take(chart.labels.len()).copied().collect();
    let mut start = 0;
    for run in values.split(Option::is_none) {
        let points = run.iter().flatten().enumerate();
        let points: Vec<_> =
            points.map(|(at, value)| (slots.middle(start + at), scale.y(*value))).collect();
        start += run.len() + 1;
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        if chart.kind == Kind::Area {
            let ground = [(last.0, scale.y(0.0)), (first.0, scale.y(0.0))];
            let way = closed(points.iter().copied().chain(ground));
            marks.push(Mark::Path { class: format!("area s{colour}"), way });
        }
        let way = open(points.iter().copied());
        marks.push(Mark::Path { class: format!("line s{colour}"), way });
    }
    for (at, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let (x, y, class) = (slots.middle(at), scale.y(value), format!("point s{colour}"));
        marks.push(Mark::Point { class, x, y, hint: hint(chart, at, series, value) });
    }
}

fn grouped(chart: &Chart, scale: &Scale, slots: &Slots, marks: &mut Vec<Mark>) {
    let count = chart.series.len().max(1) as f64;
    let width = (slots.width * FILL / count).min(WIDEST);
    for at in 0..chart.labels.len() {
        let left = slots.middle(at) - width * count / 2.0;
        for (index, series) in chart.series.iter().enumerate() {
            let Some(value) = series.values.get(at).copied().flatten() else { continue };
            let x = left + width * index as f64;
            marks.push(bar(scale, (x, width), (0.0, value), index, hint(chart, at, series, value)));
        }
    }
}

fn stacked(chart: &Chart, scale: &Scale, slots: &Slots, marks: &mut Vec<Mark>) {
    let width = (slots.width * FILL).min(WIDEST);
    for at in 0..chart.labels.len() {
        let (x, mut below) = (slots.middle(at) - width / 2.0, 0.0);
        for (index, series) in chart.series.iter().enumerate() {
            let value = series.values.get(at).copied().flatten().filter(|value| *value > 0.0);
            let Some(value) = value else { continue };
            let part = (below, below + value);
            marks.push(bar(scale, (x, width), part, index, hint(chart, at, series, value)));
            below += value;
        }
    }
}

fn bar(
    scale: &Scale,
    (x, width): (f64, f64),
    (from, to): (f64, f64),
    index: usize,
    hint: String,
) -> Mark {
    let y = scale.y(to);
    let (class, height) = (format!("bar s{}", colour(index)), scale.y(from) - y);
    Mark::Bar { class, x, y, width, height, hint }
}

fn hint(chart: &Chart, at: usize, series: &Series, value: f64) -> String {
    let label = chart.labels.get(at).map_or("", String::as_str);
    format!("{label} · {}: {}", series.name, chart.unit.exact(value))
}

fn open(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut way = String::new();
    for (index, (x, y)) in points.enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        let _ = write!(way, "{letter}{x:.1} {y:.1}");
    }
    way
}

fn closed(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut way = open(points);
    if !way.is_empty() {
        way.push('Z');
    }
    way
}
