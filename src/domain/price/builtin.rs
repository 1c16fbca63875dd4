//! Bedrock's list prices, as data: one row per model.

use super::{LongPrompt, Price, Rates, Reach, Source};

/// A model's prices at global profiles.
struct Row {
    model: &'static str,
    rates: Rates,
    long: Option<LongPrompt>,
    /// Whether profiles other than global cost more: from Claude 4.5 on.
    regional: bool,
}

/// Rates from thousandths of a dollar per million tokens; an hour in the cache costs twice the
/// input.
const fn rates(input: u64, output: u64, cache_read: u64, cache_write_5m: u64) -> Rates {
    Rates {
        input: input * 1000,
        output: output * 1000,
        cache_read: cache_read * 1000,
        cache_write_5m: cache_write_5m * 1000,
        cache_write_1h: input * 2000,
    }
}

const fn flat(model: &'static str, rates: Rates) -> Row {
    Row { model, rates, long: None, regional: true }
}

const fn early(model: &'static str, rates: Rates) -> Row {
    Row { model, rates, long: None, regional: false }
}

const SONNET: Rates = rates(3000, 15_000, 300, 3750);
const SONNET_LONG: Option<LongPrompt> =
    Some(LongPrompt { above: 200_000, rates: rates(6000, 22_500, 600, 7500) });
const OPUS: Rates = rates(5000, 25_000, 500, 6250);
const FABLE: Rates = rates(10_000, 50_000, 1000, 12_500);
/// Opus 4's, which no other model exceeds in any class: what an unknown model is charged.
pub(super) const DEAREST: Rates = OPUS_4.percent(120);
const OPUS_4: Rates = rates(15_000, 75_000, 1500, 18_750);

const ROWS: &[Row] = &[
    early("anthropic.claude-3-5-haiku-20241022-v1:0", rates(800, 4000, 80, 1000)),
    early("anthropic.claude-3-7-sonnet-20250219-v1:0", SONNET),
    Row { long: SONNET_LONG, ..early("anthropic.claude-sonnet-4-20250514-v1:0", SONNET) },
    early("anthropic.claude-opus-4-20250514-v1:0", OPUS_4),
    early("anthropic.claude-opus-4-1-20250805-v1:0", OPUS_4),
    Row { long: SONNET_LONG, ..flat("anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET) },
    flat("anthropic.claude-haiku-4-5-20251001-v1:0", rates(1000, 5000, 100, 1250)),
    flat("anthropic.claude-opus-4-5-20251101-v1:0", OPUS),
    flat("anthropic.claude-opus-4-6-v1", OPUS),
    flat("anthropic.claude-sonnet-4-6", SONNET),
    flat("anthropic.claude-opus-4-7", OPUS),
    flat("anthropic.claude-opus-4-8", OPUS),
    flat("anthropic.claude-opus-5", OPUS),
    flat("anthropic.claude-sonnet-5", rates(2000, 10_000, 200, 2500)),
    flat("anthropic.claude-fable-5", FABLE),
    flat("anthropic.claude-fable-5-1", Rates { cache_read: 250_000, ..FABLE }),
    flat("anthropic.claude-fable-5-2", rates(8000, 40_000, 200, 10_000)),
    flat("anthropic.claude-opus-5-5", rates(4000, 20_000, 200, 5000)),
    flat("anthropic.claude-sonnet-5-5", rates(2000, 10_000, 100, 2500)),
    Row {
        long: Some(LongPrompt { above: 100_000, rates: rates(500, 2500, 50, 625) }),
        ..flat("anthropic.claude-haiku-5-5", rates(100, 500, 10, 125))
    },
];

/// The prices of every model at every reach.
pub(super) fn prices() -> impl Iterator<Item = Price> {
    ROWS.iter().flat_map(|row| {
        Reach::ALL.map(|reach| {
            let percent = match reach {
                _ if !row.regional => 100,
                Reach::Global => 100,
                Reach::Geo => 110,
                Reach::GovCloud => 120,
            };
            let raised =
                |long: LongPrompt| LongPrompt { rates: long.rates.percent(percent), ..long };
            Price {
                id: None,
                model: row.model.to_owned(),
                reach,
                source: Source::BuiltIn,
                rates: row.rates.percent(percent),
                long: row.long.map(raised),
            }
        })
    })
}
