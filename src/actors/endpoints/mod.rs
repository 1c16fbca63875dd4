//! The Bedrock session pool: which endpoints there are, a fresh credential for each, how healthy each
//! is, and which one serves a request.

mod asking;
mod choosing;
mod gate;
mod owner;
mod report;
mod session;
mod table;
mod vitals;

use std::sync::Arc;

use arc_swap::ArcSwap;
use uuid::Uuid;

pub use asking::AskError;
pub use choosing::{Choosing, Lease, Origin};
pub use gate::Route;
pub use owner::SessionPool;
pub use report::{EndpointReport, PlaceReport};
pub use session::Session;
pub use table::Pool;
pub use vitals::{TROUBLED, Vitals};

use self::owner::Refresh;
use self::report::Report;
use self::session::{Vital, Wallet};
use self::table::Table;
use super::tree::{Name, Tombstone, Unavailable};
use crate::bedrock::credentials::{CredentialSource, Loaded, Tags};
use crate::bedrock::endpoint::Endpoint;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::geography::Geography;
use crate::domain::model::{self, Catalog, Model};
use crate::domain::routing::stable_hash;
use crate::storage::Database;
use crate::storage::vault::Vault;

/// The name of the endpoint that the gateway's own environment makes.
pub const OWN: &str = "default";

/// The endpoint that the environment makes: it serves where no other is the default.
pub struct Own {
    /// Where requests go.
    pub endpoint: Endpoint,
    /// Where its credential comes from.
    pub source: CredentialSource,
    /// The geography whose profiles are used.
    pub geography: Geography,
}

/// What outlives a crash of the owner.
struct Shared {
    own: Arc<Session>,
    vault: Vault,
    table: ArcSwap<Table>,
}

/// How requests reach the pool.
#[derive(Clone)]
pub struct Endpoints {
    /// The owner.
    pub name: Name<SessionPool>,
    shared: Arc<Shared>,
}

impl Endpoints {
    /// A pool of the environment's endpoint, until the owner has read the others.
    #[must_use]
    pub fn new(own: Own, vault: Vault) -> Self {
        let own = Arc::new(Session {
            id: None,
            hash: stable_hash(&own.endpoint.name),
            endpoint: own.endpoint,
            enabled: true,
            catalog: Catalog::of(own.geography),
            wallet: Wallet::new(own.source),
            vital: Arc::<Vital>::default(),
        });
        let table = ArcSwap::from_pointee(Table::of_own(&own));
        let shared = Arc::new(Shared { own, vault, table });
        Self { name: Name::new("endpoints"), shared }
    }

    /// The owner, built anew after each crash; the snapshot, the credentials and the breakers as
    /// requests see them stay.
    #[must_use]
    pub fn owner(&self, database: Database, tombstone: Tombstone) -> SessionPool {
        SessionPool::new(database, Arc::clone(&self.shared), tombstone)
    }

    /// The endpoints that serve a team.
    #[must_use]
    pub fn pool(&self, team: Option<Uuid>) -> Arc<Pool> {
        self.shared.table.load().pool(team)
    }

    /// The model that a name means, whatever endpoint serves it.
    #[must_use]
    pub fn model_of(&self, requested: &str) -> Option<&'static Model> {
        model::find(&self.canonical(requested))
    }

    fn canonical(&self, requested: &str) -> String {
        self.shared.table.load().mappings.canonical(requested).into_owned()
    }

    /// Begins the way of a request for the model `requested`.
    #[must_use]
    pub fn route(&self, origin: Origin, requested: &str, route: Route) -> Choosing {
        Choosing::new(self, origin, requested, route)
    }

    /// Requests that hold a lease.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.table.load().sessions.iter().map(|session| session.in_flight()).sum()
    }

    /// The endpoints that requests may go to.
    #[must_use]
    pub fn enabled(&self) -> Vec<Arc<Session>> {
        self.shared.table.load().enabled()
    }

    /// The endpoint of this row, disabled ones too; `None` means the environment's.
    #[must_use]
    pub fn session(&self, id: Option<Uuid>) -> Option<Arc<Session>> {
        let table = self.shared.table.load();
        table.sessions.iter().find(|session| session.id == id).cloned()
    }

    /// How the endpoints do.
    ///
    /// # Errors
    /// [`Unavailable`] while the owner is being rebuilt.
    pub async fn report(&self) -> Result<Vec<EndpointReport>, Unavailable> {
        self.name.ask_again(Report).await
    }

    async fn refresh(
        &self,
        session: &Arc<Session>,
        tags: Option<Tags>,
        stale: Option<Arc<Loaded>>,
    ) -> Result<Arc<Loaded>, ApiError> {
        let unavailable = |message: String| ApiError::new(ErrorKind::Unavailable, message);
        let answered = self.fetched(session, tags, stale).await;
        let fetched = answered.map_err(|error| unavailable(error.to_string()).retry_after(1))?;
        fetched.map_err(|reason| {
            match session.wallet.source {
                // What STS says of a role names accounts; the log has it.
                CredentialSource::Role(_) | CredentialSource::Sealed(_) => {
                    let name = &session.endpoint.name;
                    unavailable(format!("The endpoint {name} has no AWS credential at the moment."))
                }
                _ => unavailable(reason),
            }
            .retry_after(5)
        })
    }

    async fn fetched(
        &self,
        session: &Arc<Session>,
        tags: Option<Tags>,
        stale: Option<Arc<Loaded>>,
    ) -> Result<Result<Arc<Loaded>, String>, Unavailable> {
        self.name.ask_again(Refresh { session: Arc::clone(session), tags, stale }).await
    }

    fn refresh_later(&self, session: &Arc<Session>, tags: Option<Tags>, stale: Arc<Loaded>) {
        let stale = Some(stale);
        self.name.tell(Refresh { session: Arc::clone(session), tags, stale });
    }
}
