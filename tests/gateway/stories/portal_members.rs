//! The pages of members: their dashboard, keys and sessions, and nobody else's.

use crate::support::browser::{Browser, form};
use crate::support::client::{Request, until_status};
use crate::support::world::{World, plain};

const ANN: &str = "00000000-0000-0000-0000-0000000000a1";
const BOB: &str = "00000000-0000-0000-0000-0000000000b1";
const BOBS_KEY: &str = "00000000-0000-0000-0000-0000000000b2";
/// The worst that a name can be: the database takes more than the forms do.
const HOSTILE: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\u{202e}";

/// Ann, a member, and Bob with a key, sessions and usage; the two have a name at its worst.
fn people(world: &World) -> (Browser, Browser) {
    let ann = Browser::user(world, ANN, "ann", "member");
    let bob = Browser::user(world, BOB, &format!("bob {HOSTILE}{}", "x".repeat(200)), "member");
    let hostile = HOSTILE.replace('\'', "''");
    world.database.sql(&format!(
        "insert into api_keys (id, name, key_hash, user_id) values
             ('{BOBS_KEY}', 'bobs {hostile}', sha256('bobs'), '{BOB}');
         select usage_ensure_partition(now());
         insert into usage (request_id, started_at, ended_at, key_id, user_id, session_id, agent_id,
             parent_agent_id, project, model, model_id, profile, endpoint, streaming, input_tokens,
             output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
             tokens_estimated, cost_nanos, cache_saved_nanos, priced, outcome, status, tools)
         select 'r' || n || id, now(), now() + interval '1 s', null, id::uuid, session, agent, null,
             project, 'claude-opus-5', 'claude-opus-5', 'p', 'default', true, 10, 20, 70, 0, 0, false,
             cost, 1, true, 'completed', 200, array[project]
         from (values (1, '{ANN}', 'anns-session', null, 'anns-project', 1250000000),
                 (2, '{ANN}', 'anns-session', 'agent-of-ann', 'anns-project', 1000000000),
                 (3, '{BOB}', 'bobs-session', '{hostile}', '{hostile}', 77000000000))
             as rows (n, id, session, agent, project, cost)"
    ));
    (ann, bob)
}

#[test]
fn members_see_what_is_their_own_and_nothing_else() {
    let world = World::start();
    let (ann, _) = people(&world);
    for path in ["/portal/dashboard", "/portal/keys?state=all&of=all", "/portal/sessions?of=all"] {
        let page = ann.page(path);
        assert!(!page.contains("bob") && !page.contains("77"), "{path}: {page}");
    }
    let dashboard = ann.page("/portal/dashboard?range=24h");
    assert!(dashboard.contains("$2.25") && dashboard.contains("anns-project"), "{dashboard}");
    for path in [
        &format!("/portal/keys/{BOBS_KEY}"),
        &format!("/portal/sessions/one?user={BOB}&session=bobs-session"),
        &format!("/portal/keys/new?user_id={BOB}"),
    ] {
        let reply = ann.send(Request::get(path));
        assert!(!reply.text().contains("bob"), "{path}: {}", reply.text());
        assert!(reply.status == 404 || path.contains("new"), "{path}");
    }
    for order in ["change", "rotate", "revoke", "delete"] {
        let reply = ann.submit(&format!("/portal/keys/{BOBS_KEY}/{order}"), &[("name", "mine")]);
        assert_eq!(reply.status, 404, "{order}");
    }
    for field in [("user_id", BOB), ("team_id", BOB), ("limits.tokens_per_minute", "7")] {
        let reply = ann.submit("/portal/keys/new", &[("name", "k"), field]);
        assert_eq!(reply.status, 403, "{field:?}");
    }
    let bad = ann.send(Request::get("/portal/keys/no-id"));
    assert_eq!(bad.status, 404);
    assert!(bad.text().contains("<h1>Not possible</h1>"), "a page, not JSON: {}", bad.text());
    for page in ["/portal/overview", "/portal/live", "/portal/status"] {
        assert_eq!(ann.send(Request::get(page)).status, 403, "{page}");
        assert!(!ann.page("/portal/dashboard").contains(&format!("href=\"{page}\"")), "{page}");
    }
}

#[test]
fn a_session_shows_its_agents_as_a_tree() {
    let world = World::start();
    let (ann, bob) = people(&world);
    let page = ann.page(&format!("/portal/sessions/one?user={ANN}&session=anns-session"));
    assert!(page.contains("Main conversation") && page.contains("branch depth1"), "{page}");
    assert!(page.contains("agent-of-ann") && page.contains("$1.25"), "{page}");
    let page = bob.page(&format!("/portal/sessions/one?user={BOB}&session=bobs-session"));
    assert!(page.contains("alert(1)") && !page.contains("<script>alert"), "{page}");
    let list = ann.page("/portal/sessions?q=ANNS-PRO&sort=dearest");
    assert!(list.contains("anns-project") && list.contains("$2.25"), "{list}");
    assert!(ann.page("/portal/sessions?q=none").contains("No session fits."));
}

#[test]
fn hostile_names_stay_names() {
    let world = World::start();
    let (_, bob) = people(&world);
    let admin = Browser::admin(world.address());
    for (browser, path) in [
        (&bob, "/portal/dashboard"),
        (&bob, "/portal/keys"),
        (&bob, "/portal/sessions"),
        (&admin, "/portal/keys?of=all"),
        (&admin, "/portal/sessions"),
        (&admin, &format!("/portal/keys/{BOBS_KEY}")),
        (&admin, &format!("/portal/keys/new?user_id={BOB}")),
        (&admin, "/portal/keys?of=all&q=%3Cscript%3Ealert(1)%3C/script%3E%22"),
    ] {
        let page = browser.page(path);
        assert!(page.contains("alert(1)"), "{path}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{path}: {page}");
    }
}

#[test]
fn a_key_is_made_shown_once_used_rotated_revoked_and_deleted() {
    let world = World::start();
    let (ann, _) = people(&world);
    for (fields, field) in [
        ([("name", ""), ("expires", "")], "name"),
        ([("name", &*"n".repeat(101)), ("expires", "")], "name"),
        ([("name", "laptop"), ("expires", "2001-01-01")], "expires_at"),
        ([("name", "laptop"), ("expires", "soon")], "expires"),
    ] {
        let reply = ann.submit("/portal/keys/new", &fields);
        assert_eq!(reply.status, 400, "{fields:?}");
        let page = reply.text();
        assert!(page.contains("class=\"error") && !page.contains("sk-ccag-"), "{field}: {page}");
        assert!(page.contains(&format!("value=\"{}\"", fields[0].1)), "what was typed stays");
        if field == "name" {
            assert!(page.contains("id=\"name_error\""), "{page}");
        }
    }
    assert_eq!(ann.send(form("/portal/keys/new", &[("name", "laptop")])).status, 403, "no token");

    let made = ann.submit("/portal/keys/new", &[("name", "laptop"), ("expires", "2031-05-01")]);
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = secret(&made.text());
    let with = |secret: &str| plain().without("x-api-key").x_api_key(secret);
    until_status(&with(&secret), world.address(), 200);
    let list = ann.page("/portal/keys");
    assert!(list.contains("laptop") && !list.contains(&secret), "{list}");
    let id =
        list.split("/portal/keys/").find_map(|part| part.get(..36).filter(|id| id.contains('-')));
    let one = format!("/portal/keys/{}", id.expect("a link to the key"));
    assert!(ann.page(&one).contains("2031-05-01"), "{}", ann.page(&one));
    assert!(!ann.page(&one).contains(&secret));

    let renamed =
        ann.submit(&format!("{one}/change"), &[("name", "desk"), ("expires", "2031-05-01")]);
    assert_eq!(renamed.header("location"), format!("{one}?notice=saved"));
    let later =
        ann.submit(&format!("{one}/change"), &[("name", "desk"), ("expires", "2032-05-01")]);
    assert_eq!(later.status, 403, "a member does not put an end off");

    let rotated = ann.submit(&format!("{one}/rotate"), &[("overlap_seconds", "0")]);
    let new = self::secret(&rotated.text());
    until_status(&with(&new), world.address(), 200);
    until_status(&with(&secret), world.address(), 401);
    let list = ann.page("/portal/keys?state=live");
    let id =
        list.split("/portal/keys/").find_map(|part| part.get(..36).filter(|id| id.contains('-')));
    let one = format!("/portal/keys/{}", id.expect("a link to the new key"));
    assert_eq!(
        ann.submit(&format!("{one}/revoke"), &[]).header("location"),
        format!("{one}?notice=key-revoked")
    );
    until_status(&with(&new), world.address(), 401);
    assert_eq!(
        ann.submit(&format!("{one}/delete"), &[]).header("location"),
        "/portal/keys?notice=deleted"
    );
    assert_eq!(ann.send(Request::get(&one)).status, 404);
}

/// The key that a page shows.
fn secret(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"secret\">").expect("a key is shown");
    rest.split('<').next().unwrap_or_default().to_owned()
}

#[test]
fn lists_page_by_name_and_by_age_without_losing_a_row() {
    let world = World::start();
    let ann = Browser::user(&world, ANN, "ann", "member");
    world.database.sql(&format!(
        "insert into api_keys (id, name, key_hash, user_id)
         select gen_random_uuid(), 'key ' || n / 2, sha256(n::text::bytea), '{ANN}'
         from generate_series(1, 120) as n"
    ));
    for sort in ["newest", "name"] {
        let (mut seen, mut path) = (Vec::new(), format!("/portal/keys?sort={sort}"));
        loop {
            let page = ann.page(&path);
            let links = page.split("class=\"name\" href=\"/portal/keys/").skip(1);
            seen.extend(links.map(|link| link[..36].to_owned()));
            let Some((_, rest)) = page.split_once("rel=\"next\"") else { break };
            assert!(rest.contains("Next page"));
            let (before, _) = page.split_once("\" rel=\"next\"").expect("a link");
            let query = before.rsplit("href=\"").next().unwrap_or_default();
            path = format!("/portal/keys{}", query.replace("&#38;", "&").replace("&amp;", "&"));
        }
        let pages = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((pages, seen.len()), (120, 120), "{sort}");
    }
}
