//! The portal's pages as a browser meets them: who may see them, what their forms do, and that names
//! stay names.

use crate::support::answers;
use crate::support::browser::{Browser, form};
use crate::support::client::Request;
use crate::support::gateway::{ADMIN, KEY};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Script, Step};
use crate::support::world::World;

const PAGES: [&str; 3] = ["/portal/overview", "/portal/live", "/portal/status"];
/// What a model's name may be at worst: Bedrock's ARNs are passed on as they are.
const HOSTILE: &str =
    r#"arn:aws:bedrock:us-east-1:1:application-inference-profile/<script>alert(1)</script>\"'&"#;

#[test]
fn pages_are_for_the_signed_in_and_lead_others_to_the_door_and_back() {
    let world = World::start();
    for page in PAGES {
        let reply = Request::get(page).send(world.address());
        let door = format!("/portal/sign-in?next={}", page.replace('/', "%2F").replace('-', "%2D"));
        assert_eq!((reply.status, reply.header("location")), (303, door.as_str()));
        let shown = Request::get(&door).send(world.address());
        assert!(
            shown
                .text()
                .contains(&format!("name=\"next\" value=\"{}\"", page.replace('/', "&#47;")))
                || shown.text().contains(&format!("name=\"next\" value=\"{page}\""))
        );
    }
    let browser = Browser::admin(world.address());
    for page in PAGES {
        assert!(browser.page(page).contains("Sign out"), "{page}");
    }
    let altered = Request::get(PAGES[0]).header("cookie", &format!("{}0", browser.cookie));
    assert_eq!(altered.send(world.address()).status, 303);
}

#[test]
fn a_wrong_key_is_told_beside_its_field_and_opens_nothing() {
    let world = World::start();
    for wrong in ["", KEY, &ADMIN[1..], "<script>"] {
        let fields = [("admin_key", wrong), ("next", "https://evil.test/")];
        let reply = form("/portal/sign-in", &fields).send(world.address());
        assert_eq!(reply.status, 401, "{wrong}");
        assert!(reply.head.header("set-cookie").is_none());
        let page = reply.text();
        assert!(page.contains("aria-invalid=\"true\"") && page.contains("admin_key_error"));
        assert!(!page.contains("evil.test") && !page.contains("<script>"), "{page}");
    }
}

#[test]
fn every_page_forbids_what_is_not_its_own() {
    let world = World::start();
    let browser = Browser::admin(world.address());
    for page in
        ["/", "/portal/sign-in?next=x", "/portal/overview", "/portal/live", "/portal/status"]
    {
        let request = Request::get(page);
        let visitor = request.send(world.address());
        let replies = [visitor, browser.send(request)];
        for reply in replies.iter().filter(|reply| reply.status == 200) {
            let policy = reply.header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(!reply.text().contains(" style=") && !reply.text().contains(" onclick="));
        }
    }
}

#[test]
fn a_running_request_is_seen_and_stopped_and_its_client_is_told_why() {
    let world = World::start();
    let events = [answers::start(), answers::delta("Good day")];
    let mut incoming = world.stream(Script::events(&events).step(Step::AwaitLeft));
    assert_eq!(incoming.event().name, "message_start");
    assert_eq!(incoming.event().name, "content_block_delta");
    let id = incoming.request_id();
    let browser = Browser::admin(world.address());
    let page = browser.page("/portal/live");
    assert!(page.contains(&id) && page.contains(answers::MODEL) && page.contains("1 running"));
    let row = &world.database.sql("select name, user_id from api_keys")[0];
    let key = row["name"].clone().unwrap();
    assert!(page.contains(&format!("<bdi>{key}</bdi>")), "the key by its name: {page}");
    let user = row["user_id"].clone().unwrap();
    assert!(page.contains(&format!("/portal/members/{user}")), "{page}");
    assert!(!page.contains(&format!(">{user}<")), "the user by its name: {page}");
    assert!(!browser.page("/portal/live?q=opus").contains(&id), "the search leaves it out");
    assert!(browser.page("/portal/live?q=SONNET&sort=tokens").contains(&id));

    let token = browser.token();
    let stop = |token: &str| form("/portal/live/stop", &[("token", token), ("request_id", &id)]);
    assert_eq!(browser.send(stop("")).status, 403, "without the session's token");
    let elsewhere = stop(&token).header("origin", "https://evil.test");
    assert_eq!(browser.send(elsewhere).status, 403, "from another host");
    assert_eq!(stop(&token).send(world.address()).status, 303, "without the session");
    assert!(browser.page("/portal/live").contains(&id), "nothing of that stopped it");

    let reply = browser.send(stop(&token).header("origin", "http://gateway"));
    assert_eq!((reply.status, reply.header("location")), (303, "/portal/live?notice=stopped"));
    let error = incoming.event();
    assert_eq!(error.name, "error");
    assert!(format!("{error:?}").contains("An administrator stopped this request."), "{error:?}");
    assert_eq!(incoming.events(), []);
    world.upstream.exchange(0).wait_left();
    rows::assert_columns(&rows::row(&world.database, &id), &[("outcome", "failed")]);
    until("it is gone", || (!browser.page("/portal/live").contains(&id)).then_some(()));
    let again = browser.send(stop(&token));
    assert_eq!(again.header("location"), "/portal/live?notice=already-ended");
}

#[test]
fn a_hostile_model_name_stays_a_name() {
    let world = World::start();
    world.upstream.next(Script::silence());
    let body = format!(
        r#"{{"model":"{HOSTILE}{}","max_tokens":64,"messages":[{{"role":"user","content":"x"}}]}}"#,
        "x".repeat(200)
    );
    let request = Request::post("/v1/messages").x_api_key(KEY).body(body);
    let _running = request.begin_whole(world.address());
    let browser = Browser::admin(world.address());
    let page = until("the request is shown", || {
        let page = browser.page("/portal/live?q=%3Cscript%3E");
        page.contains("1 running").then_some(page)
    });
    assert!(page.contains("1 found") && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("alert(1)"), "{page}");
}

#[test]
fn a_crash_is_seen_in_the_picture_of_the_tree() {
    let world = World::start();
    let browser = Browser::admin(world.address());
    assert!(!browser.page("/portal/status").contains("crashed by order"));
    assert_eq!(world.gateway.crash("limiter").status, 202);
    until("the crash is shown", || {
        let page = browser.page("/portal/status");
        (page.contains("crashed by order") && page.contains("rebuilt 1 ×")).then_some(())
    });
}

#[test]
fn signing_out_ends_the_cookie_and_needs_the_token() {
    let world = World::start();
    let browser = Browser::admin(world.address());
    assert_eq!(browser.send(form("/portal/sign-out", &[("token", "x")])).status, 403);
    let reply = browser.send(form("/portal/sign-out", &[("token", &browser.token())]));
    assert_eq!(reply.header("location"), "/portal/sign-in?notice=signed-out");
    assert!(reply.header("set-cookie").contains("Max-Age=0"), "{reply:?}");
}

#[test]
fn the_connect_page_has_one_command_and_a_members_brings_its_own_key() {
    let world = World::with(&[("PUBLIC_URL", "http://gateway.example")]);
    let visitor = Request::get("/?scope=project&by=token").send(world.address()).text();
    assert!(visitor.contains("sh -s -- --scope project --sso"), "{visitor}");
    assert!(visitor.contains("--scope project --undo"), "{visitor}");
    let windows = Request::get("/").header("user-agent", "Mozilla (Windows NT 10.0)");
    assert!(windows.send(world.address()).text().contains("/setup.ps1"));
    let with_key = Request::get("/?by=key").send(world.address()).text();
    assert!(with_key.contains("CCAG_API_KEY=YOUR_API_KEY sh -s -- --scope user"), "{with_key}");
    let admin = Browser::admin(world.address());
    assert!(!admin.page("/?by=token").contains("Get my command"), "the admin key is no user");

    let ann = Browser::user(&world, "00000000-0000-0000-0000-0000000000a1", "ann", "member");
    assert!(ann.page("/?by=token").contains("Get my command"));
    assert!(!ann.page("/").contains("href=\"/portal/password\""), "ann has no password");
    let wrong = ann.submit("/portal/connect", &[("name", "\u{202e}")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"name_error\""), "{}", wrong.text());
    let fields = [("name", "laptop"), ("platform", "unix"), ("scope", "project")];
    let page = ann.submit("/portal/connect", &fields).text();
    let (_, rest) = page.split_once("--scope project --token ").expect("a token");
    let token = rest.split('<').next().unwrap();
    let redeem = Request::post("/setup/redeem").body(format!("{{\"token\":\"{token}\"}}"));
    let key = redeem.send(world.address());
    assert_eq!((key.status, &key.json()["name"]), (201, &serde_json::json!("laptop")));
    assert!(ann.page("/portal/keys").contains("laptop"));
}
