use super::*;
use crate::control::Who;
use crate::domain::principal::{CredentialKind, Role};

fn member(id: Uuid) -> Caller {
    let who = Who::User {
        id,
        name: "m".to_owned(),
        role: Role::Member,
        team_id: None,
        credential: CredentialKind::Session,
        session_id: None,
        must_change_password: false,
    };
    Caller { who, address: None }
}

#[test]
fn a_member_makes_keys_for_themselves_only_and_sets_no_team_or_limit() {
    let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let order = |change: fn(&mut CreateKey)| {
        let mut order = CreateKey { name: "n".to_owned(), ..CreateKey::default() };
        change(&mut order);
        owner(&member(own), &order)
    };
    assert_eq!(order(|_| ()), Ok(own));
    assert_eq!(order(|o| o.user_id = Some(Uuid::from_u128(1))), Ok(own));
    assert_eq!(
        order(|o| o.user_id = Some(Uuid::from_u128(2))),
        Err(ControlError::ForbiddenField("user_id"))
    );
    assert_eq!(
        order(|o| o.team_id = Some(Uuid::nil())),
        Err(ControlError::ForbiddenField("team_id"))
    );
    assert_eq!(
        order(|o| o.limits.requests_per_minute = Some(1)),
        Err(ControlError::ForbiddenField("limits"))
    );
    let admin_key = Caller { who: Who::AdminKey, address: None };
    let for_other = CreateKey { user_id: Some(other), ..CreateKey::default() };
    assert_eq!(owner(&admin_key, &for_other), Ok(other));
    assert_eq!(owner(&admin_key, &CreateKey::default()).unwrap_err().field(), Some("user_id"));
}
