//! The portal: server-rendered pages for people. They work without scripts; scripts only add comfort.

mod analytics;
mod asset;
mod audit;
mod budgets;
pub mod chart;
mod choices;
mod connect;
mod dashboard;
mod device;
mod endpoints;
mod fault;
mod figures;
mod form;
mod input;
mod keys;
mod level;
mod list;
mod live;
mod members;
mod models;
mod nav;
mod notice;
mod notifications;
mod overview;
mod page;
mod parts;
mod password;
mod pricing;
mod provider;
mod providers;
mod range;
mod ranking;
mod sent;
mod series;
mod sessions;
mod settings;
mod sign_in;
mod status;
mod teams;
mod words;

use actix_web::web::ServiceConfig;

use crate::http::resource::{Only, Verb, get, post};

/// The pages' routes, `GET /` aside.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/static/{name}").route(get().to(asset::asset)))
        .service(
            only("/portal/sign-in")
                .route(get().to(sign_in::page))
                .route(post().to(sign_in::sign_in)),
        )
        .service(only("/device").route(get().to(device::page)).route(post().to(device::decide)))
        .service(only("/portal/sign-in/{provider}").route(get().to(provider::begin)))
        .service(only(provider::CALLBACK).route(get().to(provider::end)))
        .service(
            only("/portal/password")
                .route(get().to(password::page))
                .route(post().to(password::change)),
        )
        .service(only("/portal").route(get().to(sign_in::home)))
        .service(only("/portal/sign-out").route(post().to(sign_in::sign_out)))
        .service(only("/portal/overview").route(get().to(overview::page)))
        .service(only("/portal/live").route(get().to(live::page)))
        .service(only("/portal/live/stop").route(post().to(live::stop)))
        .service(only("/portal/status").route(get().to(status::page)));
    of_members(config);
    of_organisation(config);
    of_providers(config);
    of_gateway(config);
}

/// Pages that everybody has who is signed in.
fn of_members(config: &mut ServiceConfig) {
    config
        .service(only("/portal/dashboard").route(get().to(dashboard::page)))
        .service(only("/portal/connect").route(post().to(connect::token)))
        .service(only("/portal/sessions").route(get().to(sessions::page)))
        .service(only("/portal/sessions/one").route(get().to(sessions::one)))
        .service(only("/portal/keys").route(get().to(keys::page)))
        .service(
            only("/portal/keys/new").route(get().to(keys::new_form)).route(post().to(keys::create)),
        )
        .service(only("/portal/keys/{id}").route(get().to(keys::one)))
        .service(only("/portal/keys/{id}/change").route(post().to(keys::change)))
        .service(only("/portal/keys/{id}/rotate").route(post().to(keys::rotate)))
        .service(only("/portal/keys/{id}/revoke").route(post().to(keys::revoke)))
        .service(only("/portal/keys/{id}/delete").route(post().to(keys::delete)));
}

/// Pages of admins about people and what they use.
fn of_organisation(config: &mut ServiceConfig) {
    config
        .service(only("/portal/analytics").route(get().to(analytics::spend)))
        .service(only("/portal/analytics/activity").route(get().to(analytics::activity)))
        .service(only("/portal/analytics/models").route(get().to(analytics::models)))
        .service(only("/portal/analytics/tools").route(get().to(analytics::tools)))
        .service(only("/portal/analytics/export").route(get().to(analytics::export)))
        .service(with_form("/portal/teams", get().to(teams::page), post().to(teams::create)))
        .service(only("/portal/teams/{id}").route(get().to(teams::one)))
        .service(only("/portal/teams/{id}/change").route(post().to(teams::change)))
        .service(only("/portal/teams/{id}/routing").route(post().to(teams::route)))
        .service(only("/portal/teams/{id}/add-member").route(post().to(teams::add_member)))
        .service(only("/portal/teams/{id}/remove-member").route(post().to(teams::remove_member)))
        .service(only("/portal/teams/{id}/delete").route(post().to(teams::delete)))
        .service(with_form("/portal/members", get().to(members::page), post().to(members::create)))
        .service(only("/portal/members/{id}").route(get().to(members::one)))
        .service(only("/portal/members/{id}/change").route(post().to(members::change)))
        .service(only("/portal/members/{id}/delete").route(post().to(members::delete)))
        .service(only("/portal/budgets").route(get().to(budgets::page)))
        .service(with_form(
            "/portal/budgets/new",
            get().to(budgets::new_form),
            post().to(budgets::create),
        ))
        .service(only("/portal/budgets/{id}").route(get().to(budgets::one)))
        .service(only("/portal/budgets/{id}/change").route(post().to(budgets::change)))
        .service(only("/portal/budgets/{id}/delete").route(post().to(budgets::delete)));
}

/// Pages of admins about where people come from.
fn of_providers(config: &mut ServiceConfig) {
    config
        .service(with_form(
            "/portal/providers",
            get().to(providers::page),
            post().to(providers::create),
        ))
        .service(only("/portal/providers/{id}").route(get().to(providers::one)))
        .service(only("/portal/providers/{id}/change").route(post().to(providers::change)))
        .service(only("/portal/providers/{id}/test").route(post().to(providers::test)))
        .service(only("/portal/providers/{id}/token").route(post().to(providers::create_token)))
        .service(
            only("/portal/providers/{id}/delete-token").route(post().to(providers::delete_token)),
        )
        .service(only("/portal/providers/{id}/delete").route(post().to(providers::delete)));
}

/// Pages of admins about the gateway itself.
fn of_gateway(config: &mut ServiceConfig) {
    config
        .service(with_form(
            "/portal/endpoints",
            get().to(endpoints::page),
            post().to(endpoints::create),
        ))
        .service(only("/portal/endpoints/{id}").route(get().to(endpoints::one)))
        .service(only("/portal/endpoints/{id}/change").route(post().to(endpoints::change)))
        .service(only("/portal/endpoints/{id}/delete").route(post().to(endpoints::delete)))
        .service(only("/portal/endpoints/{id}/test").route(post().to(endpoints::test)))
        .service(only("/portal/endpoints/{id}/probe").route(post().to(endpoints::probe)))
        .service(only("/portal/endpoints/{id}/drain").route(post().to(endpoints::drain)))
        .service(only("/portal/endpoints/{id}/resume").route(post().to(endpoints::resume)))
        .service(only("/portal/endpoints/{id}/stand-in").route(post().to(endpoints::stand_in)))
        .service(only("/portal/endpoints/{id}/stand-down").route(post().to(endpoints::stand_down)))
        .service(only("/portal/models").route(get().to(models::page)))
        .service(only("/portal/models/name").route(post().to(models::name)))
        .service(only("/portal/models/unname").route(post().to(models::unname)))
        .service(only("/portal/models/decide").route(post().to(models::decide)))
        .service(only("/portal/models/forget").route(post().to(models::forget)))
        .service(only("/portal/pricing").route(get().to(pricing::page)))
        .service(only("/portal/pricing/set").route(post().to(pricing::set)))
        .service(only("/portal/pricing/end").route(post().to(pricing::end)))
        .service(only("/portal/pricing/terms").route(post().to(pricing::terms)))
        .service(only("/portal/pricing/refresh").route(post().to(pricing::refresh)))
        .service(only("/portal/audit").route(get().to(audit::page)))
        .service(with_form(
            "/portal/settings",
            get().to(settings::page),
            post().to(settings::change),
        ));
    of_notifications(config);
}

/// Pages of admins about who is told of what happens.
fn of_notifications(config: &mut ServiceConfig) {
    let order = |name: &str| format!("/portal/notifications/{{id}}/{name}");
    config
        .service(only("/portal/notifications").route(get().to(notifications::page)))
        .service(with_form(
            "/portal/notifications/new",
            get().to(notifications::new_form),
            post().to(notifications::create),
        ))
        .service(only("/portal/notifications/log").route(get().to(notifications::log)))
        .service(only("/portal/notifications/retry").route(post().to(notifications::retry)))
        .service(only("/portal/notifications/{id}").route(get().to(notifications::one)))
        .service(only(&order("change")).route(post().to(notifications::change)))
        .service(only(&order("test")).route(post().to(notifications::test)))
        .service(only(&order("activate")).route(post().to(notifications::activate)))
        .service(only(&order("deactivate")).route(post().to(notifications::deactivate)))
        .service(only(&order("rotate")).route(post().to(notifications::rotate)))
        .service(only(&order("delete")).route(post().to(notifications::delete)));
}

/// A page that also takes the form on it.
fn with_form(path: &str, page: Verb, form: Verb) -> Only {
    only(path).route(page).route(form)
}

/// A path whose other methods are refused by a page.
fn only(path: &str) -> Only {
    Only::at(path, page::method_not_allowed)
}

pub use connect::connect;
pub(in crate::http) use form::Barred;
pub(in crate::http) use provider::redirect_uri;
