//! Provisioning by SCIM: what a provider's token opens, and what its changes do to the gateway.

mod mapping;

use serde_json::{Value, json};

use crate::support::client::{Reply, Request, until_status};
use crate::support::gateway::{ADMIN, KEY};
use crate::support::world::{World, plain};

const OKTA: &str = "00000000-0000-0000-0000-0000000000d1";
const ENTRA: &str = "00000000-0000-0000-0000-0000000000d2";

/// A provider with a token.
struct Provider<'w> {
    world: &'w World,
    token: String,
}

/// A world with two providers.
fn providers(world: &World) -> [Provider<'_>; 2] {
    world.database.sql(&format!(
        "insert into identity_providers (id, name, kind) values
             ('{OKTA}', 'okta', 'scim'), ('{ENTRA}', 'entra', 'scim')"
    ));
    [OKTA, ENTRA].map(|id| Provider { world, token: token(world, id) })
}

fn token(world: &World, provider: &str) -> String {
    let path = format!("/admin/identity-providers/{provider}/scim-tokens");
    let order = Request::post(&path).bearer(ADMIN).body(r#"{"name":"sync"}"#);
    let made = order.send(world.address());
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
    secret.to_owned()
}

impl Provider<'_> {
    fn request(&self, method: &'static str, path: &str) -> Request {
        Request::new(method, &format!("/scim/v2{path}")).bearer(&self.token)
    }

    fn send(&self, method: &'static str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path);
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        request.send(self.world.address())
    }

    #[track_caller]
    fn done(&self, method: &'static str, path: &str, body: &Value) -> Value {
        let reply = self.send(method, path, body);
        assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.text());
        if reply.status == 204 { Value::Null } else { reply.json() }
    }

    #[track_caller]
    fn refused(&self, method: &'static str, path: &str, body: &Value, status: u16, kind: &str) {
        let reply = self.send(method, path, body);
        let told = reply.json();
        let is_error = told["schemas"] == json!(["urn:ietf:params:scim:api:messages:2.0:Error"]);
        assert!(is_error, "{told}");
        assert_eq!(reply.header("content-type"), "application/scim+json; charset=utf-8");
        let kind = (!kind.is_empty()).then_some(kind);
        assert_eq!(
            (reply.status, told["scimType"].as_str()),
            (status, kind),
            "{method} {path}: {told}"
        );
        assert_eq!(told["status"], status.to_string());
    }

    #[track_caller]
    fn user(&self, name: &str) -> Value {
        self.done(
            "POST",
            "/Users",
            &json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": name, "externalId": format!("x-{name}"), "active": true,
            }),
        )
    }

    fn listed(&self, path: &str) -> (i64, Vec<String>) {
        let list = self.done("GET", path, &Value::Null);
        let names = list["Resources"].as_array().unwrap().iter();
        let name = |one: &Value| {
            let name = one["userName"].as_str().or(one["displayName"].as_str());
            name.unwrap_or_default().to_owned()
        };
        (list["totalResults"].as_i64().unwrap(), names.map(name).collect())
    }
}

fn path(resource: &Value) -> String {
    let location = resource["meta"]["location"].as_str().unwrap();
    location.split_once("/scim/v2").unwrap().1.to_owned()
}

fn patch(operations: Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    })
}

fn encoded(filter: &str) -> String {
    url::form_urlencoded::byte_serialize(filter.as_bytes()).collect()
}

#[test]
fn a_provisioned_user_comes_goes_and_comes_back() {
    let world = World::start();
    let [okta, _] = providers(&world);
    let ann = okta.user("ann@example.com");
    let id = ann["id"].as_str().unwrap();
    let seen = Request::get(&format!("/admin/users/{id}")).bearer(ADMIN).send(world.address());
    assert_eq!(seen.json()["email"], "ann@example.com");
    assert_eq!(seen.json()["role"], "member");
    let key = json!({ "name": "laptop", "user_id": id }).to_string();
    let key = Request::post("/admin/keys").bearer(ADMIN).body(key).send(world.address()).json();
    let with = plain().without("x-api-key").x_api_key(key["secret"].as_str().unwrap());
    until_status(&with, world.address(), 200);
    for (operation, status) in [
        (json!({ "op": "Replace", "path": "active", "value": "False" }), 401),
        (json!({ "op": "replace", "value": { "active": true } }), 200),
    ] {
        okta.done("PATCH", &path(&ann), &patch(json!([operation])));
        until_status(&with, world.address(), status);
    }
    assert_eq!(okta.done("DELETE", &path(&ann), &Value::Null), Value::Null);
    until_status(&with, world.address(), 401);
    okta.refused("GET", &path(&ann), &Value::Null, 404, "");
    let rows = world
        .database
        .sql("select action, actor_name from audit where actor_kind = 'scim' order by id");
    let actions: Vec<_> = rows.iter().filter_map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["user.create", "user.edit", "user.edit", "user.delete"]);
    assert!(rows.iter().all(|row| row["actor_name"].as_deref() == Some("okta")));
}

#[test]
fn a_token_opens_its_own_providers_resources_and_nothing_else() {
    let world = World::start();
    let [okta, entra] = providers(&world);
    let ann = okta.user("ann");
    let group = okta.done(
        "POST",
        "/Groups",
        &json!({ "displayName": "tools", "members": [{ "value": ann["id"] }] }),
    );
    let admin = world.database.sql("select id from users where role = 'admin'");
    let admin = format!("/Users/{}", admin[0]["id"].as_deref().unwrap());
    let off = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    for (stranger, place) in [(&entra, path(&ann)), (&entra, path(&group)), (&okta, admin)] {
        stranger.refused("GET", &place, &Value::Null, 404, "");
        stranger.refused("PATCH", &place, &off, 404, "");
        stranger.refused("PUT", &place, &json!({ "userName": "x", "displayName": "x" }), 404, "");
        stranger.refused("DELETE", &place, &Value::Null, 404, "");
    }
    for list in ["/Users", "/Groups", "/Users?filter=userName%20pr", "/Groups?filter=id%20pr"] {
        assert_eq!(entra.listed(list).0, 0, "{list}");
    }
    let foreign = json!({ "displayName": "g", "members": [{ "value": ann["id"] }] });
    entra.refused("POST", "/Groups", &foreign, 400, "invalidValue");
    // The same name is somebody else at another provider, and never the admin that is there.
    let other = entra.user("ann");
    assert_ne!(other["id"], ann["id"]);
    let admin = okta.user("admin");
    let rows =
        world.database.sql("select name, role from users where name like 'admin%' order by name");
    let of = |at: usize, column: &str| rows[at][column].clone().unwrap();
    assert_eq!((of(0, "name"), of(0, "role")), ("admin".into(), "admin".into()));
    assert_eq!((of(1, "name"), of(1, "role")), ("admin (okta)".into(), "member".into()));
    assert_eq!(admin["userName"], "admin");

    for stranger in [KEY, ADMIN] {
        let status = Request::get("/scim/v2/Users").bearer(stranger).send(world.address()).status;
        assert_eq!(status, 403);
    }
    assert_eq!(Request::get("/scim/v2/Schemas").send(world.address()).status, 401);
    let with_token = Request::get("/admin/users").bearer(&okta.token);
    assert_eq!(with_token.send(world.address()).status, 403);
    assert_eq!(plain().without("x-api-key").bearer(&okta.token).send(world.address()).status, 401);
}

#[test]
fn a_token_ends_when_it_is_deleted_expires_or_its_provider_is_switched_off() {
    let world = World::start();
    let [okta, entra] = providers(&world);
    let status = |provider: &Provider<'_>| provider.send("GET", "/Users", &Value::Null).status;
    assert_eq!((status(&okta), status(&entra)), (200, 200));
    let tokens = format!("/admin/identity-providers/{OKTA}/scim-tokens");
    let list = Request::get(&tokens).bearer(ADMIN).send(world.address());
    assert!(!list.text().contains(&okta.token), "{}", list.text());
    let id = list.json()["data"][0]["id"].as_str().unwrap().to_owned();
    assert!(list.json()["data"][0]["last_used_at"].is_string());
    let foreign = format!("/admin/identity-providers/{ENTRA}/scim-tokens/{id}");
    assert_eq!(Request::new("DELETE", &foreign).bearer(ADMIN).send(world.address()).status, 404);
    let own = Request::new("DELETE", &format!("{tokens}/{id}")).bearer(ADMIN);
    assert_eq!(own.send(world.address()).status, 204);
    assert_eq!(status(&okta), 401);
    world.database.sql("update scim_tokens set expires_at = now() - interval '1 second'");
    assert_eq!(status(&entra), 401);
    world.database.sql("update scim_tokens set expires_at = null");
    assert_eq!(status(&entra), 200);
    world.database.sql("update identity_providers set enabled = false");
    assert_eq!(status(&entra), 401);
    let wrong = Request::get("/scim/v2/Users").bearer("scim-ccag-short");
    assert_eq!(wrong.send(world.address()).status, 401);
    let stored = world.database.sql("select token_hash::text as hash, prefix from scim_tokens");
    assert!(stored.iter().all(|row| row["prefix"].as_ref().unwrap().len() < 20));
}

#[test]
fn lists_are_filtered_paged_and_projected() {
    let world = World::start();
    let [okta, _] = providers(&world);
    for number in 0..7 {
        okta.user(&format!("user{number}@exämple.com"));
    }
    assert_eq!(
        okta.listed("/Users?startIndex=3&count=2").1,
        ["user2@exämple.com", "user3@exämple.com"]
    );
    assert_eq!(okta.listed("/Users?count=0"), (7, vec![]));
    assert_eq!(okta.listed("/Users?startIndex=-5&count=1").1.len(), 1);
    assert_eq!(okta.listed("/Users?startIndex=99"), (7, vec![]));
    for (filter, found) in [
        (r#"userName eq "USER3@exämple.com""#, 1),
        (r#"externalId eq "x-user1@exämple.com""#, 1),
        (r#"externalId eq "X-user1@exämple.com""#, 0),
        (r#"userName co "ä""#, 7),
        (r#"userName sw "user1" or userName sw "user2""#, 2),
        (r#"not (userName sw "user1") and active eq true"#, 6),
        (r#"meta.created gt "2020-01-01T00:00:00Z" and emails pr"#, 0),
        (r#"id eq "no uuid""#, 0),
    ] {
        let path = format!("/Users?filter={}&count=3", encoded(filter));
        let (total, shown) = okta.listed(&path);
        assert_eq!(
            (total, shown.len()),
            (found, usize::try_from(found.min(3)).unwrap()),
            "{filter}"
        );
    }
    for bad in ["userName", "userName eq \"ä", "((", "active gt true", "ü pr"] {
        let path = format!("/Users?filter={}", encoded(bad));
        okta.refused("GET", &path, &Value::Null, 400, "invalidFilter");
    }
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName sw \"user4\"", "attributes": ["userName"],
    });
    let found = okta.done("POST", "/Users/.search", &search);
    let shown = found["Resources"][0].as_object().unwrap();
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["id", "schemas", "userName"]);
    let shown = okta.done("GET", "/Users?excludedAttributes=active,meta&count=1", &Value::Null);
    assert_eq!(shown["Resources"][0].get("active"), None);
    okta.refused("GET", "/nothing", &Value::Null, 404, "");
    okta.refused("GET", "/Users/no-uuid", &Value::Null, 404, "");
    okta.refused("POST", "/Users", &json!("text"), 400, "invalidSyntax");
    assert_eq!(okta.send("POST", "/Bulk", &json!({})).status, 501);
}

#[test]
fn an_etag_guards_against_changes_of_others() {
    let world = World::start();
    let [okta, _] = providers(&world);
    let ann = okta.user("ann");
    let read = okta.send("GET", &path(&ann), &Value::Null);
    let etag = read.header("etag").to_owned();
    assert_eq!(read.json()["meta"]["version"], etag);
    let known = okta.request("GET", &path(&ann)).header("if-none-match", &etag);
    assert_eq!(known.send(world.address()).status, 304);
    let title = patch(json!([{ "op": "add", "path": "title", "value": "Dr" }])).to_string();
    let guarded = okta.request("PATCH", &path(&ann)).header("if-match", &etag).body(title);
    let changed = guarded.send(world.address());
    assert_eq!((changed.status, changed.json()["title"].as_str()), (200, Some("Dr")));
    assert_ne!(changed.header("etag"), etag);
    for method in ["PATCH", "DELETE"] {
        let late = okta.request(method, &path(&ann)).header("if-match", &etag);
        let late = late.body(patch(json!([])).to_string()).send(world.address());
        assert_eq!(late.status, 412, "{method}");
    }
    // What changes nothing leaves no trace.
    let audited = || world.database.sql("select id from audit").len();
    let before = audited();
    okta.done(
        "PATCH",
        &path(&ann),
        &patch(json!([{ "op": "replace", "path": "title", "value": "Dr" }])),
    );
    assert_eq!(audited(), before);
}

#[test]
fn groups_hold_the_providers_users() {
    let world = World::start();
    let [okta, _] = providers(&world);
    let people = ["ann", "bob", "eve"].map(|name| okta.user(name)["id"].clone());
    let group = okta.done(
        "POST",
        "/Groups",
        &json!({ "displayName": "Tools", "members": [{ "value": people[0] }] }),
    );
    let changed = okta.done("PATCH", &path(&group), &patch(json!([
        { "op": "add", "path": "members", "value": [{ "value": people[1] }, { "value": people[2] }] },
        { "op": "remove", "path": format!("members[value eq {}]", people[0]) },
        { "op": "replace", "path": "displayName", "value": "Tools and toys" },
    ])));
    let members = changed["members"].as_array().unwrap().iter();
    let ids: Vec<_> = members.map(|member| member["value"].clone()).collect();
    assert_eq!((ids.as_slice(), &changed["displayName"]), (&people[1..], &json!("Tools and toys")));
    let bob = okta.done("GET", &format!("/Users/{}", people[1].as_str().unwrap()), &Value::Null);
    assert_eq!(bob["groups"][0]["display"], "Tools and toys");
    for (filter, found) in [
        (r#"displayName eq "tools AND toys""#.to_owned(), 1),
        (format!("members eq {}", people[1]), 1),
        (format!("members[value eq {}]", people[0]), 0),
    ] {
        let path = format!("/Groups?excludedAttributes=members&filter={}", encoded(&filter));
        assert_eq!(okta.listed(&path).0, found, "{filter}");
        assert!(!okta.send("GET", &path, &Value::Null).text().contains("\"members\""));
    }
    okta.done("DELETE", &format!("/Users/{}", people[2].as_str().unwrap()), &Value::Null);
    let left = okta.done("GET", &path(&group), &Value::Null);
    assert_eq!(left["members"].as_array().unwrap().len(), 1);
    let nobody = json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }]);
    okta.refused("PATCH", &path(&group), &patch(nobody), 400, "invalidValue");
    assert_eq!(
        okta.done("PUT", &path(&group), &json!({ "displayName": "Empty" })).get("members"),
        None
    );
    okta.done("DELETE", &path(&group), &Value::Null);
    okta.refused("GET", &path(&group), &Value::Null, 404, "");
}

#[test]
fn a_name_is_given_once() {
    let world = World::start();
    let [okta, _] = providers(&world);
    let ann = okta.user("ann");
    okta.user("bob");
    let again = json!({ "userName": "ANN" });
    okta.refused("POST", "/Users", &again, 409, "uniqueness");
    let as_bob = patch(json!([{ "op": "replace", "path": "userName", "value": "Bob" }]));
    okta.refused("PATCH", &path(&ann), &as_bob, 409, "uniqueness");
    okta.refused("POST", "/Users", &json!({ "userName": " " }), 400, "invalidValue");
    let renamed = okta.done("PUT", &path(&ann), &json!({ "userName": "ann2", "active": true }));
    assert_eq!(renamed.get("externalId"), None);
    let names = world.database.sql("select name from users where name = 'ann2'");
    assert_eq!(names.len(), 1);
}
