//! The portal: server-rendered pages for people. They work without scripts; scripts only add comfort.

mod asset;
pub mod chart;
mod connect;
mod form;
mod list;
mod live;
mod notice;
mod overview;
mod page;
mod password;
mod sign_in;
mod status;
mod words;

use actix_web::web::{self, ServiceConfig};

/// The pages' routes, `GET /` aside.
pub fn routes(config: &mut ServiceConfig) {
    let only = |path: &str| web::resource(path).default_service(web::to(page::method_not_allowed));
    config
        .service(only("/static/{name}").route(web::get().to(asset::asset)))
        .service(
            only("/portal/sign-in")
                .route(web::get().to(sign_in::page))
                .route(web::post().to(sign_in::sign_in)),
        )
        .service(
            only("/portal/password")
                .route(web::get().to(password::page))
                .route(web::post().to(password::change)),
        )
        .service(only("/portal/sign-out").route(web::post().to(sign_in::sign_out)))
        .service(only("/portal/overview").route(web::get().to(overview::page)))
        .service(only("/portal/live").route(web::get().to(live::page)))
        .service(only("/portal/live/stop").route(web::post().to(live::stop)))
        .service(only("/portal/status").route(web::get().to(status::page)));
}

pub use connect::connect;
