use serde_json::{Value, json};

use super::request;
use crate::domain::capability::{SONNET_4_5, Verdicts};
use crate::domain::translation::{ApiVersion, Call};

fn tried(members: &Value, version: &str) -> Result<(), String> {
    let call = Call { version: ApiVersion::of(version), ..Call::default() };
    let translation = request(members).translate(&SONNET_4_5, &Verdicts::NONE, &call);
    translation.map(drop).map_err(|refusal| refusal.to_string())
}

#[test]
fn what_the_newer_version_forbids_is_refused_only_to_its_clients() {
    let document = json!({"type": "document", "source": {"type": "text", "data": "x"}});
    let cited = json!({"type": "text", "text": "x", "citations": [{"type": "char_location"}]});
    let uncited = json!({"type": "text", "text": "x", "citations": []});
    let result = json!({"type": "search_result", "content": [uncited, cited]});
    let turns = |role: &str, block: &Value| json!({"messages": [{"role": "user", "content": "u"}, {"role": role, "content": [block]}, {"role": "user", "content": "u"}]});
    for (members, message) in [
        (json!({"top_k": 1}), Some("top_k: sampling parameters are not permitted")),
        (
            turns("assistant", &document),
            Some("messages.1.content.0: documents in assistant messages are not permitted"),
        ),
        (turns("user", &document), None),
        (
            turns("user", &cited),
            Some(
                "messages.1.content.0.citations: citations in text of a user message or a search result are not permitted",
            ),
        ),
        (turns("assistant", &cited), None),
        (turns("user", &uncited), None),
        (
            turns("user", &result),
            Some(
                "messages.1.content.0.search_result.content.1.citations: citations in text of a user message or a search result are not permitted",
            ),
        ),
    ] {
        assert_eq!(tried(&members, "2023-06-01"), Ok(()));
        let expected =
            message.map(|message| format!("{message} from anthropic-version 2026-10-21 on"));
        assert_eq!(tried(&members, "2026-10-21").err(), expected);
    }
}

#[test]
fn versions_are_dates() {
    for (header, version) in [
        ("2026-10-21", ApiVersion::V2026),
        ("2027-01-01", ApiVersion::V2026),
        ("2026-10-20", ApiVersion::V2023),
        ("2023-06-01", ApiVersion::V2023),
        ("", ApiVersion::V2023),
        ("newest", ApiVersion::V2023),
        ("bedrock-2023-05-31", ApiVersion::V2023),
    ] {
        assert_eq!(ApiVersion::of(header), version, "{header}");
    }
}
