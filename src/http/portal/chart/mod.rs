//! Charts as SVG, drawn on the server: pure functions from numbers to markup. Colours come from the
//! stylesheet, so that one picture is readable in dark and light; behind each stands a table.

mod heat;
mod marks;
mod scale;

use askama::Template;

pub use heat::HeatMap;
use marks::{Mark, colour, marks};
use scale::Scale;
pub use scale::Unit;

/// Width of a picture, in its own units; the page scales it.
const WIDTH: f64 = 640.0;
/// Height of a picture.
const HEIGHT: f64 = 240.0;
/// The space for the numbers at the left.
const LEFT: f64 = 56.0;
/// The space that stays free at the right.
const RIGHT: f64 = 12.0;
/// The space above the plot.
const TOP: f64 = 14.0;
/// The space for the labels below the plot.
const BOTTOM: f64 = 30.0;
/// Labels that fit below the plot.
const MAX_LABELS: usize = 8;

/// How the values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line per series.
    Line,
    /// A line per series, with its area filled.
    Area,
    /// A bar per series and label, next to each other.
    Bars,
    /// A bar per label, with a part per series.
    Stacked,
}

/// One row of values, one for each label; `None` is a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// Its values.
    pub values: Vec<Option<f64>>,
}

impl Series {
    /// A series of this name.
    #[must_use]
    pub fn new(name: &str, values: Vec<Option<f64>>) -> Self {
        Self { name: name.to_owned(), values }
    }
}

/// The range in which a forecast expects the values, one pair for each label; `None` where there is
/// no forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// What the legend calls it.
    pub name: String,
    /// Lower and upper ends.
    pub ranges: Vec<Option<(f64, f64)>>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    title: String,
    kind: Kind,
    unit: Unit,
    labels: Vec<String>,
    series: Vec<Series>,
    band: Option<Band>,
}

impl Chart {
    /// A chart of these series over these labels.
    #[must_use]
    pub fn new(
        title: &str,
        kind: Kind,
        unit: Unit,
        labels: Vec<String>,
        series: Vec<Series>,
    ) -> Self {
        Self { title: title.to_owned(), kind, unit, labels, series, band: None }
    }

    /// The chart with the band of a forecast behind its series.
    #[must_use]
    pub fn with_band(mut self, band: Band) -> Self {
        self.band = Some(band);
        self
    }

    /// The figure as markup: picture, legend and table.
    #[must_use]
    pub fn svg(&self) -> String {
        let scale = Scale::over(self.highest(), self.unit);
        let step = self.labels.len().div_ceil(MAX_LABELS).max(1);
        let slots = Slots::new(self.labels.len());
        let labels = self.labels.iter().enumerate().step_by(step);
        let figure = Figure {
            title: &self.title,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            ticks: scale.ticks(),
            labels: labels.map(|(at, text)| (slots.middle(at), short(text))).collect(),
            marks: marks(self, &scale, &slots),
            legend: self.legend(),
            band: self.band.as_ref().map(|band| band.name.as_str()),
            rows: self.rows(),
        };
        figure.render().unwrap_or_default()
    }

    /// The series' colours and names.
    fn legend(&self) -> Vec<(usize, &str)> {
        let series = self.series.iter().enumerate();
        series.map(|(index, series)| (colour(index), series.name.as_str())).collect()
    }

    /// The highest value that must find room.
    fn highest(&self) -> f64 {
        let at = |index: usize| {
            let values = self.series.iter().filter_map(|s| s.values.get(index).copied().flatten());
            if self.kind == Kind::Stacked { values.sum() } else { values.fold(0.0, f64::max) }
        };
        let ranges = self.band.iter().flat_map(|band| band.ranges.iter().flatten());
        let highest = (0..self.labels.len()).map(at).fold(0.0, f64::max);
        ranges.map(|(_, high)| *high).fold(highest, f64::max)
    }

    /// The table's rows: the label, and what each series and the band have there.
    fn rows(&self) -> Vec<(&str, Vec<String>)> {
        let cells = |at: usize| {
            let values = self.series.iter().map(move |series| {
                let value = series.values.get(at).copied().flatten();
                value.map_or_else(|| "–".to_owned(), |value| self.unit.exact(value))
            });
            let band = self.band.iter().map(move |band| {
                let range = band.ranges.get(at).copied().flatten();
                range.map_or_else(
                    || "–".to_owned(),
                    |(low, high)| format!("{} to {}", self.unit.exact(low), self.unit.exact(high)),
                )
            });
            values.chain(band).collect()
        };
        self.labels.iter().enumerate().map(|(at, label)| (label.as_str(), cells(at))).collect()
    }
}

/// Where the labels stand along the plot: each has a slot of the same width.
struct Slots {
    width: f64,
}

impl Slots {
    fn new(count: usize) -> Self {
        Self { width: (WIDTH - LEFT - RIGHT) / count.max(1) as f64 }
    }

    fn start(&self, at: usize) -> f64 {
        LEFT + self.width * at as f64
    }

    fn middle(&self, at: usize) -> f64 {
        self.start(at) + self.width / 2.0
    }
}

#[derive(Template)]
#[template(path = "chart.html")]
struct Figure<'c> {
    title: &'c str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    ticks: Vec<(f64, String)>,
    labels: Vec<(f64, String)>,
    marks: Vec<Mark>,
    legend: Vec<(usize, &'c str)>,
    band: Option<&'c str>,
    rows: Vec<(&'c str, Vec<String>)>,
}

/// A label that fits its place; the table has it whole.
fn short(text: &str) -> String {
    const FITS: usize = 18;
    if text.chars().count() <= FITS {
        return text.to_owned();
    }
    text.chars().take(FITS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
