//! Streams of Bedrock in every shape that is known, translated and held against files: what a client reads,
//! and the error with which a stream that is not whole ends.
//!
//! A fixture has a frame per line: an event, an exception or an error. The frames are made by AWS's own encoder.

use std::path::Path;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64_simd::STANDARD;
use bytes::BytesMut;
use ccag::bedrock::translate::{Names, Translator};
use ccag::domain::answer::Answer;
use serde_json::value::RawValue;

use super::directory;

#[derive(serde::Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    exception: Option<String>,
    error: Option<String>,
    #[serde(default)]
    message: String,
}

fn header(name: &str, value: &str) -> Header {
    Header::new(name.to_owned(), HeaderValue::String(value.to_owned().into()))
}

fn frame(line: &Line<'_>) -> Vec<u8> {
    let told = serde_json::json!({ "message": line.message }).to_string();
    let (headers, payload) = if let Some(event) = line.event {
        let event = STANDARD.encode_to_string(event.get());
        let headers = [(":event-type", "chunk"), (":message-type", "event")];
        (headers.to_vec(), format!(r#"{{"bytes":"{event}","p":"abcdef"}}"#))
    } else if let Some(name) = &line.exception {
        (vec![(":exception-type", name.as_str()), (":message-type", "exception")], told)
    } else {
        let code = line.error.as_deref().unwrap();
        let headers =
            [(":error-code", code), (":error-message", &line.message), (":message-type", "error")];
        (headers.to_vec(), String::new())
    };
    let headers = headers.iter().map(|(name, value)| header(name, value)).collect();
    let mut out = Vec::new();
    write_message_to(&Message::new_from_parts(headers, payload), &mut out).unwrap();
    out
}

/// What a client reads of a stream that arrives in pieces of `size` bytes.
fn read(stream: &[u8], size: usize) -> String {
    let mut translator = Translator::new(Names::new("claude-of-the-client", &[]), false);
    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
    let ended = stream
        .chunks(size)
        .try_for_each(|piece| translator.push(piece, &mut answer, &mut out))
        .and_then(|()| translator.finish(&answer));
    if let Err(error) = ended {
        out.extend_from_slice(&error.event("req_1"));
    }
    let tokens = serde_json::to_string(&answer.tokens()).unwrap();
    format!("{}counted {tokens}\n", std::str::from_utf8(&out).unwrap())
}

#[test]
fn recorded_streams_translate_as_the_golden_files_say() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(directory("fixtures/streams")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let stream: Vec<u8> =
            text.lines().flat_map(|line| frame(&serde_json::from_str(line).unwrap())).collect();
        let found = read(&stream, stream.len());
        for size in [1, 7, 100] {
            assert_eq!(read(&stream, size), found, "{} in pieces of {size}", path.display());
        }
        let name = Path::new(path.file_stem().unwrap()).with_extension("sse");
        let golden = directory("golden/streams").join(&name);
        if update {
            std::fs::write(&golden, &found).unwrap();
        } else if std::fs::read_to_string(&golden).ok().as_ref() != Some(&found) {
            wrong.push(format!("{} should be:\n{found}", name.display()));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let goldens = std::fs::read_dir(directory("golden/streams")).unwrap().count();
    assert_eq!(seen, goldens, "each golden file belongs to a fixture");
}
