//! Which models are offered, in the order and by the cursors of Anthropic's models list.

use chrono::NaiveDate;
use thiserror::Error;

use super::{Model, Resolved, UnknownModel, all, shown};
use crate::domain::capability::Feature;

/// The long context, in tokens.
const LONG_CONTEXT: u32 = 1_000_000;

/// One entry of the list: a model, or its variant with the long context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    model: &'static Model,
    long_context: bool,
}

/// Where a page begins; ids are those of [`Offer::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<'c> {
    /// With the newest.
    Start,
    /// With what follows this id.
    After(&'c str),
    /// With what ends right before this id.
    Before(&'c str),
}

/// A cursor that names nothing in the list; an `invalid_request_error`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0} is not the id of a model in this list; use first_id or last_id of a page")]
pub struct UnknownCursor(String);

/// A page of the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub offers: Vec<Offer>,
    /// Whether there is more in the direction of the cursor.
    pub has_more: bool,
}

impl Offer {
    /// All of the models that somebody `has`, newest first; the variant with the long context follows
    /// its model.
    #[must_use]
    pub fn among(has: impl Fn(&'static Model) -> bool) -> Vec<Self> {
        let models = all().iter().filter(|model| has(model));
        models
            .flat_map(|model| {
                let variant = takes_long_context(model).then_some(true);
                let both = [Some(false), variant].into_iter().flatten();
                both.map(move |long_context| Self { model, long_context })
            })
            .collect()
    }

    /// What the name `requested`, which stands for `resolved`, offers.
    ///
    /// # Errors
    /// [`UnknownModel`] for ARNs that do not tell their model.
    pub fn of(resolved: &Resolved, requested: &str) -> Result<Self, UnknownModel> {
        let model = resolved.model.ok_or_else(|| UnknownModel::Name(shown(requested)))?;
        Ok(Self { model, long_context: resolved.long_context && takes_long_context(model) })
    }

    /// The name that clients send; the suffix `[1m]` asks for the long context.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}{}", self.model.id, if self.long_context { "[1m]" } else { "" })
    }

    /// Name for people.
    #[must_use]
    pub fn display_name(&self) -> String {
        let suffix = if self.long_context { " (1M context)" } else { "" };
        format!("{}{suffix}", self.model.display_name)
    }

    /// The day of the release, where the id tells it.
    #[must_use]
    pub fn released(&self) -> Option<NaiveDate> {
        let (_, date) = self.model.id.rsplit_once('-')?;
        NaiveDate::parse_from_str(date, "%Y%m%d").ok()
    }

    /// Context window, in tokens.
    #[must_use]
    pub fn context(&self) -> u32 {
        if self.long_context { LONG_CONTEXT } else { self.model.capability.context }
    }

    /// Most output tokens.
    #[must_use]
    pub fn max_output(&self) -> u32 {
        self.model.capability.max_output
    }
}

impl Page {
    /// The page of `offers` at `cursor` with at most `limit` entries.
    ///
    /// # Errors
    /// [`UnknownCursor`] where the cursor names none of `offers`.
    pub fn of(offers: &[Offer], cursor: Cursor<'_>, limit: usize) -> Result<Self, UnknownCursor> {
        let position = |id: &str| {
            let found = offers.iter().position(|offer| offer.id() == id);
            found.ok_or_else(|| UnknownCursor(shown(id)))
        };
        let (from, to) = match cursor {
            Cursor::Start => (0, offers.len()),
            Cursor::After(id) => (position(id)? + 1, offers.len()),
            Cursor::Before(id) => {
                let end = position(id)?;
                (end.saturating_sub(limit), end)
            }
        };
        let page = offers.iter().take(to).skip(from).take(limit).copied().collect();
        let has_more = match cursor {
            Cursor::Before(_) => from > 0,
            Cursor::Start | Cursor::After(_) => to - from > limit,
        };
        Ok(Self { offers: page, has_more })
    }
}

/// Whether the long context is opened by a beta, so that it is a choice.
fn takes_long_context(model: &Model) -> bool {
    model.capability.beta(Feature::LongContext).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{Geography, resolve};

    fn offers_of(geography: Geography) -> Vec<Offer> {
        Offer::among(|model| model.profile(geography).is_some())
    }

    fn find(name: &str, geography: Geography) -> Result<Offer, UnknownModel> {
        Offer::of(&resolve(name, geography)?, name)
    }

    fn ids(offers: &[Offer]) -> Vec<String> {
        offers.iter().map(Offer::id).collect()
    }

    #[test]
    fn what_is_offered_can_be_asked_for_and_is_found_under_its_own_id() {
        for geography in [Geography::Us, Geography::Eu, Geography::Jp, Geography::UsGov] {
            let offers = offers_of(geography);
            assert!(!offers.is_empty());
            for offer in offers {
                assert_eq!(find(&offer.id(), geography), Ok(offer));
                assert!(offer.max_output() < offer.context());
            }
        }
    }

    #[test]
    fn what_the_geography_lacks_is_not_offered() {
        let fable = "claude-fable-5-2".to_owned();
        assert!(ids(&offers_of(Geography::Us)).contains(&fable));
        assert!(!ids(&offers_of(Geography::UsGov)).contains(&fable));
    }

    #[test]
    fn a_variant_follows_its_model_where_a_beta_opens_the_long_context() {
        let offers = offers_of(Geography::Us);
        let all = ids(&offers);
        let plain = all.iter().position(|id| id == "claude-sonnet-4-5-20250929").unwrap();
        assert_eq!(all[plain + 1], "claude-sonnet-4-5-20250929[1m]");
        assert_eq!((offers[plain].context(), offers[plain + 1].context()), (200_000, 1_000_000));
        assert_eq!(offers[plain + 1].display_name(), "Claude Sonnet 4.5 (1M context)");
        assert!(!all.contains(&"claude-haiku-4-5-20251001[1m]".to_owned()));
    }

    #[test]
    fn the_release_is_told_only_by_a_dated_id() {
        let released = |name| find(name, Geography::Us).unwrap().released();
        assert_eq!(released("claude-opus-4-5"), NaiveDate::from_ymd_opt(2025, 11, 1));
        assert_eq!(released("opus"), None);
    }

    #[test]
    fn aliases_profiles_and_arns_are_found() {
        for name in [
            "claude-haiku-4-5",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "claude-haiku-4-5[1m]",
        ] {
            let offer = find(name, Geography::Us).unwrap();
            assert_eq!(offer.id(), "claude-haiku-4-5-20251001", "{name}");
        }
        let opaque = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        assert!(find(opaque, Geography::Us).is_err());
    }

    #[test]
    fn pages_of_every_size_join_to_the_list_in_both_directions() {
        let offers = offers_of(Geography::Us);
        for limit in 1..=offers.len() + 1 {
            let mut forward = Page::of(&offers, Cursor::Start, limit).unwrap();
            let mut seen = forward.offers.clone();
            while forward.has_more {
                let last = seen.last().unwrap().id();
                forward = Page::of(&offers, Cursor::After(&last), limit).unwrap();
                seen.extend(&forward.offers);
            }
            assert_eq!(seen, offers, "forward by {limit}");

            let mut seen = vec![*offers.last().unwrap()];
            loop {
                let first = seen.first().unwrap().id();
                let back = Page::of(&offers, Cursor::Before(&first), limit).unwrap();
                assert!(back.offers.len() <= limit);
                seen.splice(..0, back.offers);
                if !back.has_more {
                    break;
                }
            }
            assert_eq!(seen, offers, "backward by {limit}");
        }
    }

    #[test]
    fn a_cursor_that_names_nothing_is_an_error() {
        let offers = offers_of(Geography::Us);
        for cursor in [Cursor::After("opus"), Cursor::Before("")] {
            assert!(Page::of(&offers, cursor, 5).is_err());
        }
    }
}
