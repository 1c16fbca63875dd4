//! A client's body: reading and translating it never panics, and what comes out is read again.
#![no_main]

use bytes::Bytes;
use ccag::domain::capability::{UNKNOWN, Verdicts};
use ccag::domain::model;
use ccag::domain::request::MessagesRequest;
use ccag::domain::translation::Call;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = MessagesRequest::parse(Bytes::copy_from_slice(data)) else { return };
    let _ = request.estimated_tokens();
    let request = request.without_stopped_turns().unwrap_or(request);
    for capability in model::all().iter().map(|model| model.capability).chain([&UNKNOWN]) {
        let call = Call { betas: &["context-management-2025-06-27"], ..Call::default() };
        let Ok(translated) = request.translate(capability, &Verdicts::NONE, &call) else { continue };
        // `model` is the one member that is needed and gone.
        let inside = translated.body.strip_suffix(b"}").expect("an object");
        let again = [inside, br#","model":"m"}"#].concat();
        MessagesRequest::parse(again.into()).expect("a translated body is a body");
    }
});
