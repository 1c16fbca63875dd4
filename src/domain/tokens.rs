//! The four token classes of a request, cache writes split by their time to live.

use serde::{Deserialize, Serialize};

/// Token counts of one request, as Anthropic counts them: `input` leaves all cached tokens out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Prompt tokens that were neither read from nor written to the cache.
    #[serde(rename = "input_tokens")]
    pub input: u64,
    /// Generated tokens, thinking included.
    #[serde(rename = "output_tokens")]
    pub output: u64,
    /// Prompt tokens read from the cache.
    #[serde(rename = "cache_read_tokens")]
    pub cache_read: u64,
    /// Prompt tokens written to the cache for 5 minutes.
    #[serde(rename = "cache_write_5m_tokens")]
    pub cache_write_5m: u64,
    /// Prompt tokens written to the cache for 1 hour.
    #[serde(rename = "cache_write_1h_tokens")]
    pub cache_write_1h: u64,
}

impl Tokens {
    /// The tokens that limits count: all but those that were read from the cache.
    #[must_use]
    pub fn limited(&self) -> u64 {
        [self.input, self.cache_write_5m, self.cache_write_1h, self.output]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// All tokens of the prompt, cached ones included.
    #[must_use]
    pub fn prompt(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}
