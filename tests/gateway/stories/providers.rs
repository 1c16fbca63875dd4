//! Signing in by an identity provider, with a real one: who comes in, as what, and who does not.

use serde_json::{Value, json};

use crate::support::browser::cookie;
use crate::support::client::Request;
use crate::support::gateway::ADMIN;
use crate::support::provider::{CLIENT, PUBLIC_URL, Provider};
use crate::support::until;
use crate::support::world::World;

fn admin(world: &World, method: &'static str, path: &str, body: &Value) -> Value {
    let reply =
        Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(world.address());
    assert!(reply.status < 300, "{method} {path}: {} {}", reply.status, reply.text());
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

fn user(world: &World, name: &str) -> Value {
    let found = admin(world, "GET", &format!("/admin/users?search={name}"), &Value::Null);
    found["data"][0].clone()
}

fn provider_path(world: &World) -> String {
    let listed = admin(world, "GET", "/admin/identity-providers", &Value::Null);
    format!("/admin/identity-providers/{}", listed["data"][0]["id"].as_str().unwrap())
}

/// Changes the provider, and waits until the gateway goes by it.
fn edit(world: &World, oidc: &Value) {
    admin(world, "PATCH", &provider_path(world), &json!({ "oidc": oidc }));
}

#[test]
fn somebody_signs_in_by_the_provider_of_the_environment() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let page = Request::get("/portal/sign-in").send(world.address()).text();
    assert!(page.contains("Sign in with Example Ltd"), "{page}");
    let browser = provider.browser(world.address(), "ann");
    let me = browser.send(Request::get("/admin/me")).json();
    assert_eq!((&me["name"], &me["role"]), (&json!("ann@example.com"), &json!("member")), "{me}");
    let again = provider.browser(world.address(), "ann");
    assert_eq!(again.send(Request::get("/admin/me")).json()["user_id"], me["user_id"]);
    let audit = admin(&world, "GET", "/admin/audit?action=user.provision", &Value::Null);
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    assert_eq!(audit["data"][0]["after"]["subject"], "ann");
    let sessions = admin(&world, "GET", "/admin/sessions", &Value::Null);
    assert_eq!(sessions["data"][0]["signed_in_by"], "oidc");
    let shown = admin(&world, "GET", "/admin/identity-providers", &Value::Null).to_string();
    assert!(!shown.contains("signs & spaces") && shown.contains("has_client_secret"), "{shown}");
    let stored =
        world.database.sql("select encode(client_secret, 'escape') as s from oidc_providers");
    assert!(!stored[0]["s"].as_deref().unwrap().contains("signs"));
}

#[test]
fn a_sign_in_ends_in_the_browser_that_began_it_and_nowhere_else() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let (begun, url) = provider.begin(world.address(), "");
    for part in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
        assert!(url.contains(part), "{part} in {url}");
    }
    let back = provider.browse(&url, "ann");
    let end = |path: &str, cookie: Option<&str>| {
        let request = Request::get(path);
        let request = match cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        request.send(world.address())
    };
    let (other, _) = provider.begin(world.address(), "");
    assert_eq!(end(&back, None).status, 401, "a link from somebody else");
    assert_eq!(end(&back, Some(&other)).status, 401, "another sign-in's answer");
    assert_eq!(end(&back, Some("ccag_sign_in=AAAA")).status, 401);
    let mut foreign = back.clone();
    foreign.replace_range(back.find("iss=").unwrap().., "iss=https%3A%2F%2Fevil.example");
    assert_eq!(end(&foreign, Some(&begun)).status, 401, "the answer of another provider");
    let unnamed = back.split("&iss=").next().unwrap();
    assert_eq!(end(unnamed, Some(&begun)).status, 401);
    let reply = end(&back, Some(&begun));
    assert_eq!((reply.status, reply.header("location")), (303, "/portal"));
    let session = cookie(&reply, "ccag_session").unwrap();
    assert!(reply.head.headers("set-cookie").iter().any(|set| {
        set.starts_with(&session) && set.contains("HttpOnly") && set.contains("SameSite=Lax")
    }));
    assert_eq!(end(&back, Some(&begun)).status, 503, "a code is good once");
}

#[test]
fn a_token_that_does_not_prove_it_lets_nobody_in() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    for how in
        ["nonce", "no nonce", "expired", "audience", "issuer", "none", "secret", "foreign key"]
    {
        provider.twist(how);
        let reply = provider.sign_in(world.address(), "ann");
        assert_eq!(reply.status, 401, "{how}: {}", reply.text());
        assert_eq!(cookie(&reply, "ccag_session"), None, "{how}");
    }
    assert!(user(&world, "ann").is_null(), "nobody was made a user");
    provider.twist("");
    assert_eq!(provider.sign_in(world.address(), "ann").status, 303);
}

#[test]
fn keys_may_change_and_the_provider_may_be_away() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    provider.rotate();
    assert_eq!(provider.sign_in(world.address(), "ann").status, 303, "an unknown key is fetched");
    let token = provider.mint(&json!({ "sub": "ann" }));
    let models =
        |token: &str| Request::get("/v1/models").bearer(token).send(world.address()).status;
    assert_eq!(models(&token), 200);
    let another = provider.mint(&json!({ "sub": "ann", "jti": "2" }));
    let path = crate::support::provider::button(world.address()).unwrap();
    drop(provider);
    assert_eq!(models(&another), 200, "its last keys stay");
    assert_eq!(Request::get("/portal/sign-in").send(world.address()).status, 200);
    // What is known of it lasts: only at its own page the browser would notice.
    assert_eq!(Request::get(&path).send(world.address()).status, 303);
}

#[test]
fn a_provider_that_is_away_from_the_start_is_said_to_be() {
    let world = World::with(&[
        ("PUBLIC_URL", crate::support::provider::PUBLIC_URL),
        ("OIDC_ISSUER", "http://127.0.0.1:9"),
        ("OIDC_CLIENT_ID", CLIENT),
    ]);
    let path =
        until("the provider is offered", || crate::support::provider::button(world.address()));
    let reply = Request::get(&path).send(world.address());
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.text().contains("cannot be reached"), "{}", reply.text());
}

#[test]
fn a_name_or_an_unverified_address_makes_nobody_somebody_else() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[("ADMIN_USERS", "chief, boss@example.com")]);
    let boss = json!({ "name": "boss", "email": "ceo@example.com", "role": "admin" });
    admin(&world, "POST", "/admin/users", &boss);
    let role = |claims: Value| {
        provider.account(&claims);
        let browser = provider.browser(world.address(), claims["login"].as_str().unwrap());
        browser.send(Request::get("/admin/me")).json()
    };
    let pretender = json!({ "login": "eve", "name": "admin", "preferred_username": "admin", "email": "boss@example.com", "email_verified": false });
    let me = role(pretender);
    assert_eq!((&me["role"], &me["name"]), (&json!("member"), &json!("admin (Example Ltd)")));
    let me = role(json!({ "login": "mallory", "email": "ceo@example.com" }));
    assert_eq!(me["role"], "member", "an address alone links nobody");
    assert_eq!(role(json!({ "login": "chief" }))["role"], "admin");
    assert_eq!(role(json!({ "login": "b", "email": "boss@example.com" }))["role"], "admin");
}

#[test]
fn domains_groups_and_linking_are_as_the_provider_is_configured() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let team = admin(&world, "POST", "/admin/teams", &json!({ "name": "tools" }))["id"].clone();
    let dan = json!({ "name": "dan", "email": "dan@example.com" });
    let dan = admin(&world, "POST", "/admin/users", &dan)["id"].clone();
    let linking = Request::new("PATCH", &provider_path(&world))
        .bearer(ADMIN)
        .body(json!({ "oidc": { "link_by_email": true } }).to_string());
    assert_eq!(linking.send(world.address()).status, 400, "not without a domain");
    edit(
        &world,
        &json!({
            "allowed_domains": ["example.com"], "link_by_email": true,
            "admin_groups": ["ops"], "team_groups": { "tools": team },
        }),
    );
    provider.account(&json!({ "login": "out", "email": "out@evil.example" }));
    until("the domain is refused", || {
        (provider.sign_in(world.address(), "out").status == 403).then_some(())
    });
    provider.account(&json!({ "login": "unverified", "email_verified": false }));
    assert_eq!(provider.sign_in(world.address(), "unverified").status, 403);
    provider.account(&json!({ "login": "dan", "groups": ["ops", "tools"] }));
    let me = provider.browser(world.address(), "dan").send(Request::get("/admin/me")).json();
    assert_eq!((&me["user_id"], &me["role"], &me["team_id"]), (&dan, &json!("admin"), &team));
    provider.account(&json!({ "login": "dan", "groups": [] }));
    let me = provider.browser(world.address(), "dan").send(Request::get("/admin/me")).json();
    assert_eq!((&me["role"], &me["team_id"]), (&json!("member"), &Value::Null));
    // Groups that the provider provisions go before those in its tokens.
    let id = provider_path(&world).rsplit('/').next().unwrap().to_owned();
    world.database.sql(&format!(
        "insert into scim_users (user_id, provider_id, user_name, attributes) values ({0}, '{id}', 'dan', '{{}}');
         insert into scim_groups (id, provider_id, display_name) values ('{id}', '{id}', 'ops');
         insert into scim_members (group_id, user_id) values ('{id}', {0})",
        dan.to_string().replace('"', "'")
    ));
    let me = provider.browser(world.address(), "dan").send(Request::get("/admin/me")).json();
    assert_eq!(me["role"], "admin");
    world.database.sql("delete from scim_members");
    provider.account(&json!({ "login": "dan", "groups": ["ops"] }));
    let me = provider.browser(world.address(), "dan").send(Request::get("/admin/me")).json();
    assert_eq!(me["role"], "member", "an older token does not give what was taken away");
    provider.account(&json!({ "login": "dan2", "email": "dan@example.com" }));
    let other = provider.browser(world.address(), "dan2").send(Request::get("/admin/me")).json();
    assert_ne!(other["user_id"], dan, "an address that was given anew is somebody else");
    edit(&world, &json!({ "auto_provision": false }));
    // Another each time: who came in before the change was heard is a user.
    let mut number = 0;
    until("strangers are turned away", || {
        number += 1;
        let login = format!("stranger-{number}");
        (provider.sign_in(world.address(), &login).status == 403).then_some(())
    });
    let audit = admin(&world, "GET", "/admin/audit?action=user.link", &Value::Null);
    assert_eq!(audit["data"][0]["subject_id"], dan);
}

#[test]
fn an_id_token_opens_the_inference_api_and_nothing_else() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[("OIDC_AUDIENCE", "native-client")]);
    let now = chrono_now();
    let models = |token: &str| Request::get("/v1/models").bearer(token).send(world.address());
    let token =
        provider.mint(&json!({ "sub": "ann", "email": "ann@example.com", "email_verified": true }));
    let reply = until("the provider's keys are known", || {
        let reply = models(&token);
        (reply.status != 503).then_some(reply)
    });
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(Request::get("/v1/models").x_api_key(&token).send(world.address()).status, 200);
    assert_eq!(user(&world, "ann")["role"], "member");
    assert_eq!(
        models(&provider.mint(&json!({ "sub": "ann", "aud": "native-client" }))).status,
        200
    );
    for (what, claims) in [
        ("a foreign audience", json!({ "sub": "ann", "aud": "other" })),
        ("expired", json!({ "sub": "ann", "exp": now - 600 })),
        ("not yet valid", json!({ "sub": "ann", "nbf": now + 600 })),
        ("another party", json!({ "sub": "ann", "aud": [CLIENT, "x"], "azp": "x" })),
        ("another issuer", json!({ "sub": "ann", "iss": "https://evil.example" })),
        ("nobody", json!({})),
    ] {
        let reply = models(&provider.mint(&claims));
        reply.assert_error(401, "authentication_error");
        assert_eq!(reply.header("x-should-retry"), "false", "{what}");
    }
    let keyed = |path: &str| Request::get(path).bearer(&token).send(world.address()).status;
    assert_eq!((keyed("/admin/me"), keyed("/admin/keys"), keyed("/metrics")), (200, 403, 401));
}

#[test]
fn a_provider_that_is_switched_off_lets_nobody_in_and_its_sessions_are_over() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let browser = provider.browser(world.address(), "ann");
    let token = provider.mint(&json!({ "sub": "ann" }));
    let models = || Request::get("/v1/models").bearer(&token).send(world.address()).status;
    assert_eq!(models(), 200);
    admin(&world, "PATCH", &provider_path(&world), &json!({ "enabled": false }));
    assert_eq!(browser.send(Request::get("/admin/me")).status, 401);
    until("its tokens open nothing", || (models() == 401).then_some(()));
    assert_eq!(crate::support::provider::button(world.address()), None);
    admin(&world, "PATCH", &provider_path(&world), &json!({ "enabled": true }));
    until("its tokens open again", || (models() == 200).then_some(()));
}

#[test]
fn providers_are_managed_with_what_is_not_given_left_as_it_is() {
    let world = World::start();
    let refused = |oidc: &Value| {
        let order = json!({ "name": "x", "oidc": oidc }).to_string();
        let reply = Request::post("/admin/identity-providers")
            .bearer(ADMIN)
            .body(order)
            .send(world.address());
        (reply.status, reply.json()["field"].as_str().unwrap_or_default().to_owned())
    };
    let no = |field: &str| (400, format!("oidc.{field}"));
    assert_eq!(refused(&json!({ "client_id": "c" })), no("issuer"));
    assert_eq!(
        refused(&json!({ "issuer": "http://id.example.com", "client_id": "c" })),
        no("issuer")
    );
    assert_eq!(refused(&json!({ "issuer": "https://id.example.com" })), no("client_id"));
    let order = json!({ "name": "Okta", "oidc": {
        "issuer": "https://id.example.com", "client_id": "1-a.apps.googleusercontent.com",
        "client_secret": "hunter2-hunter2", "allowed_domains": ["Example.com"], "scopes": ["email"],
    }});
    let made = admin(&world, "POST", "/admin/identity-providers", &order);
    assert_eq!(made["oidc"]["allowed_domains"], json!(["example.com"]));
    assert_eq!(made["oidc"]["scopes"], json!(["openid", "email"]));
    let path = format!("/admin/identity-providers/{}", made["id"].as_str().unwrap());
    let edited = admin(
        &world,
        "PATCH",
        &path,
        &json!({ "name": "Okta 2", "oidc": { "default_role": "admin" } }),
    );
    assert_eq!(edited["oidc"]["allowed_domains"], json!(["example.com"]), "the rule stays");
    assert_eq!(
        (&edited["oidc"]["has_client_secret"], &edited["name"]),
        (&json!(true), &json!("Okta 2"))
    );
    let reply = Request::post("/admin/identity-providers")
        .bearer(ADMIN)
        .body(order.to_string())
        .send(world.address());
    assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("exists")));
    let moved = json!({ "oidc": { "issuer": "https://other.example.com" } }).to_string();
    let reply = Request::new("PATCH", &path).bearer(ADMIN).body(moved).send(world.address());
    assert_eq!(reply.json()["code"], "issuer_is_fixed");
    admin(&world, "DELETE", &path, &Value::Null);
    let audit = admin(&world, "GET", "/admin/audit?action=identity_provider", &Value::Null);
    assert_eq!(audit["data"].as_array().unwrap().len(), 3);
    assert!(!audit.to_string().contains("hunter2"), "{audit}");
}

#[test]
fn what_the_environment_configures_is_the_environments() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let path = provider_path(&world);
    let order = json!({ "oidc": { "client_id": "other" } }).to_string();
    let reply = Request::new("PATCH", &path).bearer(ADMIN).body(order).send(world.address());
    assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("configured_by_environment")));
    assert_eq!(Request::new("DELETE", &path).bearer(ADMIN).send(world.address()).status, 409);
    edit(&world, &json!({ "allowed_domains": ["example.com"] }));
    let again = world.setup.another().env("OIDC_NAME", "Renamed").start();
    let shown = Request::get(&path).bearer(ADMIN).send(&again.address).json();
    assert_eq!(
        (&shown["name"], &shown["oidc"]["allowed_domains"]),
        (&json!("Renamed"), &json!(["example.com"]))
    );
    let without = world.setup.another().env("OIDC_ISSUER", "https://another.example.com").start();
    let listed =
        Request::get("/admin/identity-providers").bearer(ADMIN).send(&without.address).json();
    assert_eq!(
        (&listed["data"][0]["enabled"], &listed["data"][1]["enabled"]),
        (&json!(true), &json!(false))
    );
}

fn chrono_now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

#[test]
fn a_provider_is_tried_before_people_sign_in_by_it() {
    let Some(provider) = Provider::start() else { return };
    let world = provider.world(&[]);
    let test = format!("{}/test", provider_path(&world));
    let steps = |path: &str| {
        let told = admin(&world, "POST", path, &Value::Null);
        let steps = told["steps"].as_array().unwrap().iter();
        let steps: Vec<(String, bool)> = steps
            .map(|step| (step["name"].as_str().unwrap().to_owned(), step["ok"] == true))
            .collect();
        assert_eq!(told["ok"], steps.iter().all(|(_, ok)| *ok), "{told}");
        (steps, told)
    };
    let is = |steps: &[(&str, bool)]| -> Vec<(String, bool)> {
        steps.iter().map(|(name, ok)| ((*name).to_owned(), *ok)).collect()
    };
    let (found, told) = steps(&test);
    assert_eq!(found, is(&[("discovery", true), ("keys", true), ("client", true)]), "{told}");
    assert_eq!(told["redirect_uri"], format!("{PUBLIC_URL}/oauth/callback"));
    let make = |name: &str, issuer: &str| {
        let order = json!({ "name": name, "enabled": false, "oidc": {
            "issuer": issuer, "client_id": CLIENT, "client_secret": "not the secret" } });
        let made = admin(&world, "POST", "/admin/identity-providers", &order);
        format!("/admin/identity-providers/{}/test", made["id"].as_str().unwrap())
    };
    let (found, told) = steps(&make("away", "http://127.0.0.1:1/"));
    assert_eq!(found, is(&[("discovery", false)]), "{told}");
    world
        .database
        .sql("update oidc_providers set client_id = 'other' where configured_by = 'environment'");
    let (found, told) = steps(&make("wrong secret", &provider.issuer));
    assert_eq!(found, is(&[("discovery", true), ("keys", true), ("client", false)]), "{told}");
    assert!(told["steps"][2]["found"].as_str().unwrap().contains("invalid_client"), "{told}");
    assert!(!told.to_string().contains("not the secret"), "{told}");
    let order = json!({ "name": "provisions" });
    let made = admin(&world, "POST", "/admin/identity-providers", &order);
    let path = format!("/admin/identity-providers/{}/test", made["id"].as_str().unwrap());
    assert_eq!(steps(&path).0, is(&[("provisioning", false)]));
}
