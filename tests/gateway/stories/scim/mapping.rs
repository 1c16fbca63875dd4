//! What provisioned groups make of people: role and team, on every gateway, and back.

use serde_json::{Value, json};

use super::{Provider, patch, path, token};
use crate::support::browser::Browser;
use crate::support::client::Request;
use crate::support::gateway::{ADMIN, Gateway};
use crate::support::until;
use crate::support::world::World;

const ADMINS: &str = "Gateway admins";

#[track_caller]
fn order(world: &World, method: &'static str, path: &str, body: &Value) -> Value {
    let reply =
        Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(world.address());
    assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.text());
    reply.json()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// Two gateways, two teams, and a provider whose groups decide.
struct Scene {
    world: World,
    second: Gateway,
    tools: String,
    provider: String,
}

impl Scene {
    /// With rules of this kind: `oidc` for a provider that signs people in too.
    fn with(kind: &str) -> Self {
        let world = World::start();
        let second = world.setup.another().start();
        let team = json!({ "name": "tools", "models": ["claude-opus-5"] });
        let tools = id(&order(&world, "POST", "/admin/teams", &team)).to_owned();
        let mut rules = json!({ "admin_groups": [ADMINS], "team_groups": { "Tools": tools } });
        if kind == "oidc" {
            rules["issuer"] = json!("http://127.0.0.1:1/");
            rules["client_id"] = json!("ccag");
        }
        let provider = json!({ "name": "okta", kind: rules });
        let made = order(&world, "POST", "/admin/identity-providers", &provider);
        let provider = id(&made).to_owned();
        Self { world, second, tools, provider }
    }

    fn okta(&self) -> Provider<'_> {
        Provider { world: &self.world, token: token(&self.world, &self.provider) }
    }

    fn user(&self, user: &Value) -> (Value, Value) {
        let path = format!("/admin/users/{}", id(user));
        let user = Request::get(&path).bearer(ADMIN).send(self.world.address()).json();
        (user["role"].clone(), user["team_id"].clone())
    }

    fn addresses(&self) -> [&str; 2] {
        [self.world.address(), &self.second.address]
    }
}

fn group(okta: &Provider<'_>, name: &str, members: &[&Value]) -> Value {
    let members: Vec<Value> = members.iter().map(|user| json!({ "value": user["id"] })).collect();
    okta.done("POST", "/Groups", &json!({ "displayName": name, "members": members }))
}

fn without(user: &Value) -> Value {
    let path = format!("members[value eq {}]", user["id"]);
    patch(json!([{ "op": "remove", "path": path }]))
}

fn with(user: &Value) -> Value {
    patch(json!([{ "op": "add", "path": "members", "value": [{ "value": user["id"] }] }]))
}

#[test]
fn groups_give_role_and_team_on_every_gateway_and_take_them_away() {
    for kind in ["oidc", "provisioning"] {
        let scene = Scene::with(kind);
        let okta = scene.okta();
        let (ann, bob) = (okta.user("ann"), okta.user("bob"));
        assert_eq!(scene.user(&ann), (json!("member"), Value::Null));
        let key = json!({ "name": "k", "user_id": ann["id"] });
        let key = order(&scene.world, "POST", "/admin/keys", &key)["secret"].clone();
        let models = |address: &str| {
            let list = Request::get("/v1/models?limit=1000").x_api_key(key.as_str().unwrap());
            list.send(address).json()["data"].as_array().map_or(0, Vec::len)
        };
        let all = models(scene.world.address());
        let tools = group(&okta, "Tools", &[&ann, &bob]);
        assert_eq!(scene.user(&ann), (json!("member"), json!(scene.tools)));
        let has = |wanted: usize| {
            for address in scene.addresses() {
                until("the team's models hold", || (models(address) == wanted).then_some(()));
            }
        };
        has(1);

        let secret = "b".repeat(43);
        scene.world.database.sql(&format!(
            "insert into portal_sessions (id, secret_hash, user_id, signed_in_by)
             values (gen_random_uuid(), sha256('{secret}'), '{}', 'password')",
            id(&bob)
        ));
        let cookie = format!("ccag_session={secret}");
        let manages = |status: u16| {
            for address in scene.addresses() {
                let browser = Browser { address: address.to_owned(), cookie: cookie.clone() };
                until("the role holds", || {
                    let reply = browser.send(Request::get("/admin/users"));
                    (reply.status == status).then_some(())
                });
            }
        };
        manages(403);
        let admins = group(&okta, ADMINS, &[&bob]);
        assert_eq!(scene.user(&bob), (json!("admin"), json!(scene.tools)));
        manages(200);

        okta.done("PATCH", &path(&tools), &without(&ann));
        assert_eq!(scene.user(&ann), (json!("member"), Value::Null));
        has(all);
        let renamed = json!([{ "op": "replace", "path": "displayName", "value": "Others" }]);
        okta.done("PATCH", &path(&admins), &patch(renamed));
        assert_eq!(scene.user(&bob).0, "member", "the rule names a group that is no more");
        manages(403);
        okta.done("DELETE", &path(&tools), &Value::Null);
        assert_eq!(scene.user(&bob), (json!("member"), Value::Null));

        let rows = scene.world.database.sql(
            "select subject_name, actor_kind, actor_name from audit where action = 'user.map' order by id",
        );
        let names: Vec<&str> =
            rows.iter().map(|row| row["subject_name"].as_deref().unwrap()).collect();
        assert_eq!(names, ["ann", "bob", "bob", "ann", "bob", "bob"]);
        assert!(rows.iter().all(|row| row["actor_name"].as_deref() == Some("okta")));
        let chain =
            Request::get("/admin/audit/integrity").bearer(ADMIN).send(scene.world.address());
        assert_eq!(chain.json()["broken_at"], Value::Null, "{}", chain.text());
    }
}

#[test]
fn the_last_admin_stays_one_and_new_rules_hold_at_once() {
    let scene = Scene::with("oidc");
    let okta = scene.okta();
    let (ann, bob) = (okta.user("ann"), okta.user("bob"));
    let admins = group(&okta, ADMINS, &[&bob]);
    let only = "update users set role = 'member' where name = 'admin'";
    scene.world.database.sql(only);
    okta.done("PATCH", &path(&admins), &without(&bob));
    assert_eq!(scene.user(&bob).0, "admin", "somebody must be an admin");
    okta.done("PATCH", &path(&admins), &with(&ann));
    okta.done("PATCH", &path(&admins), &with(&bob));
    okta.done("PATCH", &path(&admins), &without(&bob));
    assert_eq!((scene.user(&ann).0, scene.user(&bob).0), (json!("admin"), json!("member")));

    let provider = format!("/admin/identity-providers/{}", scene.provider);
    let staff = group(&okta, "Staff", &[&bob]);
    let rules = json!({ "oidc": { "admin_groups": [ADMINS, "Staff"], "team_groups": { "Staff": scene.tools } } });
    order(&scene.world, "PATCH", &provider, &rules);
    assert_eq!(scene.user(&bob), (json!("admin"), json!(scene.tools)));
    okta.done("DELETE", &path(&staff), &Value::Null);
    assert_eq!(scene.user(&bob), (json!("member"), Value::Null));
    let both = json!({ "provisioning": { "admin_groups": ["x"] } }).to_string();
    let both = Request::new("PATCH", &provider).bearer(ADMIN).body(both);
    let refused = both.send(scene.world.address());
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("mapped_by_oidc")));
}

#[test]
fn new_people_are_what_the_provider_says() {
    let scene = Scene::with("provisioning");
    let provider = format!("/admin/identity-providers/{}", scene.provider);
    let rules =
        json!({ "provisioning": { "default_role": "admin", "default_team_id": scene.tools } });
    order(&scene.world, "PATCH", &provider, &rules);
    let eve = scene.okta().user("eve");
    assert_eq!(scene.user(&eve), (json!("admin"), json!(scene.tools)));
    // What provisioned goes on when the provider signs people in too.
    let oidc = json!({ "oidc": { "issuer": "http://127.0.0.1:1/", "client_id": "ccag" } });
    let made = order(&scene.world, "PATCH", &provider, &oidc);
    assert_eq!(made["oidc"]["default_team_id"], json!(scene.tools));
    assert_eq!(
        (&made["oidc"]["default_role"], &made["provisioning"]),
        (&json!("admin"), &Value::Null)
    );
}
