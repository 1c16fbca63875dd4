//! Which models a caller may use: what both its key and its team allow.

use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::geography::Geography;
use crate::domain::model::{self, Offer};
use crate::domain::principal::Principal;

/// Lets a request for the model of this name pass.
///
/// # Errors
/// A 403, where an allow-list leaves the model out.
pub(super) fn permitted(
    principal: &Principal,
    name: &str,
    geography: Geography,
) -> Result<(), ApiError> {
    if principal.models.is_none() {
        return Ok(());
    }
    let resolved = model::resolve(name, geography).ok();
    if resolved.is_some_and(|resolved| principal.may_use(&resolved.profile, resolved.model)) {
        return Ok(());
    }
    let shown: String = name.chars().take(200).collect();
    let message = format!("model: {shown} is not among the models that this key may use.");
    Err(ApiError::new(ErrorKind::Permission, message))
}

/// The models of a geography that the caller may use.
pub(super) fn offers(principal: &Principal, geography: Geography) -> Vec<Offer> {
    let mut offers = Offer::all(geography);
    offers.retain(|offer| permitted(principal, &offer.id(), geography).is_ok());
    offers
}
