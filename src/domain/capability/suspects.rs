//! Finding the beta at fault, which Bedrock never names: half of the suspects are sent at a time.

use super::{Feature, Features, Verdicts};

/// The betas of which at least one is at fault, at one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspects(Features);

impl Suspects {
    /// Whether none is suspected.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The verdicts with half of the suspects withheld, so that the answer tells which half it is.
    #[must_use]
    pub fn trial(self, verdicts: &Verdicts) -> Verdicts {
        let mut trial = verdicts.clone();
        let half = self.0.iter().count().div_ceil(2);
        self.0.iter().take(half).for_each(|feature| trial.refuse(feature));
        trial
    }

    /// A request with the betas of `sent` was refused for a beta, and served without them. Gives the
    /// one at fault where that is clear now.
    pub fn refused(&mut self, sent: Features) -> Option<Feature> {
        let both = sent.without(sent.without(self.0));
        self.0 = if both.is_empty() { sent } else { both };
        self.convict()
    }

    /// A request with the betas of `sent` was served. Gives the one at fault where that is clear now.
    pub fn served(&mut self, sent: Features) -> Option<Feature> {
        let before = self.0;
        self.0 = self.0.without(sent);
        if self.0 == before { None } else { self.convict() }
    }

    fn convict(&mut self) -> Option<Feature> {
        let mut left = self.0.iter();
        let only = left.next().filter(|_| left.next().is_none())?;
        self.0 = Features::NONE;
        Some(only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves requests at a place that refuses `bad`, and counts those that were refused on the way
    /// to the verdict.
    fn bisect(all: &[Feature], bad: Feature) -> (Feature, u32) {
        let (mut suspects, mut refused) = (Suspects::default(), 0);
        for _ in 0..100 {
            let verdicts = suspects.trial(&Verdicts::NONE);
            let sent = Features::of(all).without(verdicts.refused());
            let found = if sent.contains(bad) {
                refused += 1;
                suspects.refused(sent)
            } else {
                suspects.served(sent)
            };
            if let Some(found) = found {
                return (found, refused);
            }
        }
        panic!("{bad:?} was not found");
    }

    #[test]
    fn the_beta_at_fault_is_found_in_few_requests() {
        let betas: Vec<Feature> =
            Feature::ALL.iter().copied().filter(|it| it.beta().is_some()).collect();
        for bad in &betas {
            let (found, refused) = bisect(&betas, *bad);
            assert_eq!(found, *bad);
            assert!(refused <= 6, "{bad:?}: {refused} of {}", betas.len());
        }
        let only = Feature::ContextManagement;
        assert_eq!(Suspects::default().refused(Features::of(&[only])), Some(only));
    }

    #[test]
    fn requests_without_a_suspect_teach_nothing() {
        let mut suspects = Suspects::default();
        assert_eq!(suspects.refused(Features::of(&[Feature::Effort, Feature::ToolSearch])), None);
        assert_eq!(suspects.served(Features::of(&[Feature::Compaction])), None);
        assert!(!suspects.is_empty());
    }
}
