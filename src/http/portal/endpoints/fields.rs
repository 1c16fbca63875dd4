//! The fields of an endpoint's form, and what they stand for.

use crate::control::endpoints::{CredentialOrder, CredentialView, Endpoint, EndpointGuardrail};
use crate::domain::geography::Geography;
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::sent::Sent;

/// The fields as they were sent.
pub(super) fn fields(sent: &Sent) -> [Input; 15] {
    inputs(&|name| sent.text(name).to_owned())
}

/// The fields as they are stored. A Bedrock API key is not shown: empty leaves it.
pub(super) fn stored(endpoint: &Endpoint) -> [Input; 15] {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let (kind, role, external, tags) = match &endpoint.credential {
        CredentialView::Chain => ("chain", String::new(), String::new(), false),
        CredentialView::ApiKey => ("api_key", String::new(), String::new(), false),
        CredentialView::Role { role_arn, external_id, session_tags } => {
            ("role", role_arn.clone(), some(external_id), *session_tags)
        }
    };
    let none = EndpointGuardrail { id: String::new(), version: String::new() };
    let guardrail = endpoint.guardrail.as_ref().unwrap_or(&none);
    inputs(&|name| match name {
        "name" => endpoint.name.clone(),
        "region" => endpoint.region.clone(),
        "geography" => some(&endpoint.geography),
        "credential" => kind.to_owned(),
        "role_arn" => role.clone(),
        "external_id" => external.clone(),
        "session_tags" => tags.to_string(),
        "priority" => endpoint.priority.to_string(),
        "enabled" => endpoint.enabled.to_string(),
        "default" => endpoint.is_default.to_string(),
        "runtime_url" => some(&endpoint.runtime_url),
        "control_url" => some(&endpoint.control_url),
        "guardrail.id" => guardrail.id.clone(),
        "guardrail.version" => guardrail.version.clone(),
        _ => String::new(),
    })
}

fn inputs(text: &dyn Fn(&str) -> String) -> [Input; 15] {
    let line = |name, label, longest| Input::line(name, label, "text", text(name), longest);
    let select = |name: &'static str, label, choices: &[(&str, &str)]| {
        let chosen = text(name);
        let choices =
            choices.iter().map(|(value, label)| Choice::new(value, label, *value == chosen));
        Input::select(name, label, choices.collect())
    };
    let geographies = Geography::ALL.map(|geography| (geography.prefix(), geography.prefix()));
    let geographies = [&[("", "The region's own")][..], &geographies].concat();
    [
        Input::text("name", "Name", text("name")).required(),
        line("region", "AWS region", 32).required().help("Such as us-east-1."),
        select("geography", "Geography of the profiles", &geographies),
        select(
            "credential",
            "Credential",
            &[
                ("chain", "The gateway's own"),
                ("role", "A role it assumes"),
                ("api_key", "A Bedrock API key"),
            ],
        ),
        line("role_arn", "Role's ARN", 2048)
            .help("Of a role: its trust policy must let the gateway assume it."),
        line("external_id", "External id", 1224)
            .help("Of a role, where its trust policy asks for one."),
        Input::line("api_key", "Bedrock API key", "password", "", 4096)
            .help("Stored sealed and never shown again. Empty leaves the one that is there."),
        select(
            "session_tags",
            "Tag the role's sessions with team and user",
            &[("false", "No"), ("true", "Yes")],
        ),
        line("priority", "Priority", 4).help("The lowest is preferred; 100 where it is empty."),
        select("enabled", "Takes requests", &[("true", "Yes"), ("false", "No: drained")]),
        select(
            "default",
            "Serves teams without endpoints of their own",
            &[("false", "No"), ("true", "Yes")],
        ),
        line("runtime_url", "Another address of bedrock-runtime", 500)
            .help("Such as a VPC endpoint's; empty for AWS's own."),
        line("guardrail.id", "Guardrail", 2048)
            .help("Id or ARN; every conversation here is held against it. Empty for none."),
        line("guardrail.version", "Version of the guardrail", 8).help("A number, or DRAFT."),
        line("control_url", "Another address of the control plane", 500)
            .help("That of bedrock, which lists profiles; empty for AWS's own."),
    ]
}

/// The credential that was sent; `None` where the stored API key stays.
pub(super) fn credential(sent: &Sent) -> Option<CredentialOrder> {
    match sent.text("credential") {
        "role" => Some(CredentialOrder::Role {
            role_arn: sent.text("role_arn").to_owned(),
            external_id: sent.given("external_id").map(str::to_owned),
            session_tags: sent.text("session_tags") == "true",
        }),
        "api_key" => sent
            .given("api_key")
            .map(|key| CredentialOrder::ApiKey { api_key: key.to_owned().into() }),
        _ => Some(CredentialOrder::Chain),
    }
}

/// The guardrail that was sent; of one that is named in part the rest is asked for.
pub(super) fn guardrail(sent: &Sent) -> Option<EndpointGuardrail> {
    let part = |name| sent.given(name).map(str::to_owned);
    let (id, version) = (part("guardrail.id"), part("guardrail.version"));
    (id.is_some() || version.is_some()).then(|| EndpointGuardrail {
        id: id.unwrap_or_default(),
        version: version.unwrap_or_default(),
    })
}
