//! Signatures of thinking blocks: as on Bedrock, a block that was changed on its way back is refused.

use sha2::{Digest, Sha256};

/// What the signatures made here begin with; others cannot be checked and pass.
const OURS: &str = "c2ltdWxhdGVk";

/// The signature of a thinking block with `text`.
pub(super) fn of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    format!("{OURS}{}", base64_simd::STANDARD.encode_to_string(digest))
}

/// Whether `signature` may stand beside `text`.
pub(super) fn holds(signature: &str, text: &str) -> bool {
    if signature.starts_with(OURS) { signature == of(text) } else { !signature.is_empty() }
}
