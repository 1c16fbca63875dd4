//! Which models a caller may use: what both its key and its team allow, of what its endpoints have.

use crate::actors::endpoints::Endpoints;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::Offer;
use crate::domain::principal::Principal;

/// Lets a request for the model of this name pass.
///
/// # Errors
/// A 403, where an allow-list leaves the model out.
pub(super) fn permitted(
    principal: &Principal,
    name: &str,
    endpoints: &Endpoints,
) -> Result<(), ApiError> {
    if principal.models.is_none() {
        return Ok(());
    }
    let resolved = endpoints.pool(principal.team_id).resolve(name).ok();
    if resolved.is_some_and(|resolved| principal.may_use(&resolved.profile, resolved.model)) {
        return Ok(());
    }
    let shown: String = name.chars().take(200).collect();
    let message = format!("model: {shown} is not among the models that this key may use.");
    Err(ApiError::new(ErrorKind::Permission, message))
}

/// The models of its endpoints that the caller may use.
pub(super) fn offers(principal: &Principal, endpoints: &Endpoints) -> Vec<Offer> {
    let mut offers = endpoints.pool(principal.team_id).offers();
    offers.retain(|offer| permitted(principal, &offer.id(), endpoints).is_ok());
    offers
}
