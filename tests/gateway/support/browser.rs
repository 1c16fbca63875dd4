//! A browser that is signed in to the portal, and the forms that it sends.

use super::client::{Reply, Request};
use super::gateway::ADMIN;
use super::world::World;

/// A form as a browser sends it.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish())
}

/// The value of a cookie that a reply sets.
pub(crate) fn cookie(reply: &Reply, name: &str) -> Option<String> {
    let set = reply.head.headers("set-cookie");
    let start = format!("{name}=");
    let one = set.into_iter().find(|one| one.starts_with(&start))?;
    one.split(';').next().map(str::to_owned)
}

/// A browser with a session at one gateway.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) address: String,
    pub(crate) cookie: String,
}

impl Browser {
    /// Signs in with the admin key.
    #[track_caller]
    pub(crate) fn admin(address: &str) -> Self {
        Self::by(address, &[("admin_key", ADMIN), ("next", "/portal/live")])
    }

    /// Signs in by a form with these fields.
    #[track_caller]
    pub(crate) fn by(address: &str, fields: &[(&str, &str)]) -> Self {
        let reply = form("/portal/sign-in", fields).send(address);
        assert_eq!(reply.status, 303, "{}", reply.text());
        let cookie = cookie(&reply, "ccag_session").expect("a session's cookie");
        Self { address: address.to_owned(), cookie }
    }

    /// Makes a user of this name and role with a session.
    pub(crate) fn user(world: &World, id: &str, name: &str, role: &str) -> Self {
        let secret = format!("{:0<43}", id.replace('-', ""));
        let name = name.replace('\'', "''");
        world.database.sql(&format!(
            "insert into users (id, name, role) values ('{id}', '{name}', '{role}');
             insert into portal_sessions (id, secret_hash, user_id, signed_in_by)
             values (gen_random_uuid(), sha256('{secret}'), '{id}', 'password')"
        ));
        let cookie = format!("ccag_session={secret}");
        Self { address: world.address().to_owned(), cookie }
    }

    /// Sends a request with the session's cookie.
    #[track_caller]
    pub(crate) fn send(&self, request: Request) -> Reply {
        request.header("cookie", &self.cookie).send(&self.address)
    }

    /// A page that is there.
    #[track_caller]
    pub(crate) fn page(&self, path: &str) -> String {
        let reply = self.send(Request::get(path));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.text()
    }

    /// The token of the session's forms.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let page = self.send(Request::get("/portal/password")).text();
        let (_, rest) = page.split_once("name=\"token\" value=\"").expect("a token");
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Sends a form with these fields and the session's token.
    #[track_caller]
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = self.token();
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        self.send(form(path, &all))
    }

    /// Sends a JSON request as a page's script does.
    #[track_caller]
    pub(crate) fn json(&self, request: Request) -> Reply {
        self.send(request.header("x-csrf-token", &self.token()))
    }
}
