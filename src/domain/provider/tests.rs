use super::*;

fn provider() -> Provider {
    Provider {
        id: Uuid::nil(),
        name: "sso".to_owned(),
        issuer: "https://id.example.com".to_owned(),
        client_id: "ccag".to_owned(),
        audiences: vec![],
        scopes: vec!["openid".to_owned()],
        jwks_url: None,
        user_claim: "sub".to_owned(),
        groups_claim: "groups".to_owned(),
        groups: GroupRules::default(),
        allowed_domains: vec![],
        link_by_email: false,
        auto_provision: true,
        admin_users: vec![],
    }
}

fn claims(email: Option<&str>) -> Claims {
    Claims {
        subject: "s-1".to_owned(),
        email: email.map(str::to_owned),
        name: Some("admin".to_owned()),
        groups: vec![],
        expires_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_domain_rule_needs_a_verified_address_of_the_domain() {
    let mut provider = provider();
    assert_eq!(provider.admits(&claims(None)), Ok(()));
    provider.allowed_domains = vec!["Example.com".to_owned()];
    assert_eq!(provider.admits(&claims(Some("a@example.COM"))), Ok(()));
    assert_eq!(provider.admits(&claims(None)), Err(NotAdmitted::NoVerifiedEmail));
    for other in ["a@evil.test", "a@example.com.evil.test", "example.com", "a@sub.example.com"] {
        assert_eq!(provider.admits(&claims(Some(other))), Err(NotAdmitted::Domain), "{other}");
    }
}

#[test]
fn not_everybody_with_a_public_account_becomes_a_user() {
    let mut provider = provider();
    assert!(provider.provisions(&claims(None)));
    "https://accounts.google.com".clone_into(&mut provider.issuer);
    assert!(!provider.provisions(&claims(None)));
    provider.admin_users = vec!["s-1".to_owned()];
    assert!(provider.provisions(&claims(None)));
    provider.admin_users.clear();
    provider.allowed_domains = vec!["example.com".to_owned()];
    assert!(provider.provisions(&claims(Some("a@example.com"))));
    provider.auto_provision = false;
    assert!(!provider.provisions(&claims(Some("a@example.com"))));
}

#[test]
fn an_admin_user_is_named_by_subject_or_verified_address_and_by_nothing_else() {
    let mut provider = provider();
    provider.admin_users = vec!["admin".to_owned(), "boss@example.com".to_owned()];
    assert!(!provider.is_admin_user(&claims(Some("a@example.com"))), "the name counts for nothing");
    assert!(provider.is_admin_user(&claims(Some("Boss@example.com"))));
    provider.admin_users = vec!["s-1".to_owned()];
    assert!(provider.is_admin_user(&claims(None)));
}

#[test]
fn groups_decide_only_what_is_mapped() {
    let mut provider = provider();
    let groups = ["staff".to_owned(), "ops".to_owned()];
    assert_eq!(provider.groups.mapping(&groups), Mapping::default());
    provider.groups.admin_groups = vec!["ops".to_owned()];
    provider.groups.team_groups = [("tools".to_owned(), Uuid::max())].into();
    assert_eq!(
        provider.groups.mapping(&groups),
        Mapping { role: Some(Role::Admin), team_id: Some(None) }
    );
    let other = provider.groups.mapping(&["tools".to_owned()]);
    assert_eq!(other, Mapping { role: Some(Role::Member), team_id: Some(Some(Uuid::max())) });
}

#[test]
fn a_name_is_bounded_and_shows() {
    let mut claims = claims(None);
    claims.name = Some(format!("\u{202e}a\n{}", "x".repeat(200)));
    assert_eq!(claims.user_name().chars().count(), MAX_NAME);
    claims.name = Some("\u{200b}".to_owned());
    assert_eq!(claims.user_name(), "somebody");
}
