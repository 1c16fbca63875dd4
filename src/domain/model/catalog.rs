//! What names stand for at one endpoint: its geography, the names that admins have given to models, its
//! application inference profiles, and the profiles that Bedrock was seen to have there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{
    Geography, ListedProfile, Model, Resolved, UnknownModel, by_profile, find, strip_ignoring_case,
};

/// Names that admins have given to models, and what each stands for: an Anthropic id, a base id, a
/// profile's id or an ARN.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mappings(HashMap<String, String>);

impl FromIterator<(String, String)> for Mappings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Mappings {
    /// What `requested` stands for; itself where it is no given name. A suffix `[1m]` stays.
    #[must_use]
    pub fn target<'n>(&self, requested: &'n str) -> Cow<'n, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(requested);
        }
        if let Some(target) = self.0.get(requested) {
            return Cow::Owned(target.clone());
        }
        let bare = strip_ignoring_case(requested, "[1m]").and_then(|name| self.0.get(name));
        bare.map_or(Cow::Borrowed(requested), |target| Cow::Owned(format!("{target}[1m]")))
    }

    /// The one word for the model that `requested` means, at every endpoint: its Anthropic id where it
    /// is known, else what was asked for.
    #[must_use]
    pub fn canonical<'n>(&self, requested: &'n str) -> Cow<'n, str> {
        let target = self.target(requested);
        let name = strip_ignoring_case(&target, "[1m]").unwrap_or(&target);
        match find(name).or_else(|| by_profile(name.rsplit('/').next().unwrap_or(name))) {
            Some(model) => Cow::Borrowed(model.id),
            None => target,
        }
    }
}

/// The names of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Whose profiles are used.
    pub geography: Geography,
    /// Names that admins have given.
    pub mappings: Arc<Mappings>,
    /// Application inference profiles, by the Anthropic id of the model they stand in for, or by the
    /// name of a model that the gateway does not know.
    pub profiles: HashMap<String, String>,
    /// Ids of the profiles that Bedrock has here; empty where that is not known.
    pub discovered: HashSet<String>,
    /// The models behind the application inference profiles that Bedrock has here, by their ARNs, which
    /// do not tell.
    pub behind: HashMap<String, &'static Model>,
}

impl Catalog {
    /// The catalog of a geography, with nothing given and nothing discovered.
    #[must_use]
    pub fn of(geography: Geography) -> Self {
        Self {
            geography,
            mappings: Arc::default(),
            profiles: HashMap::new(),
            discovered: HashSet::new(),
            behind: HashMap::new(),
        }
    }

    /// Takes in what Bedrock lists here; what another geography has counts for nothing.
    #[must_use]
    pub fn seeing(mut self, listed: &[ListedProfile]) -> Self {
        let (made, own): (Vec<_>, Vec<_>) = listed
            .iter()
            .filter(|profile| profile.is_within(self.geography))
            .partition(|profile| profile.application);
        self.discovered = own.into_iter().map(|profile| profile.id.clone()).collect();
        let behind = made.into_iter().filter_map(|made| Some((made.arn.clone(), made.model()?)));
        self.behind = behind.collect();
        self
    }

    /// Finds what `requested` stands for here.
    ///
    /// # Errors
    /// [`UnknownModel`] where the name is unknown, or there is no profile for it.
    pub fn resolve(&self, requested: &str) -> Result<Resolved, UnknownModel> {
        let target = self.mappings.target(requested);
        let found = super::resolve(&target, self.geography);
        let mut resolved = match found {
            Ok(resolved) => self.narrowed(resolved, &target),
            Err(unknown) => self.discovered(&target).ok_or(unknown)?,
        };
        if !resolved.profile.starts_with("arn:") {
            let name = strip_ignoring_case(&target, "[1m]").unwrap_or(&target);
            let key = resolved.model.map_or(name, |model| model.id);
            if let Some(profile) = self.profiles.get(key) {
                resolved.profile.clone_from(profile);
            }
        }
        if resolved.model.is_none() {
            resolved.model = self.behind.get(&resolved.profile).copied();
        }
        Ok(resolved)
    }

    /// The profile that Bedrock was seen to have, where the table's is not among those.
    fn narrowed(&self, resolved: Resolved, target: &str) -> Resolved {
        let Some(model) = resolved.model else { return resolved };
        let name = strip_ignoring_case(target, "[1m]").unwrap_or(target);
        // A profile that was asked for by its id is not replaced.
        if self.discovered.is_empty()
            || self.discovered.contains(&resolved.profile)
            || !model.is(name)
        {
            return resolved;
        }
        match self.seen(model.base) {
            Some(profile) => Resolved { profile, ..resolved },
            None => resolved,
        }
    }

    /// A model that the table lacks, or lacks here, among the profiles that Bedrock was seen to have.
    fn discovered(&self, target: &str) -> Option<Resolved> {
        let name = strip_ignoring_case(target, "[1m]");
        let long_context = name.is_some();
        let name = name.unwrap_or(target);
        let model = find(name).or_else(|| by_profile(name));
        let profile = if self.discovered.contains(name) {
            Some(name.to_owned())
        } else {
            let base = model.map_or_else(|| base_of(name), |model| model.base.to_owned());
            self.seen(&base)
        };
        profile.map(|profile| Resolved { profile, model, long_context })
    }

    /// The narrowest discovered profile of a base id, within reach of the geography.
    fn seen(&self, base: &str) -> Option<String> {
        let ids = self.geography.wider().iter().map(|geography| format!("{geography}.{base}"));
        ids.into_iter().find(|id| self.discovered.contains(id))
    }

    /// Whether a model of the table can be asked for here.
    #[must_use]
    pub fn has(&self, model: &'static Model) -> bool {
        model.profile(self.geography).is_some()
            || self.profiles.contains_key(model.id)
            || self.seen(model.base).is_some()
    }
}

/// The base id that a name of the newer generation has; they have no version behind them.
fn base_of(name: &str) -> String {
    if name.starts_with("anthropic.") { name.to_owned() } else { format!("anthropic.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(geography: Geography, discovered: &[&str]) -> Catalog {
        let discovered = discovered.iter().map(ToString::to_string).collect();
        Catalog { discovered, ..Catalog::of(geography) }
    }

    fn profile(catalog: &Catalog, name: &str) -> Option<String> {
        catalog.resolve(name).ok().map(|resolved| resolved.profile)
    }

    #[test]
    fn given_names_stand_for_what_they_were_given_to_and_keep_their_suffix() {
        let pairs = [("fast", "claude-haiku-4-5"), ("next", "us.anthropic.claude-sonnet-5")];
        let pairs = pairs.map(|(name, target)| (name.to_owned(), target.to_owned()));
        let mut catalog = Catalog::of(Geography::Eu);
        catalog.mappings = Arc::new(pairs.into_iter().collect());
        let eu = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
        assert_eq!(profile(&catalog, "fast").as_deref(), Some(eu));
        assert!(catalog.resolve("fast[1m]").unwrap().long_context);
        assert_eq!(profile(&catalog, "next").as_deref(), Some("us.anthropic.claude-sonnet-5"));
        assert_eq!(catalog.mappings.canonical("fast[1M]"), "claude-haiku-4-5-20251001");
        assert_eq!(catalog.mappings.canonical("next"), "claude-sonnet-5");
        assert_eq!(catalog.mappings.canonical("nonesuch"), "nonesuch");
        assert_eq!(profile(&catalog, "nonesuch"), None);
    }

    #[test]
    fn an_application_profile_stands_in_for_its_model_whatever_it_is_called() {
        let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc";
        let mut catalog = Catalog::of(Geography::Us);
        catalog.profiles.insert("claude-sonnet-4-5-20250929".to_owned(), arn.to_owned());
        for name in [
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929[1m]",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ] {
            let resolved = catalog.resolve(name).unwrap();
            assert_eq!(resolved.profile, arn, "{name}");
            assert_eq!(resolved.model.unwrap().id, "claude-sonnet-4-5-20250929", "{name}");
        }
        let other = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/def";
        assert_eq!(profile(&catalog, other).as_deref(), Some(other));
    }

    #[test]
    fn what_bedrock_was_seen_to_have_is_used_within_the_geography_only() {
        let au = "au.anthropic.claude-opus-5";
        let seen = catalog(Geography::Apac, &["global.anthropic.claude-opus-5", au]);
        let global = Some("global.anthropic.claude-opus-5");
        assert_eq!(profile(&seen, "claude-opus-5").as_deref(), global);
        assert_eq!(profile(&seen, au).as_deref(), Some(au), "asked for by its id");
        let new = catalog(Geography::Us, &["us.anthropic.claude-opus-7"]);
        for name in ["claude-opus-7", "anthropic.claude-opus-7", "us.anthropic.claude-opus-7"] {
            let found = profile(&new, name);
            assert_eq!(found.as_deref(), Some("us.anthropic.claude-opus-7"), "{name}");
        }
        assert_eq!(profile(&new, "claude-opus"), None, "never by prefix");
        assert_eq!(profile(&catalog(Geography::Eu, &["us.anthropic.x"]), "x"), None);
    }

    #[test]
    fn what_bedrock_lists_is_taken_in_within_the_geography() {
        let listed = |id: &str, base: &str, application| ListedProfile {
            arn: format!(
                "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/{id}"
            ),
            id: id.to_owned(),
            name: String::new(),
            base: base.to_owned(),
            application,
        };
        let seen = Catalog::of(Geography::Eu).seeing(&[
            listed("eu.anthropic.claude-opus-7", "anthropic.claude-opus-7", false),
            listed("us.anthropic.claude-opus-8", "anthropic.claude-opus-8", false),
            listed("abc", "anthropic.claude-opus-5", true),
        ]);
        assert_eq!(profile(&seen, "claude-opus-7").as_deref(), Some("eu.anthropic.claude-opus-7"));
        for foreign in ["claude-opus-8", "us.anthropic.claude-opus-8"] {
            assert_eq!(profile(&seen, foreign), None, "{foreign}");
        }
        let arn = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/abc";
        assert_eq!(seen.resolve(arn).unwrap().model.map(|model| model.id), Some("claude-opus-5"));
    }
}
