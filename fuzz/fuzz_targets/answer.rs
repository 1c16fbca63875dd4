//! Events from Bedrock: whatever they hold, the server-sent events that come of them are well formed.
#![no_main]

use bytes::BytesMut;
use ccag::bedrock::translate::{Names, Translator};
use ccag::domain::answer::Answer;
use ccag::domain::{chunk, frame};
use libfuzzer_sys::fuzz_target;

const CHUNK: [(&str, &str); 2] = [(":event-type", "chunk"), (":message-type", "event")];

fuzz_target!(|data: &[u8]| {
    let (guarded, data) = data.split_first().map_or((false, data), |(first, rest)| (first & 1 == 1, rest));
    let mut translator = Translator::new(Names::new("claude-sonnet-4-5", &[]), guarded);
    let (mut answer, mut out) = (Answer::default(), BytesMut::new());
    for event in data.split(|byte| *byte == 0) {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, &CHUNK, &chunk::encode(event, ""));
        if translator.push(&bytes, &mut answer, &mut out).is_err() {
            break;
        }
    }
    let text = String::from_utf8_lossy(&out);
    for event in text.split_terminator("\n\n") {
        let lines: Vec<&str> = event.split('\n').collect();
        assert_eq!(lines.len(), 2, "{event:?}");
        assert!(lines[0].starts_with("event: ") && lines[1].starts_with("data: "), "{event:?}");
    }
});
