//! Owns the LISTEN connection and forwards what writers announce; after a loss everything is read
//! again, because announcements were missed meanwhile.

use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};

use super::endpoints::SessionPool;
use super::identity::IdentityOwner;
use super::keys::KeyCache;
use super::limiter::Limiter;
use super::prices::PriceOwner;
use super::prober::{Look, Prober};
use super::reload::Reload;
use super::settings::SettingsOwner;
use super::tree::{Name, Tombstone};
use super::verdicts::Teacher;
use crate::storage::Database;
use crate::storage::listen::{Announcement, listen};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

#[derive(Message)]
#[rtype(result = "()")]
enum Heard {
    Listening,
    Changed(Announcement),
}

/// Those who want to hear of changes.
#[derive(Clone)]
pub struct Listeners {
    /// Hears of `api_keys` and `users`.
    pub keys: Name<KeyCache>,
    /// Hears of `budgets`.
    pub limiter: Name<Limiter>,
    /// Hears of people, and of what they sign in by.
    pub identity: Name<IdentityOwner>,
    /// Hears of `verdicts`.
    pub verdicts: Name<Teacher>,
    /// Hears of `endpoints`, `endpoint_probes`, `team_endpoints` and `model_mappings`.
    pub endpoints: Name<SessionPool>,
    /// Hears of `settings`.
    pub settings: Name<SettingsOwner>,
    /// Hears of `prices`.
    pub prices: Name<PriceOwner>,
    /// Hears of `endpoint_probes`.
    pub prober: Name<Prober>,
}

/// The actor.
pub struct Changes {
    database: Database,
    listeners: Listeners,
    retry: Duration,
    _tombstone: Tombstone,
}

impl Changes {
    /// Listens on `database` for `listeners`.
    #[must_use]
    pub fn new(database: Database, listeners: Listeners, tombstone: Tombstone) -> Self {
        Self { database, listeners, retry: FIRST_RETRY, _tombstone: tombstone }
    }

    fn listen(&mut self, ctx: &mut Context<Self>) {
        let (database, to) = (self.database.clone(), ctx.address());
        let listening = async move {
            let ready = to.clone();
            let heard = move |announcement| {
                to.do_send(Heard::Changed(announcement));
                to.connected()
            };
            listen(&database, move || ready.do_send(Heard::Listening), heard).await
        };
        ctx.spawn(listening.into_actor(self).map(|ended, changes, ctx| {
            if let Err(error) = ended {
                tracing::warn!(%error, "Changes are not heard; listening again soon.");
            }
            ctx.run_later(changes.retry, Self::listen);
            changes.retry = (changes.retry * 2).min(LONGEST_RETRY);
        }));
    }
}

impl Actor for Changes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.listen(ctx);
    }
}

impl Handler<Heard> for Changes {
    type Result = ();

    fn handle(&mut self, heard: Heard, _: &mut Context<Self>) {
        let table = match &heard {
            Heard::Listening => {
                self.retry = FIRST_RETRY;
                None
            }
            Heard::Changed(announcement) => Some(announcement.table.as_str()),
        };
        if matches!(table, None | Some("api_keys" | "users" | "teams")) {
            self.listeners.keys.tell(Reload);
        }
        if matches!(table, None | Some("budgets")) {
            self.listeners.limiter.tell(Reload);
        }
        if matches!(
            table,
            None | Some(
                "users" | "teams" | "identities" | "identity_providers" | "client_sessions"
            )
        ) {
            self.listeners.identity.tell(Reload);
        }
        if matches!(table, None | Some("verdicts")) {
            self.listeners.verdicts.tell(Reload);
        }
        if matches!(
            table,
            None | Some(
                "endpoints" | "endpoint_probes" | "team_endpoints" | "model_mappings" | "teams"
            )
        ) {
            self.listeners.endpoints.tell(Reload);
        }
        if table == Some("endpoint_probes") {
            self.listeners.prober.tell(Look);
        }
        if matches!(table, None | Some("settings")) {
            self.listeners.settings.tell(Reload);
        }
        if matches!(table, None | Some("prices")) {
            self.listeners.prices.tell(Reload);
        }
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Changes);
