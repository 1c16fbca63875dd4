//! A team with two endpoints, for stories of what happens when the one that is preferred fails.

use serde_json::{Value, json};

use super::client::Request;
use super::endpoints::{admin, endpoint, team};
use super::until;
use super::upstream::Upstream;
use super::world::{World, plain, streaming};

/// A team's two endpoints, the first of which is always preferred.
pub(crate) struct Two {
    pub(crate) world: World,
    pub(crate) first: Upstream,
    pub(crate) second: Upstream,
    first_id: String,
    pub(crate) key: String,
}

impl Two {
    #[track_caller]
    pub(crate) fn with(environment: &[(&str, &str)]) -> Self {
        let (world, first, second) =
            (World::with(environment), Upstream::start(), Upstream::start());
        let ids = [("first", &first), ("second", &second)]
            .map(|(name, upstream)| endpoint(&world, name, upstream, &json!({})));
        let key = team(&world, "pair", "primary_fallback", &[&ids[0], &ids[1]]);
        let [first_id, _] = ids;
        let two = Self { world, first, second, first_id, key };
        until("the team's first endpoint is used", || {
            two.plain().try_send(two.world.address()).ok().filter(|reply| reply.status == 200)?;
            (two.first.count() > 0).then_some(())
        });
        two
    }

    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Changes the first endpoint, as an admin does.
    #[track_caller]
    pub(crate) fn change_first(&self, order: &Value) {
        let path = format!("/admin/endpoints/{}", self.first_id);
        let changed = admin(&self.world.gateway, "PATCH", &path, order);
        assert_eq!(changed.status, 200, "{}", changed.text());
    }

    /// A request for one whole message, of the team.
    pub(crate) fn plain(&self) -> Request {
        plain().without("x-api-key").x_api_key(&self.key)
    }

    /// A request for a stream, of the team.
    pub(crate) fn streaming(&self) -> Request {
        streaming().without("x-api-key").x_api_key(&self.key)
    }
}
