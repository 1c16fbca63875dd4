//! The portal: server-rendered pages for people. They work without scripts; scripts only add comfort.

mod asset;
pub mod chart;
mod choices;
mod connect;
mod dashboard;
mod device;
mod fault;
mod figures;
mod form;
mod input;
mod keys;
mod list;
mod live;
mod nav;
mod notice;
mod overview;
mod page;
mod parts;
mod password;
mod provider;
mod range;
mod ranking;
mod sent;
mod series;
mod sessions;
mod sign_in;
mod status;
mod words;

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig};

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
}

/// Pages that everybody has who is signed in.
fn of_members(config: &mut ServiceConfig) {
    config
        .service(only("/portal/dashboard").route(web::get().to(dashboard::page)))
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

/// A path whose other methods are refused by a page.
fn only(path: &str) -> Resource {
    web::resource(path).default_service(web::to(page::method_not_allowed))
}

pub use connect::connect;
pub(in crate::http) use form::Barred;
