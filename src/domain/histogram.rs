//! Latencies as counts in fixed buckets, which sums over hours and days can be made of, and the
//! percentiles that are read from them.

/// Upper bounds of all buckets but the last, in milliseconds; `usage_bucket` in the database has
/// the same.
pub const BOUNDS: [u32; 15] = [
    100, 200, 400, 700, 1000, 1500, 2500, 4000, 6000, 10_000, 15_000, 30_000, 60_000, 120_000,
    300_000,
];
/// What the last bucket is taken to end at, in milliseconds.
const END: u32 = 600_000;

/// The value, in milliseconds, below which the share `quantile` (0 to 1) of all counted values
/// lies, assuming that the values of a bucket are spread evenly; `None` where nothing was counted.
#[must_use]
pub fn percentile(counts: &[i64], quantile: f64) -> Option<f64> {
    let total: i64 = counts.iter().sum();
    if total <= 0 {
        return None;
    }
    let wanted = quantile.clamp(0.0, 1.0) * total as f64;
    let (mut below, mut low) = (0.0, 0.0);
    for (count, high) in counts.iter().zip(BOUNDS.iter().chain([&END])) {
        let (count, high) = (*count as f64, f64::from(*high));
        if count > 0.0 && below + count >= wanted {
            return Some(low + (high - low) * ((wanted - below) / count));
        }
        (below, low) = (below + count, high);
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_in_the_bucket_that_holds_them() {
        let mut counts = [0; 16];
        assert_eq!(percentile(&counts, 0.5), None);
        counts[4] = 100; // 700 to 1000 ms
        assert_eq!(percentile(&counts, 0.5), Some(850.0));
        assert_eq!(percentile(&counts, 1.0), Some(1000.0));
        counts[15] = 1;
        assert!(percentile(&counts, 0.999).unwrap() > 300_000.0);
        assert!((700.0..1000.0).contains(&percentile(&counts, 0.95).unwrap()));
    }
}
