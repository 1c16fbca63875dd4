//! `GET /`: how to point Claude Code at this gateway: one command for one's platform and scope, what it
//! will change, and how to undo it. Whoever is signed in can have a setup token in the command.

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::ExposeSecret as _;

use super::fault::Fault;
use super::form::{self, Answer, Visitor};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts;
use super::sent::Sent;
use super::words::Moment;
use crate::control::ControlError;
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
    selects: [Input; 2],
    setup: Option<Setup>,
    form: Option<parts::Form>,
    ends: Option<Moment>,
}

/// What the setup script is told to do, as commands.
struct Setup {
    label: &'static str,
    command: String,
    /// The command for whoever signs in instead of having a key.
    sign_in: String,
    undo: String,
    file: &'static str,
    /// Where the helper is that a sign-in leaves.
    helper: &'static str,
    is_project: bool,
}

/// Where Claude Code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    Unix,
    Windows,
}

impl Platform {
    /// The one that is asked for, else the one that the browser runs on.
    fn of(asked: &Sent, request: &HttpRequest) -> Self {
        let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
        match asked.text("platform") {
            "windows" => Self::Windows,
            "" if agent.is_some_and(|agent| agent.contains("Windows")) => Self::Windows,
            _ => Self::Unix,
        }
    }
}

impl Setup {
    /// The commands for a gateway at `url`; with a token, or for whoever has a key.
    fn new(platform: Platform, is_project: bool, url: &str, token: Option<&str>) -> Self {
        let scope = if is_project { "project" } else { "user" };
        let (label, command, sign_in, undo) = match platform {
            Platform::Unix => {
                let (before, given) = match token {
                    Some(token) => (String::new(), format!(" --token {token}")),
                    None => ("CCAG_API_KEY=YOUR_API_KEY ".to_owned(), String::new()),
                };
                let script = format!("curl -fsSL '{url}/setup' | ");
                (
                    "macOS, Linux and WSL",
                    format!("{script}{before}sh -s -- --scope {scope}{given}"),
                    format!("{script}sh -s -- --scope {scope} --sso"),
                    format!("{script}sh -s -- --scope {scope} --undo"),
                )
            }
            Platform::Windows => {
                let (before, given) = match token {
                    Some(token) => (String::new(), format!(" -Token {token}")),
                    None => ("$env:CCAG_API_KEY = 'YOUR_API_KEY'; ".to_owned(), String::new()),
                };
                let script =
                    format!("& ([scriptblock]::Create((Invoke-RestMethod '{url}/setup.ps1')))");
                (
                    "Windows PowerShell",
                    format!("{before}{script} -Scope {scope}{given}"),
                    format!("{script} -Scope {scope} -Sso"),
                    format!("{script} -Scope {scope} -Undo"),
                )
            }
        };
        let file = match (is_project, platform) {
            (true, _) => ".claude/settings.local.json in the folder in which you run it",
            (false, Platform::Unix) => "~/.claude/settings.json",
            (false, Platform::Windows) => "%USERPROFILE%\\.claude\\settings.json",
        };
        let helper = match platform {
            Platform::Unix => "~/.config/ccag/claude-token",
            Platform::Windows => "%USERPROFILE%\\.ccag\\claude-token.ps1",
        };
        Self { label, command, sign_in, undo, file, helper, is_project }
    }
}

/// Serves the page.
pub async fn connect(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    // The page is for visitors too, also while the database is away.
    let visitor = Visitor::of(&request, &edge).await.ok().flatten();
    let asked = Sent::of_query(request.query_string());
    render(&page(&request, &edge, visitor.as_ref(), &asked, None))
}

fn page(
    request: &HttpRequest,
    edge: &Edge,
    visitor: Option<&Visitor>,
    asked: &Sent,
    made: Option<&NewSetupToken>,
) -> Connect {
    let platform = Platform::of(asked, request);
    let is_project = asked.text("scope") == "project";
    let token = made.map(|made| made.secret.expose_secret());
    let setup =
        setup::address(request, edge).map(|url| Setup::new(platform, is_project, &url, token));
    let platforms = vec![
        Choice::new("unix", "macOS, Linux or WSL", platform == Platform::Unix),
        Choice::new("windows", "Windows", platform == Platform::Windows),
    ];
    let scopes = vec![
        Choice::new("user", "Everything I do on this machine", !is_project),
        Choice::new("project", "One project", is_project),
    ];
    let form = visitor.filter(|_| setup.is_some()).and_then(|visitor| {
        let is_user = visitor.caller.user_id().is_some() && !visitor.must_change_password();
        is_user.then(|| token_form(visitor, asked, None))
    });
    Connect {
        frame: Frame::new("Connect", request, visitor),
        base_url: Arrival::of(request.head(), &edge.front).origin,
        selects: [
            Input::select("platform", "Claude Code runs on", platforms),
            Input::select("scope", "It is set up for", scopes),
        ],
        setup,
        form,
        ends: made.map(|made| made.expires_at.into()),
    }
}

fn token_form(visitor: &Visitor, asked: &Sent, fault: Option<&Fault>) -> parts::Form {
    let name = asked.given("name").unwrap_or(NAME);
    let name = Input::text("name", "Name of the key", name).required();
    parts::Form::new(visitor, "With a key of your own", "/portal/connect", "Get my command")
        .lead("The command then carries a token that is good once and for 15 minutes; the script exchanges it for a new API key of yours, which nobody sees.")
        .hidden("platform", asked.text("platform"))
        .hidden("scope", asked.text("scope"))
        .inputs([name.help("What you will know it by, such as the machine it is for.")], fault)
}

/// Makes a setup token, and shows the command that has it.
pub(super) async fn token(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    let name = sent.text("name").to_owned();
    let order = CreateSetupToken { name, user_id: None };
    match keys::create_token(&edge.control, &visitor.caller, order).await {
        Ok(made) => Ok(render(&page(&request, &edge, Some(&visitor), &sent, Some(&made)))),
        Err(error @ ControlError::Conflict { .. } | error @ ControlError::Invalid { .. }) => {
            let fault = Fault::of(error)?;
            let mut page = page(&request, &edge, Some(&visitor), &sent, None);
            page.form = Some(token_form(&visitor, &sent, Some(&fault)));
            Ok(fault.page(&page))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_that_the_scripts_take() {
        let url = "https://ccag.example.com";
        let of = |platform, is_project, token| Setup::new(platform, is_project, url, token).command;
        assert_eq!(
            of(Platform::Unix, false, Some("st-ccag-1")),
            "curl -fsSL 'https://ccag.example.com/setup' | sh -s -- --scope user --token st-ccag-1"
        );
        assert_eq!(
            of(Platform::Unix, true, None),
            "curl -fsSL 'https://ccag.example.com/setup' | CCAG_API_KEY=YOUR_API_KEY sh -s -- --scope project"
        );
        assert!(
            of(Platform::Windows, true, Some("st-ccag-1"))
                .ends_with("-Scope project -Token st-ccag-1")
        );
        assert!(
            Setup::new(Platform::Windows, false, url, None).undo.ends_with("-Scope user -Undo")
        );
    }
}
