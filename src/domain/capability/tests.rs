use super::*;

#[test]
fn ids_and_betas_are_unique_and_lead_back() {
    for &feature in Feature::ALL {
        assert_eq!(Feature::by_id(feature.id()), Some(feature));
        if let Some(beta) = feature.beta() {
            assert_eq!(Feature::by_beta(beta), Some(feature));
        }
        assert!(feature.beta().is_some() || !feature.place().is_empty(), "{feature:?}");
    }
    assert!(Feature::ALL.len() <= 64);
    assert_eq!(Feature::by_beta("advanced-tool-use-2025-11-20"), Some(Feature::ToolSearch));
    assert_eq!(Feature::by_beta("claude-code-20250219"), None);
    assert_eq!(Feature::by_id("nonsense"), None);
}

#[test]
fn a_row_names_only_betas_of_what_it_takes() {
    for model in crate::domain::model::all() {
        let row = model.capability;
        assert!(row.betas.without(row.features).is_empty(), "{}", model.id);
        assert!(row.max_output < row.context && row.max_pages > 0, "{}", model.id);
    }
}

#[test]
fn verdicts_lie_over_the_row_and_the_later_wins() {
    let mut verdicts = Verdicts::default();
    assert_eq!(OPUS_5.under(&verdicts), OPUS_5);
    verdicts.refuse(Feature::ToolSearch);
    verdicts.allow(Feature::UserProfile);
    verdicts.allow(Feature::TokenEfficientTools);
    let row = OPUS_5.under(&verdicts);
    assert!(!row.takes(Feature::ToolSearch) && row.beta(Feature::ToolSearch).is_none());
    assert!(row.takes(Feature::UserProfile));
    assert_eq!(row.beta(Feature::TokenEfficientTools), Some("token-efficient-tools-2025-02-19"));
    verdicts.allow(Feature::ToolSearch);
    assert!(OPUS_5.under(&verdicts).takes(Feature::ToolSearch));
    verdicts.refuse(Feature::ToolSearch);
    assert!(!OPUS_5.under(&verdicts).takes(Feature::ToolSearch));
}

#[test]
fn what_is_native_stays_without_a_beta_where_an_admin_allows_it() {
    let mut verdicts = Verdicts::default();
    verdicts.allow(Feature::LongContext);
    verdicts.allow(Feature::Effort);
    let row = OPUS_5.under(&verdicts);
    assert!(row.takes(Feature::LongContext) && row.beta(Feature::LongContext).is_none());
    assert!(OPUS_4_5.under(&verdicts).beta(Feature::Effort).is_some());
}

#[test]
fn only_names_pass_as_betas() {
    let mut verdicts = Verdicts::default();
    for name in ["a-2027-01-01", "a\"", "", "a b"] {
        verdicts.allow_beta(name);
    }
    assert!(verdicts.allows_beta("a-2027-01-01"));
    assert!(["a\"", "", "a b"].iter().all(|name| !verdicts.allows_beta(name)));
}
