//! SNS and EventBridge, with their signatures checked by the simulator's own verifier.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use ccag::simulator::sigv4::Signed;
use serde_json::{Value, json};

use super::{active, delivery, draft, happen, post};
use crate::support::upstream::{Exchange, Script, Upstream};
use crate::support::world::World;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:ccag-events";
const BUS: &str = "arn:aws:events:eu-west-1:111122223333:event-bus/ops";
const SECRET: &str = "storiesSecret/0123456789abcdefghijklmnop";

/// Asserts that the gateway's own key has signed a request, for this service and region.
#[track_caller]
fn assert_signed(exchange: &Exchange, service: &str) {
    let mut headers = HeaderMap::new();
    for (name, value) in &exchange.head.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let authorization = exchange.head.header("authorization").expect("a signature");
    let part = |name: &str| {
        let (_, rest) = authorization.split_once(name).unwrap_or_else(|| panic!("{authorization}"));
        rest.split([',', ' ']).next().unwrap().to_owned()
    };
    let (credential, signed) = (part("Credential="), part("SignedHeaders="));
    let (id, scope) = credential.split_once('/').unwrap();
    assert_eq!(id, "AKIASTORIES000000001");
    assert!(scope.ends_with(&format!("/eu-west-1/{service}/aws4_request")), "{scope}");
    for name in ["content-type", "host", "x-amz-date"] {
        assert!(signed.split(';').any(|one| one == name), "{name} is not in {signed}");
    }
    let request =
        Signed { method: "POST", path: "/", query: "", headers: &headers, body: &exchange.body };
    assert_eq!(part("Signature="), request.signature(SECRET, scope, &signed));
}

fn form(exchange: &Exchange) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&exchange.body).into_owned().collect()
}

const PUBLISHED: &str = r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult></PublishResponse>"#;
const DENIED: &str = r#"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not yours</Message></Error></ErrorResponse>"#;

#[test]
fn a_topic_gets_signed_publications_and_its_refusals_are_told() {
    let sns = Upstream::of_another_service();
    let world = World::with(&[("AWS_ENDPOINT_URL_SNS", &format!("http://{}", sns.address))]);
    let (path, secret) = draft(&world, "sns", TOPIC, &["budget", "health"]);
    assert_eq!(secret, "", "AWS signs by credentials");
    sns.next(Script::reply(403, DENIED));
    let test = post(&world, &path, "test");
    assert_eq!(test["error"], "SNS answers AuthorizationError: not yours");
    sns.otherwise(Script::reply(200, PUBLISHED));
    let test = post(&world, &path, "test");
    assert_eq!(test["receipt"], "94f20ce6-13c5-43a0-9a9e-ca52d816e90b");
    post(&world, &path, "activate");
    happen(&world, "budget", "x");
    let row = delivery(&world, "x", "delivered");
    assert_eq!(row["receipt"].as_deref(), Some("94f20ce6-13c5-43a0-9a9e-ca52d816e90b"));
    let told = sns.exchange(2);
    assert_signed(&told, "sns");
    let form = form(&told);
    let field = |name: &str| {
        let found = form.iter().find(|(field, _)| field == name);
        found.unwrap_or_else(|| panic!("no {name} in {form:?}")).1.clone()
    };
    assert_eq!((field("Action"), field("TopicArn")), ("Publish".to_owned(), TOPIC.to_owned()));
    assert_eq!(field("Subject"), "CCAG: happened ()");
    assert_eq!(field("MessageAttributes.entry.1.Value.StringValue"), "budget");
    let message: Value = serde_json::from_str(&field("Message")).unwrap();
    assert_eq!(message["key"], "x");
}

#[test]
fn a_bus_gets_signed_events_and_a_refusal_inside_a_200_is_seen() {
    let bus = Upstream::of_another_service();
    let url = format!("http://{}", bus.address);
    let world = World::with(&[("AWS_ENDPOINT_URL_EVENTBRIDGE", &url)]);
    let (path, _) = draft(&world, "eventbridge", BUS, &["health"]);
    let inside = json!({
        "FailedEntryCount": 1,
        "Entries": [{ "ErrorCode": "ThrottlingException", "ErrorMessage": "slower" }],
    });
    bus.next(Script::reply(200, &inside.to_string()));
    let test = post(&world, &path, "test");
    assert_eq!(test["error"], "EventBridge answers ThrottlingException: slower");
    let refusal =
        json!({ "__type": "com.amazonaws.events#ResourceNotFoundException", "message": "no bus" });
    bus.next(Script::reply(400, &refusal.to_string()));
    let test = post(&world, &path, "test");
    assert_eq!(test["error"], "EventBridge answers ResourceNotFoundException: no bus");
    let placed = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e-1" }] });
    bus.otherwise(Script::reply(200, &placed.to_string()));
    assert_eq!(post(&world, &path, "test")["receipt"], "e-1");
    post(&world, &path, "activate");
    happen(&world, "health", "x");
    delivery(&world, "x", "delivered");
    let told = bus.exchange(3);
    assert_signed(&told, "events");
    assert_eq!(told.head.header("x-amz-target"), Some("AWSEvents.PutEvents"));
    assert_eq!(told.head.header("content-type"), Some("application/x-amz-json-1.1"));
    let entry = &told.json()["Entries"][0];
    assert_eq!((&entry["Source"], &entry["DetailType"]), (&json!("ccag"), &json!("happened")));
    assert_eq!(entry["EventBusName"], BUS);
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["key"], "x");
}

#[test]
fn one_destination_that_fails_keeps_no_other_from_being_told() {
    let (sns, hook) = (Upstream::of_another_service(), Upstream::of_another_service());
    let url = format!("http://{}", sns.address);
    let world = World::with(&[super::HERE, ("AWS_ENDPOINT_URL_SNS", &url)]);
    sns.next(Script::reply(200, PUBLISHED));
    let (path, _) = draft(&world, "sns", TOPIC, &["health"]);
    post(&world, &path, "test");
    post(&world, &path, "activate");
    sns.otherwise(Script::silence());
    let renamed = super::admin(&world, "PATCH", &path, &json!({ "name": "topic" }));
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    active(&world, &hook, &["health"]);
    happen(&world, "health", "x");
    assert_eq!(hook.exchange(1).json()["key"], "x");
}
