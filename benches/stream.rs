//! A stream's way back: frames to server-sent events, in reads as they come off a socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;

use bytes::BytesMut;
use ccag::bedrock::translate::{Names, Translator};
use ccag::domain::answer::Answer;
use ccag::domain::{chunk, frame};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EVENTS: u64 = 1000;

fn stream(text: usize) -> Vec<u8> {
    let text = "x".repeat(text);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    );
    let headers = [
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let payload = chunk::encode(delta.as_bytes(), "abcdefghijklmnop");
    let mut bytes = Vec::new();
    for _ in 0..EVENTS {
        frame::encode(&mut bytes, &headers, &payload);
    }
    bytes
}

fn translate(c: &mut Criterion) {
    for text in [20, 4000] {
        let bytes = stream(text);
        let mut group = c.benchmark_group(format!("deltas of {text} bytes"));
        group.throughput(Throughput::Elements(EVENTS));
        for read in [1400, 65_536] {
            group.bench_function(format!("in reads of {read} bytes"), |b| {
                b.iter(|| {
                    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
                    let mut translator = Translator::new(Names::new("claude-opus-5-5", &[]), false);
                    for read in black_box(&bytes).chunks(read) {
                        translator.push(read, &mut answer, &mut out).unwrap();
                        out.clear();
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, translate);
criterion_main!(benches);
