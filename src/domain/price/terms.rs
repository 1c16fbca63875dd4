//! What a contract with AWS changes about every price.

/// What the company's contract says about all prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// All prices of tokens times this, in millionths: 850,000 is 15 % off.
    pub multiplier_ppm: u64,
    /// What one search of the web costs, in nano-dollars.
    pub web_search_nanos: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { multiplier_ppm: 1_000_000, web_search_nanos: 0 }
    }
}
