//! Images and documents, held against Bedrock's limits before the call, so that a refusal names the block.

use super::{Draft, Refusal};
use crate::domain::request::Media;

/// Most bytes of an image in base64.
const MAX_IMAGE: usize = 5 * 1024 * 1024;
/// Most pixels of a side of an image.
const MAX_SIDE: u32 = 8_000;
/// More images than this are many, and have to be smaller.
const MANY_IMAGES: usize = 20;
/// Most pixels of a side of one of many images.
const MAX_SIDE_OF_MANY: u32 = 2_000;
/// Sources that need something fetched, which Bedrock does not do.
const FETCHED: &[&str] = &["url", "file"];

impl Draft<'_> {
    pub(super) fn media(&self) -> Result<(), Refusal> {
        let all = &self.request.conversation().findings.media;
        if all.is_empty() {
            return Ok(());
        }
        let images = all.iter().filter(|media| media.is_image).count();
        for media in all {
            self.source(media)?;
            if media.is_image {
                image(media, images > MANY_IMAGES)?;
            } else {
                self.document(media)?;
            }
        }
        let pages = all.iter().filter_map(|media| media.pages).fold(0, u32::saturating_add);
        let images = u32::try_from(images).unwrap_or(u32::MAX);
        let limit = self.capability.max_pages;
        if pages.saturating_add(images) > limit {
            return Err(Refusal::TooMuchMedia { pages, images, limit });
        }
        Ok(())
    }

    fn source(&self, media: &Media) -> Result<(), Refusal> {
        let Some(kind) = media.source.and_then(|source| source.kind) else {
            return Ok(());
        };
        let body = self.body();
        match FETCHED.iter().find(|fetched| kind.is(body, fetched)) {
            Some(fetched) => refused(
                media,
                "source",
                format!(
                    "the source type '{fetched}' is not available on Amazon Bedrock; send the data as base64"
                ),
            ),
            None => Ok(()),
        }
    }

    fn document(&self, media: &Media) -> Result<(), Refusal> {
        let limit = self.capability.max_pages;
        if media.pages.is_some_and(|pages| pages > limit) {
            let problem = format!("A maximum of {limit} PDF pages may be provided.");
            return refused(media, "source.base64.data", problem);
        }
        Ok(())
    }
}

fn image(media: &Media, many: bool) -> Result<(), Refusal> {
    if media.encoded > MAX_IMAGE {
        let problem =
            format!("image exceeds 5 MB maximum: {} bytes > {MAX_IMAGE} bytes", media.encoded);
        return refused(media, "source.base64", problem);
    }
    let (limit, of_many) =
        if many { (MAX_SIDE_OF_MANY, " for many-image requests") } else { (MAX_SIDE, "") };
    if media.dimensions.is_some_and(|(width, height)| width.max(height) > limit) {
        let problem = format!(
            "At least one of the image dimensions exceed max allowed size{of_many}: {limit} pixels"
        );
        return refused(media, "source.base64.data", problem);
    }
    Ok(())
}

fn refused(media: &Media, part: &str, problem: String) -> Result<(), Refusal> {
    let (kind, class) =
        if media.is_image { ("image", "image_block") } else { ("document", "document_block") };
    Err(Refusal::Media { path: format!("{}.{kind}.{part}", media.place), problem, class })
}
