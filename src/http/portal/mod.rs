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

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Route};

/// The pages' routes, `GET /` aside.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/static/{name}").route(web::get().to(asset::asset)))
        .service(
            only("/portal/sign-in")
                .route(web::get().to(sign_in::page))
                .route(web::post().to(sign_in::sign_in)),
        )
        .service(
            only("/device")
                .route(web::get().to(device::page))
                .route(web::post().to(device::decide)),
        )
        .service(only("/portal/sign-in/{provider}").route(web::get().to(provider::begin)))
        .service(only(provider::CALLBACK).route(web::get().to(provider::end)))
        .service(
            only("/portal/password")
                .route(web::get().to(password::page))
                .route(web::post().to(password::change)),
        )
        .service(only("/portal").route(web::get().to(sign_in::home)))
        .service(only("/portal/sign-out").route(web::post().to(sign_in::sign_out)))
        .service(only("/portal/overview").route(web::get().to(overview::page)))
        .service(only("/portal/live").route(web::get().to(live::page)))
        .service(only("/portal/live/stop").route(web::post().to(live::stop)))
        .service(only("/portal/status").route(web::get().to(status::page)));
    of_members(config);
    of_organisation(config);
    of_providers(config);
    of_gateway(config);
}

/// Pages that everybody has who is signed in.
fn of_members(config: &mut ServiceConfig) {
    config
        .service(only("/portal/dashboard").route(web::get().to(dashboard::page)))
        .service(only("/portal/connect").route(web::post().to(connect::token)))
        .service(only("/portal/sessions").route(web::get().to(sessions::page)))
        .service(only("/portal/sessions/one").route(web::get().to(sessions::one)))
        .service(only("/portal/keys").route(web::get().to(keys::page)))
        .service(
            only("/portal/keys/new")
                .route(web::get().to(keys::new_form))
                .route(web::post().to(keys::create)),
        )
        .service(only("/portal/keys/{id}").route(web::get().to(keys::one)))
        .service(only("/portal/keys/{id}/change").route(web::post().to(keys::change)))
        .service(only("/portal/keys/{id}/rotate").route(web::post().to(keys::rotate)))
        .service(only("/portal/keys/{id}/revoke").route(web::post().to(keys::revoke)))
        .service(only("/portal/keys/{id}/delete").route(web::post().to(keys::delete)));
}

/// Pages of admins about people and what they use.
fn of_organisation(config: &mut ServiceConfig) {
    config
        .service(only("/portal/analytics").route(web::get().to(analytics::spend)))
        .service(only("/portal/analytics/activity").route(web::get().to(analytics::activity)))
        .service(only("/portal/analytics/models").route(web::get().to(analytics::models)))
        .service(only("/portal/analytics/tools").route(web::get().to(analytics::tools)))
        .service(only("/portal/analytics/export").route(web::get().to(analytics::export)))
        .service(with_form(
            "/portal/teams",
            web::get().to(teams::page),
            web::post().to(teams::create),
        ))
        .service(only("/portal/teams/{id}").route(web::get().to(teams::one)))
        .service(only("/portal/teams/{id}/change").route(web::post().to(teams::change)))
        .service(only("/portal/teams/{id}/routing").route(web::post().to(teams::route)))
        .service(only("/portal/teams/{id}/add-member").route(web::post().to(teams::add_member)))
        .service(
            only("/portal/teams/{id}/remove-member").route(web::post().to(teams::remove_member)),
        )
        .service(only("/portal/teams/{id}/delete").route(web::post().to(teams::delete)))
        .service(with_form(
            "/portal/members",
            web::get().to(members::page),
            web::post().to(members::create),
        ))
        .service(only("/portal/members/{id}").route(web::get().to(members::one)))
        .service(only("/portal/members/{id}/change").route(web::post().to(members::change)))
        .service(only("/portal/members/{id}/delete").route(web::post().to(members::delete)))
        .service(only("/portal/budgets").route(web::get().to(budgets::page)))
        .service(with_form(
            "/portal/budgets/new",
            web::get().to(budgets::new_form),
            web::post().to(budgets::create),
        ))
        .service(only("/portal/budgets/{id}").route(web::get().to(budgets::one)))
        .service(only("/portal/budgets/{id}/change").route(web::post().to(budgets::change)))
        .service(only("/portal/budgets/{id}/delete").route(web::post().to(budgets::delete)));
}

/// Pages of admins about where people come from.
fn of_providers(config: &mut ServiceConfig) {
    config
        .service(with_form(
            "/portal/providers",
            web::get().to(providers::page),
            web::post().to(providers::create),
        ))
        .service(only("/portal/providers/{id}").route(web::get().to(providers::one)))
        .service(only("/portal/providers/{id}/change").route(web::post().to(providers::change)))
        .service(only("/portal/providers/{id}/test").route(web::post().to(providers::test)))
        .service(
            only("/portal/providers/{id}/token").route(web::post().to(providers::create_token)),
        )
        .service(
            only("/portal/providers/{id}/delete-token")
                .route(web::post().to(providers::delete_token)),
        )
        .service(only("/portal/providers/{id}/delete").route(web::post().to(providers::delete)));
}

/// Pages of admins about the gateway itself.
fn of_gateway(config: &mut ServiceConfig) {
    config
        .service(with_form(
            "/portal/endpoints",
            web::get().to(endpoints::page),
            web::post().to(endpoints::create),
        ))
        .service(only("/portal/endpoints/{id}").route(web::get().to(endpoints::one)))
        .service(only("/portal/endpoints/{id}/change").route(web::post().to(endpoints::change)))
        .service(only("/portal/endpoints/{id}/delete").route(web::post().to(endpoints::delete)))
        .service(only("/portal/endpoints/{id}/test").route(web::post().to(endpoints::test)))
        .service(only("/portal/endpoints/{id}/probe").route(web::post().to(endpoints::probe)))
        .service(only("/portal/endpoints/{id}/drain").route(web::post().to(endpoints::drain)))
        .service(only("/portal/endpoints/{id}/resume").route(web::post().to(endpoints::resume)))
        .service(only("/portal/endpoints/{id}/stand-in").route(web::post().to(endpoints::stand_in)))
        .service(
            only("/portal/endpoints/{id}/stand-down").route(web::post().to(endpoints::stand_down)),
        )
        .service(only("/portal/models").route(web::get().to(models::page)))
        .service(only("/portal/models/name").route(web::post().to(models::name)))
        .service(only("/portal/models/unname").route(web::post().to(models::unname)))
        .service(only("/portal/models/decide").route(web::post().to(models::decide)))
        .service(only("/portal/models/forget").route(web::post().to(models::forget)))
        .service(only("/portal/pricing").route(web::get().to(pricing::page)))
        .service(only("/portal/pricing/set").route(web::post().to(pricing::set)))
        .service(only("/portal/pricing/end").route(web::post().to(pricing::end)))
        .service(only("/portal/pricing/terms").route(web::post().to(pricing::terms)))
        .service(only("/portal/pricing/refresh").route(web::post().to(pricing::refresh)))
        .service(only("/portal/audit").route(web::get().to(audit::page)))
        .service(with_form(
            "/portal/settings",
            web::get().to(settings::page),
            web::post().to(settings::change),
        ));
    of_notifications(config);
}

/// Pages of admins about who is told of what happens.
fn of_notifications(config: &mut ServiceConfig) {
    let order = |name: &str| format!("/portal/notifications/{{id}}/{name}");
    config
        .service(only("/portal/notifications").route(web::get().to(notifications::page)))
        .service(with_form(
            "/portal/notifications/new",
            web::get().to(notifications::new_form),
            web::post().to(notifications::create),
        ))
        .service(only("/portal/notifications/log").route(web::get().to(notifications::log)))
        .service(only("/portal/notifications/retry").route(web::post().to(notifications::retry)))
        .service(only("/portal/notifications/{id}").route(web::get().to(notifications::one)))
        .service(only(&order("change")).route(web::post().to(notifications::change)))
        .service(only(&order("test")).route(web::post().to(notifications::test)))
        .service(only(&order("activate")).route(web::post().to(notifications::activate)))
        .service(only(&order("deactivate")).route(web::post().to(notifications::deactivate)))
        .service(only(&order("rotate")).route(web::post().to(notifications::rotate)))
        .service(only(&order("delete")).route(web::post().to(notifications::delete)));
}

/// A page that also takes the form on it.
fn with_form(path: &str, page: Route, form: Route) -> Resource {
    only(path).route(page).route(form)
}

/// A path whose other methods are refused by a page.
fn only(path: &str) -> Resource {
    web::resource(path).default_service(web::to(page::method_not_allowed))
}

pub use connect::connect;
pub(in crate::http) use form::Barred;
pub(in crate::http) use provider::redirect_uri;
