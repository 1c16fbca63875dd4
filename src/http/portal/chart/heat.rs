//! The heat map: a value for each hour of each weekday, the darker the higher.

use askama::Template;

use super::Unit;

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Shades above the one for nothing.
const SHADES: f64 = 5.0;
/// Width and height of a cell with the space around it.
const CELL: usize = 24;
/// The space for the names of the days.
const LEFT: usize = 44;
/// The space for the hours.
const TOP: usize = 20;

/// A heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    title: String,
    unit: Unit,
    values: [[f64; 24]; 7],
}

#[derive(Template)]
#[template(path = "heat_map.html")]
struct Figure<'m> {
    title: &'m str,
    hours: Vec<(usize, usize)>,
    days: Vec<Day>,
}

struct Day {
    name: &'static str,
    short: String,
    y: usize,
    cells: Vec<Cell>,
}

struct Cell {
    x: usize,
    shade: usize,
    hour: usize,
    text: String,
}

impl HeatMap {
    /// A heat map of values by weekday, Monday first, and hour.
    #[must_use]
    pub fn new(title: &str, unit: Unit, values: [[f64; 24]; 7]) -> Self {
        Self { title: title.to_owned(), unit, values }
    }

    /// The figure as markup: picture and table.
    #[must_use]
    pub fn svg(&self) -> String {
        let highest = self.values.iter().flatten().copied().fold(0.0, f64::max);
        let cell = |(hour, value): (usize, &f64)| {
            let part = if highest > 0.0 { value / highest } else { 0.0 };
            let shade = (part * SHADES).ceil().clamp(0.0, SHADES) as usize;
            Cell { x: LEFT + hour * CELL, shade, hour, text: self.unit.exact(*value) }
        };
        let day = |(index, (name, values)): (usize, (&'static str, &[f64; 24]))| Day {
            name,
            short: name.chars().take(3).collect(),
            y: TOP + index * CELL,
            cells: values.iter().enumerate().map(cell).collect(),
        };
        let figure = Figure {
            title: &self.title,
            hours: (0..24).step_by(3).map(|hour| (LEFT + hour * CELL, hour)).collect(),
            days: DAYS.into_iter().zip(&self.values).enumerate().map(day).collect(),
        };
        figure.render().unwrap_or_default()
    }
}
