//! `/portal/providers/{id}`: one provider: how it does, its tokens, its change and its end.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use uuid::Uuid;

use super::fields::{self, Values};
use crate::control::providers::{
    self, EditIdentityProvider, IdentityProvider, ProviderTest, Provisioned,
};
use crate::control::scim::tokens::{self, ScimToken};
use crate::control::{ControlError, Paging, teams};
use crate::http::arrival::Arrival;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::Input;
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::provider::redirect_uri;
use crate::http::portal::sent::Sent;
use crate::http::portal::words::{self, Moment};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "provider.html")]
pub(super) struct One {
    frame: Frame,
    token: String,
    provider: IdentityProvider,
    is_of_environment: bool,
    redirect_uri: Option<String>,
    scim_url: String,
    users: String,
    groups: String,
    last_sync: Option<Moment>,
    tokens: Vec<Token>,
    test: Option<ProviderTest>,
    new_token: parts::Form,
    forms: Vec<parts::Form>,
}

/// A SCIM token, in words.
struct Token {
    id: Uuid,
    name: String,
    prefix: String,
    made: Moment,
    ends: Option<Moment>,
    used: Option<Moment>,
}

impl From<ScimToken> for Token {
    fn from(token: ScimToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            prefix: token.prefix,
            made: token.created_at.into(),
            ends: token.expires_at.map(Moment::from),
            used: token.last_used_at.map(Moment::from),
        }
    }
}

/// What else the page of a provider shows.
#[derive(Default)]
pub(super) struct With<'w> {
    /// Its form, refused.
    pub(super) change: Option<(&'w Sent, &'w Fault)>,
    /// The form of a new token, refused.
    pub(super) token: Option<(&'w Sent, &'w Fault)>,
    /// How it did when it was tried.
    pub(super) test: Option<ProviderTest>,
}

/// Shows the provider.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&one(&request, &edge, &visitor, *id, With::default()).await?))
}

pub(super) async fn one(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    with: With<'_>,
) -> Result<One, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let (provider, mut provisioned, listed, teams) = tokio::try_join!(
        providers::get(control, caller, id),
        providers::provisioned(control, caller, vec![id]),
        tokens::list(control, caller, id, Paging::default()),
        teams::choices(control, caller),
    )?;
    let Provisioned { users, groups, last_sync_at } = provisioned.remove(&id).unwrap_or_default();
    let origin = Arrival::of(request.head(), &edge.front).origin;
    let path = format!("/portal/providers/{id}");
    let (sent, fault) = with.token.unzip();
    let text = |name: &str| sent.map(|sent| sent.text(name).to_owned()).unwrap_or_default();
    let new_token =
        parts::Form::new(visitor, "New SCIM token", format!("{path}/token"), "Make the token")
            .inputs(
                [
                    Input::text("token_name", "Name of the token", text("token_name")).required(),
                    Input::line("expires", "Ends after", "date", text("expires"), 10)
                        .help("The last day (UTC); empty for never."),
                ],
                fault,
            );
    let lead = "Identities that it proves, and sessions that began with it, end. Its users stay, with their keys.";
    let delete =
        parts::Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the provider");
    let change = change_form(visitor, &provider, &teams, with.change);
    let is_of_environment = of_environment(&provider);
    let delete = (!is_of_environment).then(|| delete.danger().lead(lead));
    Ok(One {
        frame: Frame::new("Provider", request, Some(visitor)),
        token: visitor.token(),
        redirect_uri: redirect_uri(request, edge).ok().filter(|_| provider.oidc.is_some()),
        scim_url: format!("{origin}/scim/v2"),
        users: words::number(users),
        groups: words::number(groups),
        last_sync: last_sync_at.map(Moment::from),
        tokens: listed.data.into_iter().map(Token::from).collect(),
        test: with.test,
        new_token,
        forms: std::iter::once(change).chain(delete).collect(),
        is_of_environment,
        provider,
    })
}

fn of_environment(provider: &IdentityProvider) -> bool {
    provider.oidc.as_ref().is_some_and(|oidc| oidc.configured_by == "environment")
}

fn change_form(
    visitor: &Visitor,
    provider: &IdentityProvider,
    teams: &fields::Teams,
    refused: Option<(&Sent, &Fault)>,
) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let value = |name: &str| match sent {
        Some(sent) => sent.text(name).to_owned(),
        None => fields::stored(provider, teams, name),
    };
    let values = Values::new(&value);
    let mut inputs = values.own();
    let signs_in = provider.oidc.is_some();
    if signs_in {
        if !of_environment(provider) {
            inputs.extend(values.connection());
        }
        inputs.extend(values.admission());
    }
    inputs.extend(values.groups(teams, signs_in));
    let action = format!("/portal/providers/{}/change", provider.id);
    parts::Form::new(visitor, "Change", action, "Save").inputs(inputs, fault)
}

/// Changes the provider.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, *id, &sent).await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let with = With { change: Some((&sent, &fault)), ..With::default() };
            Ok(fault.page(&one(&request, &edge, &visitor, *id, with).await?))
        }
    }
}

async fn edit(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    sent: &Sent,
) -> Result<IdentityProvider, ControlError> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let provider = providers::get(control, caller, id).await?;
    let teams = teams::choices(control, caller).await?;
    let mut order = EditIdentityProvider {
        name: Some(sent.text("name").to_owned()),
        enabled: Some(sent.text("enabled") != "false"),
        ..EditIdentityProvider::default()
    };
    if provider.oidc.is_some() {
        order.oidc = Some(fields::oidc(sent, &teams, of_environment(&provider))?);
    } else {
        order.provisioning = Some(fields::rules(sent, &teams, false)?);
    }
    providers::edit(control, caller, id, order).await
}

/// Tries the provider, and shows how it did.
pub(in crate::http::portal) async fn test(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let back = redirect_uri(&request, &edge).ok();
    let test = providers::test(&edge.control, &visitor.caller, *id, back).await?;
    let with = With { test: Some(test), ..With::default() };
    Ok(render(&one(&request, &edge, &visitor, *id, with).await?))
}

/// Takes the provider away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    providers::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/providers?notice={}", Notice::Deleted.name())))
}

pub(super) fn back(id: Uuid, notice: Notice) -> actix_web::HttpResponse {
    see_other(&format!("/portal/providers/{id}?notice={}", notice.name()))
}
