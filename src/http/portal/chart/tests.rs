use super::*;

const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}";

fn chart(kind: Kind, values: &[Option<f64>]) -> Chart {
    let labels = (0..values.len()).map(|at| format!("day {at}")).collect();
    Chart::new("Cost", kind, Unit::Dollars, labels, vec![Series::new("one", values.to_vec())])
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn names_are_escaped_wherever_they_stand() {
    let labels = vec![HOSTILE.to_owned(), HOSTILE.repeat(10)];
    for kind in [Kind::Line, Kind::Area, Kind::Bars, Kind::Stacked] {
        let series = vec![Series::new(HOSTILE, vec![Some(1.0), Some(2.0)])];
        let chart = Chart::new(HOSTILE, kind, Unit::Count, labels.clone(), series)
            .with_band(Band { name: HOSTILE.to_owned(), ranges: vec![Some((1.0, 2.0)), None] });
        let svg = chart.svg();
        assert!(!svg.is_empty() && !svg.contains("<script"), "{kind:?}: {svg}");
    }
    assert!(!HeatMap::new(HOSTILE, Unit::Count, [[1.0; 24]; 7]).svg().contains("<script"));
}

#[test]
fn the_table_has_every_value() {
    let svg = chart(Kind::Line, &[Some(1.0), None, Some(1234.5)]).svg();
    assert!(svg.contains("$1,234.50") && svg.contains("<td>–</td>"), "{svg}");
    assert_eq!(count(&svg, "<tr>"), 4, "a head and three rows");
}

#[test]
fn a_gap_parts_the_line() {
    let whole = chart(Kind::Line, &[Some(1.0), Some(2.0), Some(3.0)]).svg();
    let parted = chart(Kind::Line, &[Some(1.0), None, Some(3.0)]).svg();
    assert_eq!((count(&whole, "class=\"line"), count(&parted, "class=\"line")), (1, 2));
    assert_eq!((count(&whole, "<circle"), count(&parted, "<circle")), (3, 2));
}

#[test]
fn the_parts_of_a_stack_stand_on_each_other() {
    let series = [3.0, 5.0].map(|value| Series::new("s", vec![Some(value)]));
    let chart = Chart::new("t", Kind::Stacked, Unit::Count, vec!["x".to_owned()], series.into());
    let scale = Scale::over(chart.highest(), Unit::Count);
    let bars: Vec<_> = marks(&chart, &scale, &Slots::new(1))
        .into_iter()
        .filter_map(|mark| match mark {
            Mark::Bar { y, height, .. } => Some((y, height)),
            _ => None,
        })
        .collect();
    let [(lower, _), (upper, height)] = bars[..] else { panic!("two bars") };
    assert!((upper + height - lower).abs() < 1e-9);
    assert!((scale.y(8.0) - upper).abs() < 1e-9);
}

#[test]
fn scales_are_round_and_have_room() {
    for highest in [0.0, 0.003, 0.9, 1.0, 7.0, 99.0, 101.0, 4.2e6, 9.99e12, f64::NAN, f64::INFINITY]
    {
        let scale = Scale::over(highest, Unit::Dollars);
        let ticks = scale.ticks();
        assert!((2..=6).contains(&ticks.len()), "{highest}: {ticks:?}");
        assert!(
            ticks.iter().all(|(y, _)| (TOP - 0.01..=HEIGHT).contains(y)),
            "{highest}: {ticks:?}"
        );
        if highest > 0.0 && highest.is_finite() {
            assert!(
                scale.y(highest) >= TOP && scale.y(highest) < scale.y(highest / 2.0),
                "{highest}"
            );
        }
    }
}

#[test]
fn nothing_to_draw_is_no_trouble() {
    for kind in [Kind::Line, Kind::Area, Kind::Bars, Kind::Stacked] {
        assert!(chart(kind, &[]).svg().contains("<svg"));
        assert!(chart(kind, &[None, None]).svg().contains("<svg"));
    }
    assert_eq!(count(&HeatMap::new("t", Unit::Count, [[0.0; 24]; 7]).svg(), "shade0"), 168);
}

#[test]
fn the_busiest_hour_has_the_darkest_shade() {
    let mut values = [[1.0; 24]; 7];
    values[2][9] = 100.0;
    let svg = HeatMap::new("t", Unit::Count, values).svg();
    assert_eq!(count(&svg, "shade5"), 1);
    assert!(svg.contains("Wednesday 9:00: 100"), "{svg}");
}
