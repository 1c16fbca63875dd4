//! The prices against every row of the list, and the arithmetic.

use super::*;
use crate::domain::model::{all, find};

const M: u64 = 1_000_000;

fn cost(table: &PriceTable, id: &str, profile: &str, tokens: Tokens) -> Cost {
    table.cost(&tokens, 0, Some(find(id).unwrap()), profile)
}

fn nanos(id: &str, profile: &str, tokens: Tokens) -> i64 {
    let cost = cost(&PriceTable::default(), id, profile, tokens);
    assert!(cost.priced, "{id}");
    cost.nanos
}

/// Dollars per million tokens, as Bedrock lists them: model, global rates (input, output, cache
/// read, write 5m, write 1h; 0 where none is listed), geo input and output, GovCloud input and
/// output (0 where there is none).
type Listed = (&'static str, [f64; 5], [f64; 2], [f64; 2]);
const LIST: [Listed; 20] = [
    ("anthropic.claude-3-5-haiku-20241022-v1:0", [0.8, 4., 0.08, 1., 0.], [0.8, 4.], [0., 0.]),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", [3., 15., 0.3, 3.75, 0.], [3., 15.], [0., 0.]),
    ("anthropic.claude-sonnet-4-20250514-v1:0", [3., 15., 0.3, 3.75, 0.], [3., 15.], [0., 0.]),
    ("anthropic.claude-opus-4-20250514-v1:0", [15., 75., 1.5, 18.75, 0.], [15., 75.], [0., 0.]),
    ("anthropic.claude-opus-4-1-20250805-v1:0", [15., 75., 1.5, 18.75, 0.], [15., 75.], [0., 0.]),
    (
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        [3., 15., 0.3, 3.75, 6.],
        [3.3, 16.5],
        [3.6, 18.],
    ),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", [1., 5., 0.1, 1.25, 2.], [1.1, 5.5], [1.2, 6.]),
    ("anthropic.claude-opus-4-5-20251101-v1:0", [5., 25., 0.5, 6.25, 10.], [5.5, 27.5], [0., 0.]),
    ("anthropic.claude-opus-4-6-v1", [5., 25., 0.5, 6.25, 10.], [5.5, 27.5], [0., 0.]),
    ("anthropic.claude-sonnet-4-6", [3., 15., 0.3, 3.75, 6.], [3.3, 16.5], [0., 0.]),
    ("anthropic.claude-opus-4-7", [5., 25., 0.5, 6.25, 10.], [5.5, 27.5], [0., 0.]),
    ("anthropic.claude-opus-4-8", [5., 25., 0.5, 6.25, 10.], [5.5, 27.5], [6., 30.]),
    ("anthropic.claude-opus-5", [5., 25., 0.5, 6.25, 10.], [5.5, 27.5], [6., 30.]),
    ("anthropic.claude-sonnet-5", [2., 10., 0.2, 2.5, 4.], [2.2, 11.], [2.4, 12.]),
    ("anthropic.claude-fable-5", [10., 50., 1., 12.5, 20.], [11., 55.], [0., 0.]),
    ("anthropic.claude-fable-5-1", [10., 50., 0.25, 12.5, 20.], [11., 55.], [12., 60.]),
    ("anthropic.claude-opus-5-5", [4., 20., 0.2, 5., 8.], [4.4, 22.], [4.8, 24.]),
    ("anthropic.claude-sonnet-5-5", [2., 10., 0.1, 2.5, 4.], [2.2, 11.], [2.4, 12.]),
    ("anthropic.claude-haiku-5-5", [0.1, 0.5, 0.01, 0.125, 0.2], [0.11, 0.55], [0.12, 0.6]),
    ("anthropic.claude-fable-5-2", [8., 40., 0.2, 10., 16.], [8.8, 44.], [0., 0.]),
];
/// Long prompts: model, tokens above which they begin, input, output, cache read, write 5m.
const LONG: [(&str, u64, [f64; 4]); 3] = [
    ("anthropic.claude-sonnet-4-20250514-v1:0", 200_000, [6., 22.5, 0.6, 7.5]),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, [6., 22.5, 0.6, 7.5]),
    ("anthropic.claude-haiku-5-5", 100_000, [0.5, 2.5, 0.05, 0.625]),
];

fn one(class: usize, count: u64) -> Tokens {
    let mut counts = [0; 5];
    counts[class] = count;
    let [input, output, cache_read, cache_write_5m, cache_write_1h] = counts;
    Tokens { input, output, cache_read, cache_write_5m, cache_write_1h }
}

/// What a million tokens of a class cost in dollars; in portions that are no long prompt.
fn dollars(base: &str, profile: &str, class: usize) -> f64 {
    10.0 * nanos(base, profile, one(class, M / 10)) as f64 / 1e9
}

#[test]
fn every_row_of_the_list_comes_out() {
    assert_eq!(LIST.len(), all().len());
    for (base, global, geo, gov) in LIST {
        let at = |reach: &str| format!("{reach}.{base}");
        for (class, listed) in global.into_iter().enumerate().filter(|(_, rate)| *rate > 0.0) {
            assert!((dollars(base, &at("global"), class) - listed).abs() < 1e-9, "{base} {class}");
        }
        for (class, listed) in geo.into_iter().enumerate() {
            for reach in ["us", "eu", "apac", "au", "jp"] {
                let price = dollars(base, &at(reach), class);
                assert!((price - listed).abs() < 1e-9, "{base} {reach} {class}: {price}");
            }
        }
        for (class, listed) in gov.into_iter().enumerate().filter(|(_, rate)| *rate > 0.0) {
            let price = dollars(base, &at("us-gov"), class);
            assert!((price - listed).abs() < 1e-9, "{base} GovCloud {class}: {price}");
        }
        // An hour in the cache costs twice the input wherever it is not listed.
        let profile = at("global");
        assert!((dollars(base, &profile, 4) - 2.0 * global[0]).abs() < 1e-9, "{base}");
    }
}

#[test]
fn long_prompts_are_dearer_where_the_list_says_so_and_nowhere_else() {
    for model in all() {
        let listed = LONG.iter().find(|(base, ..)| *base == model.base);
        let profile = format!("global.{}", model.base);
        let above = listed.map_or(250_000, |(_, above, _)| *above);
        let rate = |tokens: Tokens| nanos(model.base, &profile, tokens);
        let short = Tokens { input: above, ..Tokens::default() };
        let long = Tokens { input: above + 1, ..Tokens::default() };
        let plain = dollars(model.base, &profile, 0);
        assert_eq!(rate(short), (plain * above as f64 * 1000.0).round() as i64, "{}", model.id);
        let input = listed.map_or(plain, |(_, _, rates)| rates[0]);
        assert_eq!(
            rate(long),
            (input * (above + 1) as f64 * 1000.0).round() as i64,
            "{}",
            model.id
        );
        if let Some((_, _, rates)) = listed {
            for (class, listed) in rates.iter().enumerate().skip(1) {
                let tokens = Tokens { input: above + 1, ..one(class, M) };
                let extra = (rate(tokens) - rate(long)) as f64 / 1e9;
                assert!((extra - listed).abs() < 1e-9, "{} {class}: {extra}", model.id);
            }
        }
    }
}

#[test]
fn cached_tokens_make_a_prompt_long() {
    let tokens = Tokens { input: 1, cache_read: 99_999, output: 1000, ..Tokens::default() };
    assert_eq!(nanos("claude-haiku-5-5", "global.x", tokens), 1_000_090 + 500_000);
    let tokens = Tokens { cache_write_1h: 1, ..tokens };
    assert_eq!(nanos("claude-haiku-5-5", "global.x", tokens), 500 + 4_999_950 + 2_500_000 + 1000);
}

#[test]
fn half_a_nano_is_rounded_up_once() {
    // 1 token at 0.1375 dollars per million: 137.5 nanos.
    assert_eq!(nanos("claude-haiku-5-5", "us.x", one(3, 1)), 138);
}

#[test]
fn an_unknown_model_costs_no_less_than_any_and_is_flagged() {
    let tokens =
        Tokens { input: 9, output: 9, cache_read: 9, cache_write_5m: 9, cache_write_1h: 9 };
    let table = PriceTable::default();
    let opaque = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x";
    let unknown = table.cost(&tokens, 0, None, opaque);
    assert!(!unknown.priced);
    for model in all() {
        for profile in ["us.x", "us-gov.x", "global.x"] {
            let known = cost(&table, model.id, profile, tokens);
            assert!(known.nanos <= unknown.nanos, "{}", model.id);
        }
    }
    let huge = Tokens { input: u64::MAX, output: u64::MAX, ..Tokens::default() };
    assert_eq!(table.cost(&huge, 0, None, "").nanos, i64::MAX);
}

fn stored(source: Source, model: &str, input: u64) -> Price {
    let rates = Rates { input, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 };
    let id = Some(Uuid::from_u128(u128::from(input)));
    Price { id, model: model.to_owned(), reach: Reach::Global, source, rates, long: None }
}

#[test]
fn an_admins_price_stands_above_the_list_which_stands_above_the_built_in_one() {
    let base = "anthropic.claude-opus-5-5";
    let list = stored(Source::PriceList, base, 2 * M);
    let admins = stored(Source::Override, base, 3 * M);
    let input = one(0, 1000);
    for (prices, expected) in [
        (vec![], 4_000_000),
        (vec![list.clone()], 2_000_000),
        (vec![list.clone(), admins.clone()], 3_000_000),
        (vec![admins.clone(), list], 3_000_000),
    ] {
        let table = PriceTable::new(prices, Terms::default());
        assert_eq!(cost(&table, base, "global.x", input).nanos, expected);
    }
    let table = PriceTable::new(vec![admins.clone()], Terms::default());
    assert_eq!(cost(&table, base, "global.x", input).price_id, admins.id);
    assert_eq!(cost(&table, base, "us.x", input).nanos, 4_400_000, "another reach");
}

#[test]
fn an_admin_can_price_a_model_that_the_gateway_does_not_know() {
    let new = stored(Source::Override, "anthropic.claude-new-9", M);
    let table = PriceTable::new(vec![new], Terms::default());
    for profile in ["global.anthropic.claude-new-9", "us.anthropic.claude-new-9"] {
        let cost = table.cost(&one(0, 1000), 0, None, profile);
        assert_eq!((cost.nanos, cost.priced), (1_000_000, true), "{profile}");
    }
}

#[test]
fn the_contract_changes_all_prices_of_tokens_and_searches_are_added() {
    let terms = Terms { multiplier_ppm: 850_000, web_search_nanos: 10_000_000 };
    let table = PriceTable::new(vec![], terms);
    let model = find("claude-opus-5-5");
    let tokens = Tokens { input: 1000, cache_read: 1000, ..Tokens::default() };
    let cost = table.cost(&tokens, 2, model, "global.x");
    assert_eq!(cost.nanos, (4_000_000 + 200_000) * 85 / 100 + 20_000_000);
    assert_eq!(cost.cache_saved_nanos, 3_800_000 * 85 / 100);
}
