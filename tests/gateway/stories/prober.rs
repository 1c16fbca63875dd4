//! What AWS's control planes tell of endpoints: one of the instances asks, all learn, and no answer of
//! theirs counts for or against an endpoint.

use serde_json::{Value, json};

use crate::support::client::{Reply, Request};
use crate::support::endpoints::{admin, endpoint, health};
use crate::support::gateway::{Gateway, KEY};
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::World;

/// The endpoint of the environment.
const OWN: &str = "00000000-0000-0000-0000-000000000000";
const EMPTY: &str = r#"{"inferenceProfileSummaries":[]}"#;

fn profile(kind: &str, id: &str, base: &str) -> Value {
    json!({
        "inferenceProfileId": id,
        "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:111122223333:{kind}/{id}"),
        "inferenceProfileName": format!("the profile {id}"),
        "models": [{ "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{base}") }],
        "status": "ACTIVE",
    })
}

fn system(id: &str) -> Value {
    let (_, base) = id.split_once('.').unwrap();
    profile("inference-profile", id, base)
}

fn page(profiles: &[Value], next: Option<&str>) -> Script {
    let mut body = json!({ "inferenceProfileSummaries": profiles });
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    Script::reply(200, &body.to_string())
}

fn quotas(quotas: &[(&str, f64)], next: Option<&str>) -> Script {
    let told = |(name, value): &(&str, f64)| json!({ "QuotaName": name, "Value": value });
    let body = json!({ "Quotas": quotas.iter().map(told).collect::<Vec<_>>(), "NextToken": next });
    Script::reply(200, &body.to_string())
}

/// A control plane that lists these profiles, once and all at once.
fn control_plane(profiles: &[Value]) -> Upstream {
    let control = Upstream::of_another_service();
    control.next(page(profiles, None));
    control.next(page(&[], None));
    control.otherwise(Script::reply(500, "{}"));
    control
}

fn url(service: &Upstream) -> String {
    format!("http://{}", service.address)
}

/// A gateway that probes, and whose own endpoint has this control plane and these quotas.
fn probing(control: &Upstream, quotas: &Upstream) -> World {
    World::with(&[
        ("ENDPOINT_PROBE_INTERVAL", "3600"),
        ("AWS_ENDPOINT_URL_BEDROCK", &url(control)),
        ("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &url(quotas)),
    ])
}

fn status(gateway: &Gateway, id: &str) -> Value {
    admin(gateway, "GET", &format!("/admin/endpoints/{id}/health"), &Value::Null).json()
}

/// The status of an endpoint, once its last probe has ended.
#[track_caller]
fn probed(gateway: &Gateway, id: &str) -> Value {
    until("the endpoint is probed", || {
        let status = status(gateway, id);
        (!status["probed_at"].is_null()).then_some(status)
    })
}

fn ask(gateway: &Gateway, model: &str) -> Reply {
    let body = json!({ "model": model, "max_tokens": 8, "messages": [{ "role": "user", "content": "x" }] });
    Request::post("/v1/messages").x_api_key(KEY).body(body.to_string()).send(&gateway.address)
}

#[test]
fn one_of_two_instances_asks_page_by_page_and_both_know_the_models() {
    let (control, service) = (Upstream::of_another_service(), Upstream::of_another_service());
    let new = "us.anthropic.claude-opus-7";
    control.next(page(&[system(new), system("us.amazon.nova-lite-v1:0")], Some("a/b=")));
    control.next(page(&[system("eu.anthropic.claude-opus-8")], None));
    let made = profile("application-inference-profile", "abc", "anthropic.claude-opus-5");
    control.next(page(&[made], None));
    control.otherwise(Script::reply(500, "{}"));
    let tokens =
        "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1";
    let requests =
        "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1";
    service.next(quotas(&[(tokens, 200_000.0), ("Agents per account", 9.0)], Some("more")));
    service.next(quotas(&[(requests, 50.0)], None));
    service.otherwise(Script::reply(500, "{}"));

    let world = probing(&control, &service);
    let second = world.setup.another().start();
    for gateway in [&world.gateway, &second] {
        until("the new model is served", || {
            (ask(gateway, "claude-opus-7").status == 200).then_some(())
        });
        let served = world.upstream.exchange(world.upstream.count() - 1);
        assert!(served.head.start.starts_with(&format!("POST /model/{new}/invoke ")));
        // What another geography has is no model here.
        ask(gateway, "claude-opus-8").assert_error(404, "not_found_error");
        let status = probed(gateway, OWN);
        let listed = status["profiles"].as_array().unwrap();
        let within = |profile: &Value| (profile["id"].clone(), profile["in_geography"].clone());
        let listed: Vec<_> = listed.iter().map(within).collect();
        assert_eq!(
            listed,
            [
                (json!(new), json!(true)),
                (json!("eu.anthropic.claude-opus-8"), json!(false)),
                (json!("abc"), json!(true)),
            ]
        );
        assert_eq!(
            status["quotas"],
            json!([{
                "model": "claude-sonnet-4-5-20250929", "reach": "cross_region", "long_context": false,
                "requests_per_minute": 50, "tokens_per_minute": 200_000, "tokens_per_day": null,
            }])
        );
        assert_eq!(
            (&status["profiles_error"], &status["quotas_error"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_eq!((control.count(), service.count()), (3, 2), "one instance asks, once");
    let asked = |number: usize| control.exchange(number).head.start.clone();
    assert!(asked(0).starts_with("GET /inference-profiles?maxResults=200&type=SYSTEM_DEFINED "));
    assert!(asked(1).contains("&nextToken=a%2Fb%3D&type=SYSTEM_DEFINED"), "{}", asked(1));
    assert!(asked(2).contains("type=APPLICATION"));
    let scope = |exchange: &crate::support::upstream::Exchange| {
        exchange.head.header("authorization").unwrap().to_owned()
    };
    assert!(scope(&control.exchange(1)).contains("/us-east-1/bedrock/aws4_request"));
    let quotas = service.exchange(1);
    assert!(scope(&quotas).contains("/us-east-1/servicequotas/aws4_request"));
    let target = "ServiceQuotasV20190624.ListServiceQuotas";
    assert_eq!(quotas.head.header("x-amz-target"), Some(target));
    assert_eq!(quotas.json()["NextToken"], "more");
}

#[test]
fn what_cannot_be_asked_is_shown_at_its_endpoint_and_changes_nothing_else() {
    let (sts, service) = (Upstream::of_another_service(), Upstream::of_another_service());
    sts.otherwise(Script::reply(403, r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>"#));
    service.otherwise(Script::reply(
        400,
        r#"{"__type":"AccessDeniedException","Message":"not authorized to perform: servicequotas:ListServiceQuotas"}"#,
    ));
    let own = control_plane(&[]);
    let world = World::with(&[
        ("ENDPOINT_PROBE_INTERVAL", "3600"),
        ("AWS_ENDPOINT_URL_BEDROCK", &url(&own)),
        ("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &url(&service)),
        ("AWS_ENDPOINT_URL_STS", &url(&sts)),
    ]);
    let (denying, fine) =
        (Upstream::of_another_service(), control_plane(&[system("us.anthropic.claude-opus-7")]));
    denying.otherwise(Script::refusal(
        403,
        "AccessDeniedException",
        "User: x is not authorized to perform: bedrock:ListInferenceProfiles",
    ));
    let role = json!({ "kind": "role", "role_arn": "arn:aws:iam::444455556666:role/bedrock" });
    let at = |control: &Upstream| json!({ "control_url": url(control), "default": true });
    let roled = json!({ "control_url": url(&fine), "credential": role });
    let denied = endpoint(&world, "denied", &world.upstream, &at(&denying));
    let broken = endpoint(&world, "broken", &world.upstream, &roled);
    let works = endpoint(&world, "works", &world.upstream, &at(&fine));

    let broken = probed(&world.gateway, &broken);
    for error in ["profiles_error", "quotas_error"] {
        assert!(broken[error].as_str().unwrap().contains("role"), "{broken}");
    }
    let denied = probed(&world.gateway, &denied);
    let told = denied["profiles_error"].as_str().unwrap();
    assert!(told.contains("AccessDeniedException: User: x is not authorized"), "{told}");
    assert!(denied["quotas_error"].as_str().unwrap().contains("servicequotas:ListServiceQuotas"));
    let works = probed(&world.gateway, &works);
    assert_eq!(works["profiles"][0]["id"], "us.anthropic.claude-opus-7");
    assert_eq!(ask(&world.gateway, "claude-sonnet-4-5").status, 200);
    let health = health(&world.gateway, "denied").unwrap();
    assert_eq!(
        (&health["has_credential"], &health["credential_trouble"]),
        (&json!(true), &Value::Null)
    );
}

#[test]
fn the_claim_of_an_instance_that_died_is_taken_over() {
    let (control, service) = (Upstream::of_another_service(), Upstream::of_another_service());
    service.otherwise(quotas(&[], None));
    control.next(Script::silence());
    let mut world = probing(&control, &service);
    control.exchange(0);
    world.gateway.process.kill();
    control.next(page(&[system("us.anthropic.claude-opus-7")], None));
    control.otherwise(Script::reply(200, EMPTY));
    let second = world.setup.another().start();
    assert_eq!(ask(&second, "claude-opus-7").status, 404);
    assert_eq!(control.count(), 1, "the claim still holds");
    // As two minutes later.
    world
        .database
        .sql("update endpoint_probes set claimed_at = claimed_at - interval '121 seconds'");
    until("the model is known", || (ask(&second, "claude-opus-7").status == 200).then_some(()));
}

#[test]
fn an_admin_has_aws_be_asked_again_and_a_change_of_place_forgets_what_was_told() {
    let (own, service) = (control_plane(&[]), Upstream::of_another_service());
    service.otherwise(quotas(&[], None));
    let world = probing(&own, &service);
    let control = control_plane(&[system("us.anthropic.claude-opus-7")]);
    let id = endpoint(
        &world,
        "one",
        &world.upstream,
        &json!({ "control_url": url(&control), "default": true }),
    );
    probed(&world.gateway, &id);
    control.otherwise(page(&[system("us.anthropic.claude-opus-9")], None));
    let path = format!("/admin/endpoints/{id}/probe");
    assert_eq!(admin(&world.gateway, "POST", &path, &json!({})).status, 202);
    until("the next model is known", || {
        (ask(&world.gateway, "claude-opus-9").status == 200).then_some(())
    });
    assert_eq!(ask(&world.gateway, "claude-opus-7").status, 404, "it is no longer listed");

    control.otherwise(Script::reply(500, "{}"));
    let edit = json!({ "region": "us-west-2" });
    let edited = admin(&world.gateway, "PATCH", &format!("/admin/endpoints/{id}"), &edit);
    assert_eq!(edited.status, 200, "{}", edited.text());
    until("what was told is forgotten", || {
        (ask(&world.gateway, "claude-opus-9").status == 404).then_some(())
    });
    until("the other region is asked", || {
        let last = control.exchange(control.count() - 1);
        last.head.header("authorization")?.contains("/us-west-2/bedrock/").then_some(())
    });
    let silent = World::start();
    let path = format!("/admin/endpoints/{OWN}/probe");
    let refused = admin(&silent.gateway, "POST", &path, &json!({}));
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("probes_off")));
}
