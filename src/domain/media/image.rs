//! Width and height of the image formats that the API takes.

/// Base64 letters that hold the head of every format but JPEG.
const HEAD: usize = 64;
/// Base64 letters of a JPEG that are searched: its size stands behind metadata of any length.
const MAX_SEARCHED: usize = 1024 * 1024;

/// The width and height of a base64-encoded PNG, GIF, WebP or JPEG, in pixels; `None` where the bytes
/// do not tell.
#[must_use]
pub fn dimensions(base64: &[u8]) -> Option<(u32, u32)> {
    let head = decoded(base64, HEAD)?;
    png(&head).or_else(|| gif(&head)).or_else(|| webp(&head)).or_else(|| {
        head.starts_with(&[0xFF, 0xD8]).then(|| jpeg(&decoded(base64, MAX_SEARCHED)?)).flatten()
    })
}

/// The bytes of the first `letters` of a base64 text.
fn decoded(base64: &[u8], letters: usize) -> Option<Vec<u8>> {
    let length = base64.len().min(letters);
    let part = base64.get(..if length < base64.len() { length & !3 } else { length })?;
    base64_simd::STANDARD.decode_to_vec(part).ok()
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?.strip_prefix(b"IHDR")?;
    let (width, rest) = rest.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk::<4>()?)))
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"GIF87a").or_else(|| bytes.strip_prefix(b"GIF89a"))?;
    let (width, rest) = rest.split_first_chunk::<2>()?;
    Some((u16::from_le_bytes(*width).into(), u16::from_le_bytes(*rest.first_chunk::<2>()?).into()))
}

/// The three kinds of WebP hold the size in three ways.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let data = rest.get(4..)?;
    match kind {
        b"VP8X" => {
            let three = |at: usize| match data.get(at..at + 3)? {
                [a, b, c] => Some(u32::from_le_bytes([*a, *b, *c, 0]) + 1),
                _ => None,
            };
            Some((three(4)?, three(7)?))
        }
        b"VP8L" => {
            let bits = data.strip_prefix(&[0x2F])?.first_chunk::<4>()?;
            let bits = u32::from_le_bytes(*bits);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8 " => {
            let rest = data.get(3..)?.strip_prefix(&[0x9D, 0x01, 0x2A])?;
            let (width, rest) = rest.split_first_chunk::<2>()?;
            let side = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
            Some((side(*width), side(*rest.first_chunk::<2>()?)))
        }
        _ => None,
    }
}

/// Walks the segments to the frame header.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, tail @ ..] = rest else {
            return None;
        };
        match marker {
            // Fill bytes, and markers without a length.
            0xFF => rest = rest.get(1..)?,
            0x01 | 0xD0..=0xD8 => rest = tail,
            // A frame header of any coding; C4, C8 and CC are other things.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let (height, after) = tail.get(3..)?.split_first_chunk::<2>()?;
                let width = after.first_chunk::<2>()?;
                return Some((
                    u16::from_be_bytes(*width).into(),
                    u16::from_be_bytes(*height).into(),
                ));
            }
            _ => {
                let length = u16::from_be_bytes(*tail.first_chunk::<2>()?);
                rest = tail.get(usize::from(length)..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<(u32, u32)> {
        dimensions(base64_simd::STANDARD.encode_to_string(bytes).as_bytes())
    }

    #[test]
    fn every_format_tells_its_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x1f\x41\0\0\0\x05\x08\x06\0\0\0more and more and more";
        assert_eq!(of(png), Some((8001, 5)));
        assert_eq!(of(b"GIF89a\x40\x01\xf0\0rest"), Some((320, 240)));
        let webp = |rest: &[u8]| of(&[b"RIFF\0\0\0\0WEBP", rest].concat());
        assert_eq!(webp(b"VP8X\x0a\0\0\0\x10\0\0\0\x3f\x1f\0\x0f\0\0"), Some((8000, 16)));
        assert_eq!(webp(b"VP8L\x0a\0\0\0\x2f\x07\xc0\x01\0"), Some((8, 8)));
        assert_eq!(webp(b"VP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\0"), Some((320, 240)));
        let exif = [&[0xFF, 0xE1, 0x40, 0x00][..], &[0; 0x3FFE]].concat();
        let frame = [0xFF, 0xC2, 0, 17, 8, 0x03, 0x20, 0x04, 0x00, 3, 1];
        assert_eq!(of(&[&[0xFF, 0xD8, 0xFF][..], &exif, &frame].concat()), Some((1024, 800)));
    }

    #[test]
    fn what_is_no_image_has_no_size() {
        for bytes in [
            &b""[..],
            b"text",
            b"GIF89a",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0\0",
            b"RIFF....WEBPVP8X",
        ] {
            assert_eq!(of(bytes), None);
        }
        assert_eq!(dimensions(b"not base64!"), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(head in proptest::sample::select(vec![
            &b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\0\0\0\0WEBPVP8X", b"GIF87a",
        ]), rest in proptest::collection::vec(0u8.., 0..200)) {
            let _ = of(&[head, &rest].concat());
        }
    }
}
