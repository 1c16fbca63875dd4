//! How many pages a PDF has, by counting its page objects: those that stand plain in the file, and
//! those in compressed object streams.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use memchr::memmem;

/// Bytes that are decompressed of one file, all its object streams together.
const MAX_INFLATED: u64 = 16 * 1024 * 1024;
/// Bytes between the type of an object stream and its data.
const MAX_DICTIONARY: usize = 1024;

/// The pages of a base64-encoded PDF; `None` where it is none, or does not tell.
#[must_use]
pub fn pages(base64: &[u8]) -> Option<u32> {
    if !base64.starts_with(b"JVBERi") {
        return None;
    }
    let bytes = base64_simd::STANDARD.decode_to_vec(base64).ok()?;
    let mut inflated = Vec::new();
    let mut left = MAX_INFLATED;
    for at in memmem::find_iter(&bytes, b"/ObjStm") {
        let Some(stream) = data(bytes.get(at..).unwrap_or_default()) else {
            continue;
        };
        let before = inflated.len();
        // A stream that breaks off has told what it could.
        let _ = ZlibDecoder::new(stream).take(left).read_to_end(&mut inflated);
        left = left.saturating_sub((inflated.len() - before) as u64);
    }
    let counted = page_objects(&bytes) + page_objects(&inflated);
    u32::try_from(counted).ok().filter(|pages| *pages > 0)
}

/// The data of the stream whose dictionary begins before `bytes`.
fn data(bytes: &[u8]) -> Option<&[u8]> {
    let near = bytes.get(..MAX_DICTIONARY).unwrap_or(bytes);
    let start = memmem::find(near, b"stream")? + b"stream".len();
    let rest = bytes.get(start..)?;
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))
}

/// Counts `/Type /Page`, but not `/Type /Pages`.
fn page_objects(bytes: &[u8]) -> usize {
    memmem::find_iter(bytes, b"/Type")
        .filter(|at| {
            let rest = bytes.get(at + b"/Type".len()..).unwrap_or_default().trim_ascii_start();
            rest.strip_prefix(b"/Page")
                .is_some_and(|after| !after.first().is_some_and(u8::is_ascii_alphanumeric))
        })
        .count()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn of(bytes: &[u8]) -> Option<u32> {
        pages(base64_simd::STANDARD.encode_to_string(bytes).as_bytes())
    }

    #[test]
    fn plain_and_compressed_pages_are_counted() {
        let plain = b"%PDF-1.4\n1 0 obj<</Type /Pages/Count 2>>\n2 0 obj<</Type/Page>>\n3 0 obj<</Type\n/Page /Parent 1 0 R>>";
        assert_eq!(of(plain), Some(2));
        let mut packed =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packed
            .write_all(b"2 0 3 9 <</Type/Pages>> <</Type/Page>> <</Type/Page>> <</Type/Page>>")
            .unwrap();
        let packed = packed.finish().unwrap();
        let head = b"%PDF-1.5\n4 0 obj<</Type/ObjStm/N 2/Filter/FlateDecode/Length 9>>stream\r\n";
        assert_eq!(of(&[&head[..], &packed, b"\nendstream"].concat()), Some(3));
    }

    #[test]
    fn what_does_not_tell_has_no_pages() {
        assert_eq!(of(b"%PDF-1.4 nothing"), None);
        assert_eq!(of(b"/Type/Page"), None);
        assert_eq!(of(b"%PDF-1.5 /ObjStm stream\nnot compressed"), None);
        assert_eq!(pages(b"JVBERi!"), None);
    }
}
