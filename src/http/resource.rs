//! Resources that know their methods: any other is a 405 that names those they have (RFC 9110, section
//! 15.5.6), in the shape of the family that they belong to.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::Method;
use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, web,
};

use super::told::Told;

/// The answer of a family of routes to a method that a route does not have.
pub type MethodRefusal = fn(&HttpRequest) -> Result<HttpResponse, Error>;

/// A resource that refuses the methods that it has no route for.
pub struct Only {
    resource: Resource,
    methods: Vec<Method>,
    refusal: MethodRefusal,
}

/// A route for one method.
pub struct Verb {
    method: Method,
    route: Route,
}

impl Only {
    /// A resource at `path` without any route, whose 405 is `refusal`.
    #[must_use]
    pub fn at(path: &str, refusal: MethodRefusal) -> Self {
        Self { resource: web::resource(path), methods: Vec::new(), refusal }
    }

    /// Takes a method.
    #[must_use]
    pub fn route(mut self, Verb { method, route }: Verb) -> Self {
        self.resource = self.resource.route(route);
        self.methods.push(method);
        self
    }

    /// Gives data to the handlers of this resource alone.
    #[must_use]
    pub fn app_data<D: 'static>(mut self, data: D) -> Self {
        self.resource = self.resource.app_data(data);
        self
    }
}

impl Verb {
    /// Has `handler` answer.
    #[must_use]
    pub fn to<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { route: self.route.to(handler), ..self }
    }
}

impl HttpServiceFactory for Only {
    fn register(self, config: &mut AppService) {
        let Self { resource, methods, refusal } = self;
        let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let allow = names.join(", ");
        let refuse = move |request: HttpRequest| {
            let mut told = Told::default();
            told.always("allow", &allow);
            told.keep(&request);
            std::future::ready(refusal(&request))
        };
        resource.default_service(web::to(refuse)).register(config);
    }
}

macro_rules! verbs {
    ($($name:ident $method:ident)*) => { $(
        #[doc = concat!("A route for `", stringify!($method), "`.")]
        #[must_use]
        pub fn $name() -> Verb {
            Verb { method: Method::$method, route: web::$name() }
        }
    )* };
}

verbs! { get GET head HEAD post POST put PUT patch PATCH delete DELETE }
