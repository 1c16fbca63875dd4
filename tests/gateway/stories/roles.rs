//! Endpoints whose credential is a role: what STS is asked, how often, and what becomes of its endpoint, and of
//! no other, when STS is down.

use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::endpoints::{endpoint, health, team};
use crate::support::gateway::KEY;
use crate::support::pair::Two;
use crate::support::rows;
use crate::support::sts::{Asked, Mood, Sts, access_key};
use crate::support::until;
use crate::support::upstream::{Gate, Script, Upstream};
use crate::support::world::{World, plain};

const ROLE: &str = "arn:aws:iam::444455556666:role/bedrock";
const HOUR: Mood = Mood::Grants(3_600);

fn role(more: &Value) -> Value {
    let mut credential = json!({ "kind": "role", "role_arn": ROLE });
    credential.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "credential": credential })
}

/// A team with one endpoint, which has a role.
struct Assumed {
    sts: Sts,
    world: World,
    upstream: Upstream,
    key: String,
}

impl Assumed {
    fn with(mood: Mood, region: &str, more: &Value) -> Self {
        let (sts, upstream) = (Sts::start(mood), Upstream::start());
        let world = World::with(&[("AWS_ENDPOINT_URL_STS", &format!("http://{}", sts.address))]);
        let mut order = role(more);
        order["region"] = json!(region);
        let id = endpoint(&world, "assumed", &upstream, &order);
        let key = team(&world, "tools", "primary_fallback", &[&id]);
        Self { sts, world, upstream, key }
    }

    fn request(&self) -> Request {
        plain().without("x-api-key").x_api_key(&self.key)
    }

    /// Waits until the team's endpoint serves.
    fn until_served(&self) {
        until("the team's endpoint serves", || {
            let before = self.upstream.count();
            let reply = self.request().send(self.world.address());
            (reply.status == 200 && self.upstream.count() > before).then_some(())
        });
    }

    /// The access key by which the last model call was signed.
    fn signed_by(&self) -> String {
        let exchange = self.upstream.exchange(self.upstream.count() - 1);
        let authorization = exchange.head.header("authorization").unwrap();
        let credential = authorization.split("Credential=").nth(1).unwrap();
        credential.split('/').next().unwrap().to_owned()
    }
}

fn parameters<'a>(asked: &'a Asked, names: &[&str]) -> Vec<Option<&'a str>> {
    names.iter().map(|name| asked.parameter(name)).collect()
}

#[test]
fn a_role_is_assumed_at_its_regions_sts_with_its_external_id() {
    let assumed = Assumed::with(HOUR, "eu-west-1", &json!({ "external_id": "tenant-7" }));
    assumed.until_served();
    let asked = assumed.sts.question(0);
    assert_eq!(
        parameters(&asked, &["Action", "RoleArn", "ExternalId", "Tags.member.1.Key"]),
        [Some("AssumeRole"), Some(ROLE), Some("tenant-7"), None]
    );
    let authorization = asked.head.header("authorization").unwrap();
    assert!(authorization.contains("/eu-west-1/sts/aws4_request"), "{authorization}");
    let call = assumed.upstream.exchange(0);
    assert_eq!(call.head.header("x-amz-security-token"), Some("session-0"));
    assert_eq!(assumed.signed_by(), access_key(0));
    for _ in 0..5 {
        assert_eq!(assumed.request().send(assumed.world.address()).status, 200);
    }
    assert_eq!(assumed.sts.asked().len(), 1, "a session is used until shortly before its end");
}

#[test]
fn sessions_are_tagged_with_user_and_team() {
    let assumed = Assumed::with(HOUR, "us-east-1", &json!({ "session_tags": true }));
    assumed.until_served();
    let tagged = |asked: &Asked| asked.parameter("Tags.member.1.Key").is_some();
    let of_users = || assumed.sts.asked().into_iter().filter(tagged).collect::<Vec<_>>();
    let asked = of_users();
    assert_eq!(asked.len(), 1, "{asked:?}");
    let names = ["Tags.member.1.Key", "Tags.member.1.Value"];
    assert_eq!(parameters(&asked[0], &names), [Some("ccag:user"), Some("owner of tools")]);
    let names = ["Tags.member.2.Key", "Tags.member.2.Value"];
    assert_eq!(parameters(&asked[0], &names), [Some("ccag:team"), Some("tools")]);
    assert_eq!(asked[0].parameter("RoleSessionName"), Some("ccag-owner_of_tools"));

    // Somebody else has a session of their own, and the first one keeps theirs.
    let team = "(select id from teams where name = 'tools')";
    let bob = assumed.world.add_key("bob", "team_id", team);
    let bob = plain().without("x-api-key").x_api_key(&bob);
    until("bob is served", || (bob.send(assumed.world.address()).status == 200).then_some(()));
    assert_eq!(of_users().len(), 2);
    let by_bob = assumed.signed_by();
    assumed.until_served();
    assert_ne!(assumed.signed_by(), by_bob);
    assert_eq!(of_users().len(), 2);
}

#[test]
fn a_session_is_replaced_before_it_ends() {
    let assumed = Assumed::with(Mood::Grants(6), "us-east-1", &json!({}));
    assumed.until_served();
    let first = assumed.signed_by();
    assumed.sts.question(1);
    until("the new session is used", || {
        assert_eq!(assumed.request().send(assumed.world.address()).status, 200);
        (assumed.signed_by() != first).then_some(())
    });
}

#[test]
fn a_session_that_has_ended_early_is_replaced_once_for_all_who_find_out() {
    let assumed = Assumed::with(HOUR, "us-east-1", &json!({}));
    assumed.until_served();
    let (before, gate) = (assumed.upstream.count(), Gate::default());
    let served = || {
        let reply = assumed.request().send(assumed.world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        let row = rows::row(&assumed.world.database, &reply.request_id());
        rows::assert_columns(&row, &[("outcome", "completed"), ("endpoint", "assumed")]);
    };
    std::thread::scope(|scope| {
        // Is under way when the session ends, and hears of it long after the others.
        assumed.upstream.next(Script::default().wait(&gate).then(ended()));
        let late = scope.spawn(served);
        assumed.upstream.exchange(before);
        assumed.upstream.refuse_of(&access_key(0), ended());
        let others: Vec<_> = (0..8).map(|_| scope.spawn(served)).collect();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(assumed.signed_by(), access_key(1));
        gate.release();
        late.join().unwrap();
    });
    assert_eq!(assumed.sts.asked().len(), 2, "one further session for all");
}

/// What Bedrock says of a session that has ended.
fn ended() -> Script {
    let message = "The security token included in the request is expired";
    Script::refusal(403, "ExpiredTokenException", message)
}

#[test]
fn sts_that_is_down_takes_out_the_endpoint_with_the_role_only() {
    for mood in [Mood::Refuses, Mood::Babbles, Mood::Hangs] {
        let sts = Sts::start(mood);
        let two = Two::with(&[("AWS_ENDPOINT_URL_STS", &format!("http://{}", sts.address))]);
        two.change_first(&role(&json!({})));
        until("the role is found to be broken", || {
            let first = health(&two.world.gateway, "first")?;
            (first["has_credential"] == false && !first["credential_trouble"].is_null())
                .then_some(())
        });
        let before = two.first.count();
        for _ in 0..3 {
            let reply = two.plain().send(two.world.address());
            assert_eq!(reply.status, 200, "{mood:?}: {}", reply.text());
            let row = rows::row(&two.world.database, &reply.request_id());
            rows::assert_columns(&row, &[("endpoint", "second"), ("routed", "breaker")]);
        }
        assert_eq!(two.first.count(), before, "{mood:?}");
        let own = Request::x_api_key(plain().without("x-api-key"), KEY);
        assert_eq!(own.send(two.world.address()).status, 200, "{mood:?}");
        assert_eq!(health(&two.world.gateway, "second").unwrap()["has_credential"], true);
        sts.set(HOUR);
        until("the endpoint is back", || {
            assert_eq!(two.plain().send(two.world.address()).status, 200);
            (two.first.count() > before).then_some(())
        });
    }
}

#[test]
fn where_only_the_role_is_left_requests_hear_of_it_and_sts_is_spared() {
    let assumed = Assumed::with(Mood::Refuses, "us-east-1", &json!({}));
    let refused = until("the team's endpoint is known", || {
        let reply = assumed.request().send(assumed.world.address());
        (reply.status == 503).then_some(reply)
    });
    refused.assert_error(503, "api_error");
    assert!(refused.text().contains("assumed"), "{}", refused.text());
    assert!(!refused.text().contains("444455556666"), "{}", refused.text());
    let before = assumed.sts.asked().len();
    for _ in 0..50 {
        assert_eq!(assumed.request().send(assumed.world.address()).status, 503);
    }
    let asked = assumed.sts.asked().len() - before;
    assert!(asked < 25, "STS was asked {asked} times for 50 requests");
}
