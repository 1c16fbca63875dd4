use serde_json::{Value, json};

use super::{refused_by, translated};
use crate::domain::capability::{OPUS_5, SONNET_4_5};

fn png(width: u32, height: u32) -> String {
    let head =
        [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()];
    base64_simd::STANDARD.encode_to_string(head.concat())
}

fn image(data: &str) -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
}

fn pdf(pages: usize) -> Value {
    let text = format!("%PDF-1.4 {}", "<</Type /Page>>".repeat(pages));
    let data = base64_simd::STANDARD.encode_to_string(text);
    json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}})
}

fn user(blocks: Vec<Value>) -> Value {
    json!({"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": blocks}]})
}

#[test]
fn what_is_too_large_is_refused_with_its_path() {
    let wide = image(&png(8_001, 10));
    let tool_result =
        json!({"type": "tool_result", "content": [{"type": "text", "text": "x"}, wide]});
    let huge = image(&"A".repeat(5 * 1024 * 1024 + 4));
    for (blocks, message) in [
        (
            vec![wide.clone()],
            "messages.1.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels; capability_rejected: image_block",
        ),
        (
            vec![json!({"type": "text", "text": "x"}), tool_result],
            "messages.1.content.1.tool_result.content.1.image.source.base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels; capability_rejected: image_block",
        ),
        (
            vec![huge],
            "messages.1.content.0.image.source.base64: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes; capability_rejected: image_block",
        ),
        (
            vec![image(&png(2_001, 1)); 21],
            "messages.1.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels; capability_rejected: image_block",
        ),
        (
            vec![pdf(101)],
            "messages.1.content.0.document.source.base64.data: A maximum of 100 PDF pages may be provided.; capability_rejected: document_block",
        ),
        (
            vec![pdf(60), pdf(40), image(&png(1, 1))],
            "messages: Too much media: 100 document pages + 1 images > 100; capability_rejected: media_budget",
        ),
    ] {
        assert_eq!(refused_by(user(blocks), &SONNET_4_5), message);
    }
}

#[test]
fn what_would_have_to_be_fetched_is_refused() {
    for (kind, source, class) in [
        ("image", "url", "image_block"),
        ("document", "url", "document_block"),
        ("document", "file", "document_block"),
    ] {
        let block =
            json!({"type": kind, "source": {"type": source, "url": "https://example.com/x"}});
        assert_eq!(
            refused_by(user(vec![block]), &OPUS_5),
            format!(
                "messages.1.content.0.{kind}.source: the source type '{source}' is not available on Amazon Bedrock; send the data as base64; capability_rejected: {class}"
            )
        );
    }
}

#[test]
fn what_fits_passes_untouched() {
    let text = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}});
    let members = user(vec![image(&png(8_000, 8_000)), pdf(101), text, image("no image")]);
    let (body, adjusted) = translated(members.clone(), &OPUS_5, &[]);
    assert_eq!((&body["messages"], adjusted.len()), (&members["messages"], 0));
}

#[test]
fn a_body_beyond_bedrocks_limit_is_too_large() {
    use crate::domain::error::{ApiError, ErrorKind};
    let request = super::request(&json!({"system": "x".repeat(25_000_000)}));
    let refusal = super::translate(&request, &OPUS_5, &[], false).unwrap_err();
    assert_eq!(ApiError::from(refusal).kind, ErrorKind::RequestTooLarge);
}
