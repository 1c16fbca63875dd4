//! The fields of a provider's form, and what they stand for. Which team a group's members are in is written as
//! `group = team`, one a line.

use std::collections::BTreeMap;

use secrecy::SecretString;
use uuid::Uuid;

use crate::control::ControlError;
use crate::control::providers::{IdentityProvider, Oidc, OrderOidc};
use crate::domain::principal::Role;
use crate::domain::provider::GroupRules;
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::sent::Sent;

/// Teams by id and name.
pub(super) type Teams = [(Uuid, String)];

/// The names of the fields about groups: of a provider that signs people in, and of one that only provisions.
const OF_OIDC: [&str; 4] =
    ["oidc.admin_groups", "oidc.team_groups", "oidc.default_role", "oidc.default_team_id"];
const OF_PROVISIONING: [&str; 4] = [
    "provisioning.admin_groups",
    "provisioning.team_groups",
    "provisioning.default_role",
    "provisioning.default_team_id",
];

/// What a form shows: the fields as they were sent, or as they are stored.
pub(super) struct Values<'v>(&'v dyn Fn(&str) -> String);

impl<'v> Values<'v> {
    pub(super) fn new(value: &'v dyn Fn(&str) -> String) -> Self {
        Self(value)
    }

    fn line(&self, name: &'static str, label: &'static str, longest: usize) -> Input {
        Input::line(name, label, "text", (self.0)(name), longest)
    }

    fn area(&self, name: &'static str, label: &'static str, help: &str) -> Input {
        Input::area(name, label, (self.0)(name)).help(help)
    }

    fn select(&self, name: &'static str, label: &'static str, choices: &[(&str, &str)]) -> Input {
        let chosen = (self.0)(name);
        let choices =
            choices.iter().map(|(value, label)| Choice::new(value, label, *value == chosen));
        Input::select(name, label, choices.collect())
    }

    /// The fields that all providers have.
    pub(super) fn own(&self) -> Vec<Input> {
        let enabled = [("true", "Yes"), ("false", "No: its sessions and tokens end")];
        vec![
            Input::text("name", "Name", (self.0)("name")).required(),
            self.select("enabled", "People and tokens of it come in", &enabled),
        ]
    }

    /// Where a provider is, which never changes.
    pub(super) fn issuer(&self) -> Input {
        self.line("oidc.issuer", "Issuer", 500)
            .help("The https:// address that its tokens name; empty for one that only provisions.")
    }

    /// How the gateway is known there.
    pub(super) fn connection(&self) -> Vec<Input> {
        vec![
            self.line("oidc.client_id", "Client id", 255),
            Input::line("oidc.client_secret", "Client secret", "password", "", 1000)
                .help("Stored sealed and never shown again. Empty leaves the one that is there."),
            self.line("oidc.scopes", "Scopes", 500).help("With blanks between them."),
            self.line("oidc.user_claim", "Claim that says who somebody is", 100)
                .help("For good, such as sub or oid; never an address that is given anew."),
            self.area(
                "oidc.audiences",
                "Further audiences",
                "Whose ID tokens open the inference API, one a line.",
            ),
            self.line("oidc.jwks_url", "Address of its keys", 500)
                .help("Where its own document is not to be believed; else empty."),
        ]
    }

    /// Who comes in by it.
    pub(super) fn admission(&self) -> Vec<Input> {
        let yes_no = [("true", "Yes"), ("false", "No")];
        vec![
            self.area(
                "oidc.allowed_domains",
                "Domains of e-mail addresses",
                "Whose verified addresses come in, one a line; empty for all.",
            ),
            self.select("oidc.auto_provision", "Strangers become users", &yes_no),
            self.select(
                "oidc.link_by_email",
                "A verified address of these domains leads to the user who has it",
                &[("false", "No"), ("true", "Yes")],
            ),
            self.line("oidc.groups_claim", "Claim with the groups", 100),
        ]
    }

    /// What groups make of people.
    pub(super) fn groups(&self, teams: &Teams, signs_in: bool) -> Vec<Input> {
        let [admins, by_group, role, team] = if signs_in { OF_OIDC } else { OF_PROVISIONING };
        let chosen = (self.0)(team);
        let named = teams.iter().map(|(id, name)| Choice::new(id, name, id.to_string() == chosen));
        let none = Choice::new("", "No team", chosen.is_empty());
        vec![
            self.area(admins, "Groups of admins", "One a line; empty where groups say nothing about roles."),
            self.area(by_group, "Teams of groups", "Such as engineers = Platform, one a line; of several groups that fit, the first by the alphabet counts. Empty where groups say nothing about teams."),
            self.select(role, "Role of new users", &[("member", "Member"), ("admin", "Admin")]),
            Input::select(team, "Team of new users", std::iter::once(none).chain(named).collect()),
        ]
    }
}

/// The fields as they are stored.
pub(super) fn stored(provider: &IdentityProvider, teams: &Teams, name: &str) -> String {
    match name {
        "name" => return provider.name.clone(),
        "enabled" => return provider.enabled.to_string(),
        _ => {}
    }
    if let Some(oidc) = &provider.oidc {
        return of_oidc(oidc, teams, name);
    }
    let rules = provider.provisioning.clone().unwrap_or_default();
    of_rules(&rules, teams, name.strip_prefix("provisioning.").unwrap_or_default())
}

fn of_oidc(oidc: &Oidc, teams: &Teams, name: &str) -> String {
    match name.strip_prefix("oidc.").unwrap_or_default() {
        "issuer" => oidc.issuer.clone(),
        "client_id" => oidc.client_id.clone(),
        "scopes" => oidc.scopes.join(" "),
        "user_claim" => oidc.user_claim.clone(),
        "audiences" => oidc.audiences.join("\n"),
        "jwks_url" => oidc.jwks_url.clone().unwrap_or_default(),
        "allowed_domains" => oidc.allowed_domains.join("\n"),
        "auto_provision" => oidc.auto_provision.to_string(),
        "link_by_email" => oidc.link_by_email.to_string(),
        "groups_claim" => oidc.groups_claim.clone(),
        other => {
            let rules = GroupRules {
                admin_groups: oidc.admin_groups.clone(),
                team_groups: oidc.team_groups.clone(),
                default_role: oidc.default_role,
                default_team_id: oidc.default_team_id,
            };
            of_rules(&rules, teams, other)
        }
    }
}

fn of_rules(rules: &GroupRules, teams: &Teams, name: &str) -> String {
    let named = |id: &Uuid| {
        let found = teams.iter().find(|(known, _)| known == id);
        found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    match name {
        "admin_groups" => rules.admin_groups.join("\n"),
        "team_groups" => {
            let lines =
                rules.team_groups.iter().map(|(group, id)| format!("{group} = {}", named(id)));
            lines.collect::<Vec<_>>().join("\n")
        }
        "default_role" => rules.default_role.name().to_owned(),
        "default_team_id" => rules.default_team_id.map(|id| id.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// What was sent about groups.
pub(super) fn rules(
    sent: &Sent,
    teams: &Teams,
    signs_in: bool,
) -> Result<GroupRules, ControlError> {
    let [admins, by_group, role, team] = if signs_in { OF_OIDC } else { OF_PROVISIONING };
    let lines = lines(sent, by_group).into_iter();
    let team_groups: Result<BTreeMap<String, Uuid>, ControlError> = lines
        .map(|line| {
            let takes =
                || ControlError::invalid(by_group, "takes a group, = and a team on each line");
            let (group, team) = line.rsplit_once('=').ok_or_else(takes)?;
            let found = teams.iter().find(|(_, name)| name == team.trim());
            let unknown =
                || ControlError::invalid(by_group, format!("there is no team {:?}", team.trim()));
            Ok((group.trim().to_owned(), found.ok_or_else(unknown)?.0))
        })
        .collect();
    Ok(GroupRules {
        admin_groups: self::lines(sent, admins),
        team_groups: team_groups?,
        default_role: Role::of(sent.text(role)),
        default_team_id: sent.id(team)?,
    })
}

/// What was sent about a provider that signs people in; its connection is left out where the environment has it.
pub(super) fn oidc(
    sent: &Sent,
    teams: &Teams,
    is_of_environment: bool,
) -> Result<OrderOidc, ControlError> {
    let GroupRules { admin_groups, team_groups, default_role, default_team_id } =
        rules(sent, teams, true)?;
    let order = OrderOidc {
        admin_groups: Some(admin_groups),
        team_groups: Some(team_groups),
        default_role: Some(default_role),
        default_team_id: Some(default_team_id),
        allowed_domains: Some(lines(sent, "oidc.allowed_domains")),
        auto_provision: Some(sent.text("oidc.auto_provision") != "false"),
        link_by_email: Some(sent.text("oidc.link_by_email") == "true"),
        groups_claim: sent.given("oidc.groups_claim").map(str::to_owned),
        ..OrderOidc::default()
    };
    if is_of_environment {
        return Ok(order);
    }
    let scopes = sent.given("oidc.scopes");
    let secret = sent.given("oidc.client_secret");
    Ok(OrderOidc {
        client_id: Some(sent.text("oidc.client_id").to_owned()),
        client_secret: secret.map(|secret| Some(SecretString::from(secret.to_owned()))),
        scopes: scopes.map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()),
        user_claim: sent.given("oidc.user_claim").map(str::to_owned),
        audiences: Some(lines(sent, "oidc.audiences")),
        jwks_url: Some(sent.given("oidc.jwks_url").map(str::to_owned)),
        ..order
    })
}

/// The lines of a field that are not empty.
fn lines(sent: &Sent, name: &str) -> Vec<String> {
    let lines = sent.text(name).lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}
