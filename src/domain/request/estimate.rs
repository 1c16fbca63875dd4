//! How many tokens a prompt has, where nobody counts them: by its bytes, its pictures and its pages.

use super::{Media, MessagesRequest};

/// Bytes of JSON and text that make a token, on average.
const BYTES_PER_TOKEN: u64 = 4;
/// Pixels of an image that make a token (Anthropic's documentation of images).
const PIXELS_PER_TOKEN: u64 = 750;
/// Tokens of an image that is scaled down to the largest size, or tells no size.
const LARGEST_IMAGE: u64 = 1_600;
/// Tokens of a page of a document: its text, and its picture.
const PAGE: u64 = 2_500;
/// Tokens around the conversation.
const FRAME: u64 = 3;

impl MessagesRequest {
    /// An estimate of the prompt's tokens.
    #[must_use]
    pub fn estimated_tokens(&self) -> u64 {
        let parts = ["system", "tools", "messages"].iter().filter_map(|name| self.field(name));
        let bytes: u64 = parts.map(|part| (part.end - part.start) as u64).sum();
        let media = &self.conversation().findings.media;
        let encoded: u64 = media.iter().map(|media| media.encoded as u64).sum();
        let text = bytes.saturating_sub(encoded) / BYTES_PER_TOKEN;
        media.iter().map(tokens).fold(text, u64::saturating_add) + FRAME
    }
}

fn tokens(media: &Media) -> u64 {
    if media.is_image {
        let pixels = media.dimensions.map(|(width, height)| u64::from(width) * u64::from(height));
        return pixels
            .map_or(LARGEST_IMAGE, |pixels| (pixels / PIXELS_PER_TOKEN).clamp(1, LARGEST_IMAGE));
    }
    // A document that tells no pages is one of text.
    let pages = media.pages.map(|pages| u64::from(pages) * PAGE);
    pages.unwrap_or(media.encoded as u64 / BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(content: &serde_json::Value) -> u64 {
        let body = serde_json::json!({
            "model": "m", "messages": [{ "role": "user", "content": content }],
        });
        MessagesRequest::parse_count_tokens(body.to_string().into()).unwrap().estimated_tokens()
    }

    #[test]
    fn text_counts_by_its_bytes_and_a_picture_by_its_pixels() {
        let short = estimate(&"x".repeat(400).into());
        assert_eq!(estimate(&"x".repeat(4_400).into()) - short, 1_000);
        let image = |data: &str| {
            serde_json::json!([{ "type": "image",
                "source": { "type": "base64", "media_type": "image/png", "data": data } }])
        };
        // A PNG tells its size in its first 24 bytes: here 300 x 250 pixels.
        let png = "iVBORw0KGgoAAAANSUhEUgAAASwAAAD6";
        let small = estimate(&image(png));
        let large = estimate(&image(&"A".repeat(400_000)));
        assert!((100..200).contains(&small), "{small}");
        assert!((1_600..1_700).contains(&large), "{large}");
    }
}
