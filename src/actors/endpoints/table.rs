//! Which endpoints there are and who uses which: the snapshot that requests read. A new one takes over
//! what is known of the endpoints that stay.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use uuid::Uuid;

use super::session::{Session, Vital, Wallet};
use crate::bedrock::credentials::{CredentialSource, Role};
use crate::bedrock::endpoint::Endpoint;
use crate::domain::geography::Geography;
use crate::domain::guardrail::Guardrail;
use crate::domain::model::{Catalog, ListedProfile, Mappings, Offer, Resolved, UnknownModel};
use crate::domain::routing::{Strategy, stable_hash};
use crate::storage::endpoints::{EndpointRow, Live};
use crate::storage::vault::Vault;

/// Endpoints that serve the same callers, in the order of preference.
pub struct Pool {
    /// How one of them is chosen.
    pub strategy: Strategy,
    /// The enabled ones.
    pub sessions: Vec<Arc<Session>>,
    turn: AtomicU64,
}

impl Pool {
    fn new(strategy: Strategy, sessions: Vec<Arc<Session>>) -> Arc<Self> {
        Arc::new(Self { strategy, sessions, turn: AtomicU64::new(0) })
    }

    /// The number of the next request.
    pub(super) fn turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// What a name stands for at the first endpoint that has it.
    ///
    /// # Errors
    /// [`UnknownModel`] where none has it.
    pub fn resolve(&self, requested: &str) -> Result<Resolved, UnknownModel> {
        let mut unknown = None;
        for session in &self.sessions {
            match session.catalog.resolve(requested) {
                Ok(resolved) => return Ok(resolved),
                Err(error) => unknown = unknown.or(Some(error)),
            }
        }
        Err(unknown.unwrap_or_else(|| UnknownModel::Name(requested.chars().take(200).collect())))
    }

    /// The models that any of them has.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        Offer::among(|model| self.sessions.iter().any(|session| session.catalog.has(model)))
    }
}

/// The snapshot.
pub(super) struct Table {
    /// All endpoints, disabled ones too.
    pub(super) sessions: Vec<Arc<Session>>,
    pub(super) mappings: Arc<Mappings>,
    default: Arc<Pool>,
    teams: HashMap<Uuid, Arc<Pool>>,
    /// What each wallet was made from, by the endpoint's id.
    made_from: HashMap<Uuid, Keys>,
}

/// The columns that a credential is made from.
#[derive(PartialEq, Eq)]
struct Keys {
    kind: String,
    role: Option<Role>,
    api_key: Option<Vec<u8>>,
}

/// The guardrail of an endpoint, which was checked when it was stored.
fn guardrail(row: &EndpointRow) -> Option<Guardrail> {
    let (identifier, version) = row.guardrail_id.as_ref().zip(row.guardrail_version.as_ref())?;
    Guardrail::new(identifier, version).ok()
}

impl Table {
    /// The environment's endpoint alone.
    pub(super) fn of_own(own: &Arc<Session>) -> Self {
        Self {
            sessions: vec![Arc::clone(own)],
            mappings: Arc::default(),
            default: Pool::new(Strategy::default(), vec![Arc::clone(own)]),
            teams: HashMap::new(),
            made_from: HashMap::new(),
        }
    }

    /// The snapshot of what was read, with what `before` knows of the endpoints that stay.
    pub(super) fn of(live: Live, own: &Arc<Session>, before: &Self, vault: &Vault) -> Self {
        let mappings: Arc<Mappings> = Arc::new(live.mappings.into_iter().collect());
        let mut profiles = HashMap::<Uuid, HashMap<String, String>>::new();
        for row in live.profiles {
            profiles.entry(row.endpoint_id).or_default().insert(row.model, row.profile);
        }
        let listed: HashMap<Uuid, Vec<ListedProfile>> =
            live.probes.into_iter().map(|probe| (probe.endpoint_id, probe.profiles)).collect();
        let listed = |id: Uuid| listed.get(&id).map(Vec::as_slice).unwrap_or_default();
        let (mut sessions, mut made_from) = (Vec::new(), HashMap::new());
        let (mut enabled, mut default) = (HashMap::new(), Vec::new());
        for row in live.endpoints {
            let keys = keys(&row);
            let known = before.sessions.iter().find(|session| session.id == Some(row.id));
            let same = known.filter(|_| before.made_from.get(&row.id) == Some(&keys));
            let wallet = match same {
                Some(session) => Arc::clone(&session.wallet),
                None => Wallet::new(source(&row, &keys, vault)),
            };
            let vital =
                known.map_or_else(Arc::<Vital>::default, |session| Arc::clone(&session.vital));
            let catalog = Catalog {
                mappings: Arc::clone(&mappings),
                profiles: profiles.remove(&row.id).unwrap_or_default(),
                ..Catalog::of(geography(&row)).seeing(listed(row.id))
            };
            let (runtime, control) = (row.runtime_url.as_deref(), row.control_url.as_deref());
            let session = Arc::new(Session {
                id: Some(row.id),
                hash: stable_hash(&row.id.to_string()),
                endpoint: Endpoint {
                    guardrail: guardrail(&row),
                    ..Endpoint::new(&row.name, &row.region, runtime, control)
                },
                enabled: row.enabled,
                catalog,
                wallet,
                vital,
            });
            if row.enabled {
                enabled.insert(row.id, Arc::clone(&session));
                if row.is_default {
                    default.push(Arc::clone(&session));
                }
            }
            made_from.insert(row.id, keys);
            sessions.push(session);
        }
        let own = Arc::new(Session {
            id: None,
            hash: own.hash,
            endpoint: own.endpoint.clone(),
            enabled: true,
            catalog: Catalog {
                mappings: Arc::clone(&mappings),
                ..own.catalog.clone().seeing(listed(Uuid::nil()))
            },
            wallet: Arc::clone(&own.wallet),
            vital: Arc::clone(&own.vital),
        });
        if default.is_empty() {
            default.push(Arc::clone(&own));
        }
        sessions.push(own);
        let strategies: HashMap<Uuid, Strategy> = live
            .strategies
            .iter()
            .filter_map(|(team, name)| Some((*team, Strategy::of(name)?)))
            .collect();
        let mut teams: HashMap<Uuid, Arc<Pool>> = strategies
            .iter()
            .map(|(team, strategy)| (*team, Pool::new(*strategy, default.clone())))
            .collect();
        for team in live.teams {
            // Disabled ones leave a gap: the team does not go elsewhere for them.
            let own = team.endpoints.iter().filter_map(|id| enabled.get(id)).cloned().collect();
            let strategy = strategies.get(&team.team_id).copied().unwrap_or_default();
            teams.insert(team.team_id, Pool::new(strategy, own));
        }
        let default = Pool::new(Strategy::default(), default);
        Self { sessions, mappings, default, teams, made_from }
    }

    /// The endpoints of a team, or the default ones.
    pub(super) fn pool(&self, team: Option<Uuid>) -> Arc<Pool> {
        let own = team.and_then(|team| self.teams.get(&team));
        Arc::clone(own.unwrap_or(&self.default))
    }

    /// The endpoints that somebody uses: those need credentials.
    pub(super) fn used(&self) -> Vec<Arc<Session>> {
        let mut seen = HashSet::new();
        let pools = self.teams.values().chain([&self.default]);
        let all = pools.flat_map(|pool| pool.sessions.iter());
        all.filter(|session| seen.insert(session.hash)).cloned().collect()
    }

    /// The endpoints that requests may go to: all that are enabled, and the environment's where it is
    /// used.
    pub(super) fn enabled(&self) -> Vec<Arc<Session>> {
        let all = self.sessions.iter().filter(|session| session.id.is_some() && session.enabled);
        let own = self.default.sessions.iter().filter(|session| session.id.is_none());
        all.chain(own).cloned().collect()
    }
}

fn geography(row: &EndpointRow) -> Geography {
    let known = row.geography.as_deref().and_then(Geography::named);
    known.unwrap_or_else(|| Geography::of_region(&row.region))
}

fn keys(row: &EndpointRow) -> Keys {
    let role = row.role_arn.as_ref().map(|arn| Role {
        arn: arn.clone(),
        external_id: row.external_id.clone(),
        region: row.region.clone(),
        tagged: row.session_tags,
    });
    Keys { kind: row.credential.clone(), role, api_key: row.api_key.clone() }
}

fn source(row: &EndpointRow, keys: &Keys, vault: &Vault) -> CredentialSource {
    match (keys.kind.as_str(), &keys.role, &keys.api_key) {
        ("role", Some(role), _) => CredentialSource::Role(role.clone()),
        ("api_key", _, Some(sealed)) => match vault.open(&EndpointRow::key_purpose(row.id), sealed)
        {
            Ok(key) => CredentialSource::ApiKey(Arc::<SecretString>::new(key)),
            Err(error) => CredentialSource::Sealed(error.to_string()),
        },
        _ => CredentialSource::Chain,
    }
}
