//! Images and documents of a request: what kind of source they have, and their sizes, measured once
//! when the request is read, which for large bodies happens apart from the worker's thread.

use super::InvalidRequest;
use super::blocks::Place;
use crate::domain::json::{Cursor, Kind, Text};
use crate::domain::media::{image, pdf};

/// An image or a document.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Media {
    pub(in crate::domain) place: Place,
    pub(in crate::domain) is_image: bool,
    pub(in crate::domain) source: Option<Source>,
    /// Length of the base64 text, in bytes.
    pub(in crate::domain) encoded: usize,
    /// Width and height in pixels, where the image tells them.
    pub(in crate::domain) dimensions: Option<(u32, u32)>,
    /// Pages, where the document is a PDF that tells them.
    pub(in crate::domain) pages: Option<u32>,
}

/// The members of `source` that are read.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::domain) struct Source {
    pub(in crate::domain) kind: Option<Text>,
    data: Option<Text>,
}

impl Source {
    /// Reads an object.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, InvalidRequest> {
        let mut read = Self::default();
        cursor.object(|inner, key| {
            match (&*key.bytes(inner.source()), inner.kind()?) {
                (b"type", Kind::String) => read.kind = Some(inner.string()?),
                (b"data", Kind::String) => read.data = Some(inner.string()?),
                _ => drop(inner.skip()?),
            }
            Ok::<_, InvalidRequest>(())
        })?;
        Ok(read)
    }
}

impl Media {
    pub(super) fn new(place: Place, is_image: bool, source: Option<Source>) -> Self {
        Self { place, is_image, source, encoded: 0, dimensions: None, pages: None }
    }

    /// Measures what is there as base64.
    pub(super) fn measure(&mut self, body: &[u8]) {
        let is_base64 = |source: &Source| source.kind.is_some_and(|kind| kind.is(body, "base64"));
        let Some(data) = self.source.filter(is_base64).and_then(|source| source.data) else {
            return;
        };
        let text = data.decode(body);
        self.encoded = text.len();
        if self.is_image {
            self.dimensions = image::dimensions(text.as_bytes());
        } else {
            self.pages = pdf::pages(text.as_bytes());
        }
    }
}
