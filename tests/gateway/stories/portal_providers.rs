//! The pages of identity providers: adding one, trying it, its groups and its tokens, without scripts.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::client::Request;
use crate::support::gateway::ADMIN;
use crate::support::world::World;

const ANN: &str = "00000000-0000-0000-0000-0000000000a1";

fn read(world: &World, path: &str) -> Value {
    Request::get(path).bearer(ADMIN).send(world.address()).json()
}

/// What a form of a provider that signs people in has at least.
const FIELDS: [(&str, &str); 6] = [
    ("name", "okta"),
    ("enabled", "true"),
    ("oidc.issuer", "http://127.0.0.1:1/"),
    ("oidc.client_id", "ccag"),
    ("oidc.client_secret", "okta-secret-0123"),
    ("oidc.team_groups", "Engineers = tools"),
];

fn with(field: (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let kept = FIELDS.iter().copied().filter(|(name, _)| *name != field.0);
    kept.chain([field]).collect()
}

#[test]
fn a_provider_is_added_tried_changed_and_deleted_by_forms() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let team = Request::post("/admin/teams").bearer(ADMIN).body(r#"{"name":"tools"}"#);
    let team = team.send(world.address()).json()["id"].clone();
    assert!(admin.page("/portal/providers").contains("There is no identity provider yet"));
    for (field, word) in [
        (("name", ""), "name"),
        (("oidc.issuer", "http://evil.example"), "https://"),
        (("oidc.client_id", "two words"), "without spaces"),
        (("oidc.team_groups", "Engineers = nobody"), "there is no team"),
        (("oidc.team_groups", "Engineers"), "a group, = and a team"),
        (("oidc.allowed_domains", "no domain"), "does not fit"),
    ] {
        let refused = admin.submit("/portal/providers", &with(field));
        let page = refused.text();
        assert_eq!(refused.status, 400, "{field:?}: {page}");
        assert!(page.to_lowercase().contains(&word.to_lowercase()), "{field:?}: {page}");
        assert!(page.contains("Engineers") && !page.contains("okta-secret-0123"), "{page}");
    }
    let added = admin.submit("/portal/providers", &with(("oidc.admin_groups", "Admins\n Chiefs ")));
    assert_eq!(added.status, 303, "{}", added.text());
    let path = added.header("location").split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let stored = read(&world, &format!("/admin/identity-providers/{id}"));
    let oidc = &stored["oidc"];
    assert_eq!(oidc["admin_groups"], json!(["Admins", "Chiefs"]));
    assert_eq!(
        (&oidc["team_groups"], &oidc["auto_provision"]),
        (&json!({ "Engineers": team }), &json!(true))
    );

    let page = admin.page(&path);
    for word in ["http://127.0.0.1:1/", "/scim/v2", "Engineers = tools", "stored", "never"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("okta-secret-0123"), "{page}");
    let tried = admin.submit(&format!("{path}/test"), &[]).text();
    assert!(tried.contains("It does not do well") && tried.contains("discovery"), "{tried}");
    assert!(tried.contains("Check the issuer"), "{tried}");

    let off = [
        ("name", "Okta"),
        ("enabled", "false"),
        ("oidc.client_id", "ccag"),
        ("oidc.default_role", "admin"),
    ];
    assert_eq!(admin.submit(&format!("{path}/change"), &off).status, 303);
    let stored = read(&world, &format!("/admin/identity-providers/{id}"));
    assert_eq!((&stored["name"], &stored["enabled"]), (&json!("Okta"), &json!(false)));
    assert_eq!(stored["oidc"]["has_client_secret"], true, "an empty secret leaves the stored one");
    assert_eq!(
        (&stored["oidc"]["team_groups"], &stored["oidc"]["default_role"]),
        (&json!({}), &json!("admin"))
    );
    assert!(admin.page("/portal/providers").contains("off"));
    assert_eq!(admin.submit(&format!("{path}/delete"), &[]).status, 303);
    assert_eq!(admin.send(Request::get(&path)).status, 404);
}

#[test]
fn tokens_are_shown_once_and_what_provisions_only_has_groups_too() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let fields = [("name", "entra"), ("oidc.admin_groups", "Admins"), ("enabled", "true")];
    let added = admin.submit("/portal/providers", &fields);
    assert_eq!(added.status, 303, "{}", added.text());
    let path = added.header("location").split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let stored = read(&world, &format!("/admin/identity-providers/{id}"));
    assert_eq!(
        (&stored["kind"], &stored["provisioning"]["admin_groups"]),
        (&json!("scim"), &json!(["Admins"]))
    );
    let nameless = admin.submit(&format!("{path}/token"), &[("token_name", "")]);
    assert_eq!(nameless.status, 400);
    let past = [("token_name", "sync"), ("expires", "2000-01-31")];
    assert_eq!(admin.submit(&format!("{path}/token"), &past).status, 400);
    let made = admin.submit(&format!("{path}/token"), &[("token_name", "sync"), ("expires", "")]);
    let shown = made.text();
    let (_, rest) = shown.split_once("<code id=\"secret\">").expect("the token is shown");
    let secret = rest.split('<').next().unwrap().to_owned();
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"), "{shown}");
    let users = Request::get("/scim/v2/Users").bearer(&secret).send(world.address());
    assert_eq!(users.status, 200, "{}", users.text());
    let page = admin.page(&path);
    assert!(page.contains("sync") && !page.contains(&secret), "{page}");
    let tried = admin.submit(&format!("{path}/test"), &[]).text();
    assert!(tried.contains("It does well") && tried.contains("0 users"), "{tried}");
    let change = [("name", "entra"), ("enabled", "true"), ("provisioning.admin_groups", "Chiefs")];
    assert_eq!(admin.submit(&format!("{path}/change"), &change).status, 303);
    let stored = read(&world, &format!("/admin/identity-providers/{id}"));
    assert_eq!(stored["provisioning"]["admin_groups"], json!(["Chiefs"]));
    let tokens = read(&world, &format!("/admin/identity-providers/{id}/scim-tokens"));
    let token = tokens["data"][0]["id"].as_str().unwrap();
    assert_eq!(admin.submit(&format!("{path}/delete-token"), &[("token_id", token)]).status, 303);
    assert_eq!(Request::get("/scim/v2/Users").bearer(&secret).send(world.address()).status, 401);

    let ann = Browser::user(&world, ANN, "ann", "member");
    assert_eq!(ann.send(Request::get("/portal/providers")).status, 403);
    assert_eq!(ann.submit(&format!("{path}/token"), &[("token_name", "x")]).status, 403);
}
