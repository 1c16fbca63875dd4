//! Bytes from Bedrock in pieces of any size: the decoder never panics, and pieces change nothing.
#![no_main]

use ccag::domain::frame::{Decoder, FrameError};
use libfuzzer_sys::fuzz_target;

fn decoded(pieces: impl Iterator<Item = Vec<u8>>) -> (Vec<Vec<u8>>, bool) {
    let (mut decoder, mut found, mut sound) = (Decoder::default(), Vec::new(), true);
    for piece in pieces {
        let read = decoder.decode::<FrameError>(&piece, |frame| {
            found.push(frame.payload.to_vec());
            Ok(())
        });
        if read.is_err() {
            sound = false;
            break;
        }
    }
    (found, sound)
}

fuzz_target!(|data: &[u8]| {
    let Some((size, stream)) = data.split_first() else { return };
    let size = usize::from(*size).max(1);
    let whole = decoded(std::iter::once(stream.to_vec()));
    let pieces = decoded(stream.chunks(size).map(<[u8]>::to_vec));
    assert_eq!(whole.1, pieces.1);
    assert_eq!(whole.0, pieces.0);
});
