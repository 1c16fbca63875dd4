//! `GET /`: how to point Claude Code at this gateway: one command for one's platform, scope and way in,
//! what it will change, and how to undo it. Whoever is signed in can have a setup token in the command.

mod commands;

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::ExposeSecret as _;

use self::commands::{Commands, Platform, Way};
use super::fault::Fault;
use super::form::{self, Answer, Visitor};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts;
use super::sent::Sent;
use super::words::Moment;
use crate::control::keys::{self, CreateSetupToken, NewSetupToken};
use crate::http::arrival::Arrival;
use crate::http::server::Edge;
use crate::http::setup;

/// What the key is called where no other name is given.
const NAME: &str = "Claude Code";

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    frame: Frame,
    base_url: String,
    selects: Vec<Input>,
    knows_itself: bool,
    commands: Option<Commands>,
    needs_key: bool,
    form: Option<parts::Form>,
    ends: Option<Moment>,
}

/// Serves the page.
pub async fn connect(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    // The page is for visitors too, also while the database is away.
    let visitor = Visitor::of(&request, &edge).await.ok().flatten();
    let asked = Sent::of_query(request.query_string());
    render(&page(&request, &edge, visitor.as_ref(), &asked, Made::Nothing))
}

/// What has come of the order to make a setup token.
enum Made<'m> {
    /// There was none.
    Nothing,
    /// The token.
    Token(&'m NewSetupToken),
    /// It was refused.
    Refused(&'m Fault),
}

fn page(
    request: &HttpRequest,
    edge: &Edge,
    visitor: Option<&Visitor>,
    asked: &Sent,
    made: Made<'_>,
) -> Connect {
    let platform = platform(asked, request);
    let is_project = asked.text("scope") == "project";
    let may_have_keys = visitor
        .filter(|visitor| visitor.caller.user_id().is_some() && !visitor.must_change_password());
    let (token, fault) = match made {
        Made::Nothing => (None, None),
        Made::Token(made) => (Some(made), None),
        Made::Refused(fault) => (None, Some(fault)),
    };
    let way = match asked.text("by") {
        by if may_have_keys.is_some() && (by == "token" || token.is_some() || fault.is_some()) => {
            Way::Token(token.map(|made| made.secret.expose_secret()))
        }
        "key" => Way::Key,
        _ => Way::Browser,
    };
    let url = setup::address(request, edge);
    let commands = url.as_ref().map(|url| Commands::new(platform, is_project, url, way));
    let form = may_have_keys.filter(|_| way == Way::Token(None) && url.is_some());
    Connect {
        frame: Frame::new("Connect", request, visitor),
        base_url: Arrival::of(request.head(), &edge.front).origin,
        selects: selects(platform, is_project, way, may_have_keys.is_some()),
        knows_itself: url.is_some(),
        commands,
        needs_key: way == Way::Key,
        form: form.map(|visitor| token_form(visitor, asked, fault)),
        ends: token.map(|made| made.expires_at.into()),
    }
}

/// The platform that is asked for, else the one that the browser runs on.
fn platform(asked: &Sent, request: &HttpRequest) -> Platform {
    let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
    match asked.text("platform") {
        "windows" => Platform::Windows,
        "" if agent.is_some_and(|agent| agent.contains("Windows")) => Platform::Windows,
        _ => Platform::Unix,
    }
}

fn selects(platform: Platform, is_project: bool, way: Way<'_>, may_have_keys: bool) -> Vec<Input> {
    let is_windows = platform == Platform::Windows;
    let platforms = vec![
        Choice::new("unix", "macOS, Linux or WSL", !is_windows),
        Choice::new("windows", "Windows", is_windows),
    ];
    let scopes = vec![
        Choice::new("user", "All I do on this machine", !is_project),
        Choice::new("project", "One project", is_project),
    ];
    let mut ways = vec![Choice::new("sso", "Signing in by the browser", way == Way::Browser)];
    if may_have_keys {
        let is_token = matches!(way, Way::Token(_));
        ways.push(Choice::new("token", "A new API key of mine", is_token));
    }
    ways.push(Choice::new("key", "An API key that I have", way == Way::Key));
    vec![
        Input::select("platform", "Claude Code runs on", platforms),
        Input::select("scope", "It is set up for", scopes),
        Input::select("by", "It gets in by", ways),
    ]
}

fn token_form(visitor: &Visitor, asked: &Sent, fault: Option<&Fault>) -> parts::Form {
    let name = asked.given("name").unwrap_or(NAME);
    let name = Input::text("name", "Name of the key", name).required();
    parts::Form::new(visitor, "A new API key", "/portal/connect", "Get my command")
        .lead("Your command will carry a token that is good once and for 15 minutes; the script exchanges it for a new API key of yours, which nobody sees.")
        .hidden("platform", asked.text("platform"))
        .hidden("scope", asked.text("scope"))
        .hidden("by", "token")
        .inputs([name.help("What you will know it by, such as the machine it is for.")], fault)
}

/// Makes a setup token, and shows the command that has it.
pub(super) async fn token(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    let name = sent.text("name").to_owned();
    let order = CreateSetupToken { name, user_id: None };
    match keys::create_token(&edge.control, &visitor.caller, order).await {
        Ok(made) => {
            let made = Made::Token(&made);
            Ok(render(&page(&request, &edge, Some(&visitor), &sent, made)))
        }
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Made::Refused(&fault);
            Ok(fault.page(&page(&request, &edge, Some(&visitor), &sent, refused)))
        }
    }
}
