//! Everything a story needs at once.

use super::answers::MODEL;
use super::client::{Incoming, Reply, Request};
use super::database::Database;
use super::gateway::{Gateway, KEY, Setup};
use super::postgres::Postgres;
use super::postgres_proxy::PostgresProxy;
use super::upstream::{Script, Upstream};

const NOTIFY: &str = r#"select pg_notify('ccag_changes', '{"table":"api_keys"}')"#;

/// A gateway between a Bedrock and a database of its own.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) setup: Setup,
    pub(crate) upstream: Upstream,
    pub(crate) database: Database,
}

impl World {
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With further variables in the gateway's environment.
    #[track_caller]
    pub(crate) fn with(environment: &[(&str, &str)]) -> Self {
        let (database, upstream) = (Database::create(), Upstream::start());
        let setup = environment
            .iter()
            .fold(Setup::new(&database.url(), &upstream.address), |setup, (name, value)| {
                setup.env(name, value)
            });
        Self { gateway: setup.start(), setup, upstream, database }
    }

    /// On a server of its own, which the gateway migrates first.
    #[track_caller]
    pub(crate) fn on(postgres: &Postgres) -> Self {
        let (database, upstream) = (Database::at(&postgres.connection()), Upstream::start());
        let setup = Setup::new(&database.url(), &upstream.address);
        Self { gateway: setup.start(), setup, upstream, database }
    }

    /// With a proxy before its database that can be cut.
    #[track_caller]
    pub(crate) fn behind_proxy() -> (Self, PostgresProxy) {
        Self::behind_proxy_with(|setup| setup)
    }

    /// As [`Self::behind_proxy`], with a gateway that is set up otherwise.
    #[track_caller]
    pub(crate) fn behind_proxy_with(change: impl FnOnce(Setup) -> Setup) -> (Self, PostgresProxy) {
        let (database, upstream) = (Database::create(), Upstream::start());
        let proxy = PostgresProxy::start(&database);
        let setup = change(Setup::new(&database.url_through(&proxy.address), &upstream.address));
        let world = Self { gateway: setup.start(), setup, upstream, database };
        (world, proxy)
    }

    pub(crate) fn address(&self) -> &str {
        &self.gateway.address
    }

    /// Makes a key with one column set by SQL, tells the gateways, and returns the key.
    pub(crate) fn add_key(&self, name: &str, column: &str, value: &str) -> String {
        let key = format!("sk-ccag-{name}-{}", "0123456789".repeat(4));
        self.database.sql(&format!(
            "with owner as (
                 insert into users (id, name) values (gen_random_uuid(), 'owner of {name}')
                 returning id
             )
             insert into api_keys (id, name, key_hash, user_id, {column})
             select gen_random_uuid(), '{name}', sha256('{key}'), id, {value} from owner;
             {NOTIFY}"
        ));
        key
    }

    /// Changes a key by an assignment in SQL, and tells the gateways.
    pub(crate) fn change_key(&self, name: &str, assignment: &str) {
        self.database
            .sql(&format!("update api_keys set {assignment} where name = '{name}'; {NOTIFY}"));
    }

    /// One streaming request that Bedrock answers by `script`.
    #[track_caller]
    pub(crate) fn stream(&self, script: Script) -> Incoming {
        self.upstream.next(script);
        streaming().open(self.address())
    }

    /// One request without streaming that Bedrock answers by `script`.
    #[track_caller]
    pub(crate) fn ask(&self, script: Script) -> Reply {
        self.upstream.next(script);
        plain().send(self.address())
    }
}

/// A request for a stream, with the first key.
pub(crate) fn streaming() -> Request {
    messages(true)
}

/// A request for one whole message, with the first key.
pub(crate) fn plain() -> Request {
    messages(false)
}

fn messages(stream: bool) -> Request {
    let body = format!(
        r#"{{"model":"{MODEL}","max_tokens":64,"stream":{stream},"messages":[{{"role":"user","content":"Good day"}}]}}"#
    );
    Request::post("/v1/messages").x_api_key(KEY).body(body)
}
