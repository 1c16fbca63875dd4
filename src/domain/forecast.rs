//! What daily values are likely to be next: a straight line through them, shaped by the days of the
//! week, with the range in which four of five values are expected.

/// Values that a forecast needs at the least: a week, so that each weekday was seen.
const LEAST: usize = 7;
/// Standard deviations on each side that hold 80 % of a normal distribution.
const SPREAD: f64 = 1.2816;

/// What is expected of one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The likely value.
    pub value: f64,
    /// One of ten values is expected below this one.
    pub low: f64,
    /// One of ten values is expected above this one.
    pub high: f64,
}

/// What is expected of the next `ahead` days after `values`, one value for each day; nothing where
/// there are too few.
#[must_use]
pub fn forecast(values: &[f64], ahead: usize) -> Vec<Expected> {
    if values.len() < LEAST {
        return Vec::new();
    }
    let line = Line::through(values);
    let week = shape(values, &line);
    let fitted = |at: usize| (line.at(at) * week.get(at % 7).copied().unwrap_or(1.0)).max(0.0);
    let squares: f64 =
        values.iter().enumerate().map(|(at, value)| (value - fitted(at)).powi(2)).sum();
    let count = values.len() as f64;
    let deviation = (squares / (count - 2.0).max(1.0)).sqrt();
    let expected = |step: usize| {
        let value = fitted(values.len() + step);
        // The further ahead, the less is known.
        let reach = SPREAD * deviation * (1.0 + (step + 1) as f64 / count).sqrt();
        Expected { value, low: (value - reach).max(0.0), high: value + reach }
    };
    (0..ahead).map(expected).collect()
}

/// A straight line.
struct Line {
    start: f64,
    slope: f64,
}

impl Line {
    /// The line of least squares through the means of the last whole weeks: within a week, values
    /// rise and fall by its days.
    fn through(values: &[f64]) -> Self {
        let weeks = values.rchunks_exact(LEAST);
        let count = weeks.len() as f64;
        let last = values.len() as f64 - (LEAST as f64 + 1.0) / 2.0;
        let week = |(back, week): (usize, &[f64])| {
            (last - (back * LEAST) as f64, week.iter().sum::<f64>() / LEAST as f64)
        };
        let points: Vec<(f64, f64)> = weeks.enumerate().map(week).collect();
        let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / count;
        let (middle, height) = (mean(|point| point.0), mean(|point| point.1));
        let (mut products, mut squares) = (0.0, 0.0);
        for (at, value) in &points {
            products += (at - middle) * (value - height);
            squares += (at - middle).powi(2);
        }
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        Self { start: height - slope * middle, slope }
    }

    fn at(&self, at: usize) -> f64 {
        self.start + self.slope * at as f64
    }
}

/// How the days of the week stand to the line, by the place in the week of the first value.
fn shape(values: &[f64], line: &Line) -> [f64; 7] {
    let (mut sums, mut lines) = ([0.0; 7], [0.0; 7]);
    for (at, value) in values.iter().enumerate() {
        let place = at % 7;
        if let (Some(sum), Some(of_line)) = (sums.get_mut(place), lines.get_mut(place)) {
            *sum += value;
            *of_line += line.at(at).max(0.0);
        }
    }
    let mut shape = [1.0; 7];
    for ((factor, sum), of_line) in shape.iter_mut().zip(sums).zip(lines) {
        if of_line > 0.0 {
            *factor = sum / of_line;
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_as_it_did() {
        let values: Vec<f64> = (0..28).map(|day| 10.0 + f64::from(day)).collect();
        let next = forecast(&values, 3);
        for (step, expected) in next.iter().enumerate() {
            assert!((expected.value - (38.0 + step as f64)).abs() < 1.5, "{expected:?}");
            assert!(expected.low <= expected.value && expected.value <= expected.high);
        }
    }

    #[test]
    fn weekends_stay_quiet() {
        let values: Vec<f64> = (0..56).map(|day| if day % 7 >= 5 { 1.0 } else { 20.0 }).collect();
        let next: Vec<f64> = forecast(&values, 7).iter().map(|expected| expected.value).collect();
        assert!(next[..5].iter().all(|value| (18.0..22.0).contains(value)), "{next:?}");
        assert!(next[5..].iter().all(|value| (0.5..1.5).contains(value)), "{next:?}");
    }

    #[test]
    fn the_band_is_wider_where_values_jump_and_never_below_nothing() {
        let steady = forecast(&[10.0; 30], 7);
        let jumpy: Vec<f64> = (0..30).map(|day| f64::from((day * 7919) % 40)).collect();
        let jumpy = forecast(&jumpy, 7);
        assert!(steady[6].high - steady[6].low < jumpy[6].high - jumpy[6].low);
        assert!(jumpy.iter().all(|expected| expected.low >= 0.0));
        let falling: Vec<f64> = (0..14).map(|day| f64::from(13 - day)).collect();
        assert!(forecast(&falling, 30).iter().all(|expected| expected.value >= 0.0));
    }

    #[test]
    fn too_few_values_tell_nothing() {
        assert!(forecast(&[1.0; 6], 7).is_empty());
        assert!(forecast(&[], 7).is_empty());
        assert_eq!(forecast(&[0.0; 30], 2)[1], Expected { value: 0.0, low: 0.0, high: 0.0 });
    }
}
