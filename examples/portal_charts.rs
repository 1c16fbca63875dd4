//! Writes a page with each kind of chart to standard output, for looking at them and for the tests of
//! the portal: `cargo run --example portal_charts > charts.html`.

use ccag::http::portal::chart::{Band, Chart, HeatMap, Kind, Series, Unit};

const DAYS: usize = 30;
/// Days of which nothing is known yet.
const AHEAD: usize = 7;
const NAMES: [&str; 4] =
    ["Platform", "<script>alert(1)</script>", "فريق البيانات", "\"Quotes\" & more"];

fn main() {
    let labels: Vec<String> =
        (0..DAYS).map(|day| format!("1{}-{:02}", day / 28, day % 28 + 1)).collect();
    let wave = |seed: usize, day: usize| {
        let (seed, day) = (seed as f64, day as f64);
        (40.0 + 25.0 * (day / 4.0 + seed).sin() + day * (1.0 + seed / 3.0)).max(0.0)
    };
    let series = |days: usize| {
        let named = NAMES.iter().enumerate();
        let values =
            move |seed| (0..DAYS).map(|day| (day < days).then(|| wave(seed, day))).collect();
        named.map(|(seed, name)| Series::new(name, values(seed))).collect::<Vec<_>>()
    };
    let known = DAYS - AHEAD;
    let range = |day: usize| {
        let spread = (day + 1).saturating_sub(known) as f64 * 6.0;
        (day + 1 >= known).then(|| ((wave(0, day) - spread).max(0.0), wave(0, day) + spread))
    };
    let band = Band { name: "Forecast".to_owned(), ranges: (0..DAYS).map(range).collect() };
    let one = |days| series(days).into_iter().take(1).collect::<Vec<_>>();
    let charts = [
        Chart::new("Spend with forecast", Kind::Line, Unit::Dollars, labels.clone(), one(known))
            .with_band(band),
        Chart::new("Spend over time", Kind::Area, Unit::Dollars, labels.clone(), one(DAYS)),
        Chart::new("Spend by team", Kind::Stacked, Unit::Dollars, labels.clone(), series(DAYS)),
        Chart::new(
            "Latency",
            Kind::Bars,
            Unit::Milliseconds,
            labels.into_iter().take(6).collect(),
            series(DAYS),
        ),
    ];
    let mut hours = [[0.0; 24]; 7];
    for (day, hours) in hours.iter_mut().enumerate() {
        for (hour, value) in hours.iter_mut().enumerate().filter(|(hour, _)| (7..20).contains(hour))
        {
            *value = if day < 5 { wave(day, hour) * 10.0 } else { 20.0 };
        }
    }
    let figures = charts.iter().map(Chart::svg);
    let figures =
        figures.chain([HeatMap::new("Requests by weekday and hour", Unit::Count, hours).svg()]);
    let panels: String =
        figures.map(|figure| format!("<section class=\"panel\">{figure}</section>\n")).collect();
    println!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Charts</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/static/portal.css\"></head>\n\
         <body><main><h1>Charts</h1><div class=\"charts\">\n{panels}</div></main></body></html>"
    );
}
