//! Whether Claude Code's settings on this machine lead to the gateway, and to it alone.

use std::path::Path;

use super::machine::{Found, Machine};
use super::report::Check;
use super::target::Target;
use crate::cli::profile;

/// Below this, in milliseconds, Claude Code gives up on answers that the gateway is still waiting for.
const SHORT_TIMEOUT: u64 = 60_000;
/// Variables with which Claude Code calls another provider than the Anthropic API.
const OTHER_PROVIDERS: [&str; 4] = [
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_MANTLE",
];

/// All checks of the settings.
pub(super) fn checks(machine: &Machine, target: &Target) -> Vec<Check> {
    let mut checks = machine.faults.clone();
    checks.push(base_url(machine, target));
    checks.push(credentials(machine));
    checks.extend(readable_secrets(machine));
    checks.extend(other_providers(machine, target));
    checks.extend(proxy(machine, target));
    checks.extend(certificates(machine));
    checks.extend(timeout(machine));
    checks.extend(headers(machine));
    checks.extend(forced_login(machine, target));
    checks
}

fn places(found: &[Found]) -> String {
    found.iter().map(|found| found.place.as_str()).collect::<Vec<_>>().join(", ")
}

fn base_url(machine: &Machine, target: &Target) -> Check {
    const NAME: &str = "base URL";
    let all = machine.variable("ANTHROPIC_BASE_URL");
    let url = &target.url;
    let Some(last) = all.last() else {
        let advice = format!(
            "Run the setup script ({url}/setup), or set ANTHROPIC_BASE_URL={url} in settings.json."
        );
        return Check::warn(
            NAME,
            "ANTHROPIC_BASE_URL is not set: Claude Code does not use a gateway",
            advice,
        );
    };
    let shown = profile::origin(&last.value);
    let path = last.value.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let path = path.map(|(_, path)| path.trim_end_matches('/')).unwrap_or_default();
    match shown {
        Err(failure) => {
            Check::fail(NAME, format!("{}: {failure}", last.place), format!("Set it to {url}."))
        }
        Ok(_) if !path.is_empty() => Check::fail(
            NAME,
            format!("it has the path /{path}, in {}", last.place),
            format!("Claude Code puts /v1/messages behind it: set it to {url}."),
        ),
        Ok(origin) if origin != *url => Check::warn(
            NAME,
            format!(
                "Claude Code goes to {origin} ({}), not to the gateway that is checked",
                last.place
            ),
            format!("Set ANTHROPIC_BASE_URL={url} there, or check the other one with --url."),
        ),
        Ok(_) if all.iter().any(|one| one.value != last.value) => Check::warn(
            NAME,
            format!("it has different values in {}; that of {} counts", places(&all), last.place),
            "Leave it in one place.",
        ),
        Ok(origin) => Check::ok(NAME, format!("{origin} (in {})", last.place)),
    }
}

fn credentials(machine: &Machine) -> Check {
    const NAME: &str = "credential";
    let named = |name: &'static str, found: Vec<Found>| {
        found.last().map(|found| format!("{name} (in {})", found.place))
    };
    let kinds = [
        named("ANTHROPIC_AUTH_TOKEN", machine.variable("ANTHROPIC_AUTH_TOKEN")),
        named("ANTHROPIC_API_KEY", machine.variable("ANTHROPIC_API_KEY")),
        named("apiKeyHelper", machine.setting("apiKeyHelper")),
    ];
    let kinds: Vec<String> = kinds.into_iter().flatten().collect();
    match kinds.as_slice() {
        [] => Check::warn(
            NAME,
            "Claude Code has no credential for a gateway in its settings",
            "Run the setup script, or sign in with /login in Claude Code.",
        ),
        [one] => Check::ok(NAME, one),
        [first, others @ ..] => Check::warn(
            NAME,
            format!("{first} counts, and {} beside it", others.join(", ")),
            "Leave one: Claude Code warns of several, and an old one may win.",
        ),
    }
}

/// Files with a secret that others on this machine can read.
fn readable_secrets(machine: &Machine) -> Option<Check> {
    let secrets = ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"];
    let found = secrets.iter().flat_map(|name| machine.variable(name));
    let open = found.into_iter().find(|found| found.is_readable_by_others)?;
    let found = format!("{} holds a key and others on this machine can read it", open.place);
    Some(Check::warn("settings file", found, format!("chmod 600 {}", open.place)))
}

fn other_providers(machine: &Machine, target: &Target) -> Option<Check> {
    let name = OTHER_PROVIDERS.iter().find(|name| machine.is_on(name))?;
    let through = machine.value("ANTHROPIC_BEDROCK_BASE_URL");
    let is_through = *name == "CLAUDE_CODE_USE_BEDROCK"
        && through.is_some_and(|through| through.trim_end_matches('/') == target.url);
    if is_through {
        return Some(Check::ok("provider", "Bedrock mode, by way of the gateway"));
    }
    let found = format!("{name} is set: Claude Code goes past the gateway");
    Some(Check::fail(
        "provider",
        found,
        format!("Take {name} out of {}.", places(&machine.variable(name))),
    ))
}

fn proxy(machine: &Machine, target: &Target) -> Option<Check> {
    let first =
        |names: &[&'static str]| names.iter().find_map(|name| Some((*name, machine.value(name)?)));
    let (name, _) = if target.is_tls {
        first(&["HTTPS_PROXY", "https_proxy"])
    } else {
        first(&["HTTP_PROXY", "http_proxy"])
    }?;
    let exceptions = first(&["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default();
    if is_excepted(&target.host, &exceptions) {
        return Some(Check::ok("proxy", format!("{name} is set, but not for {}", target.host)));
    }
    let found = format!("{name} is set: Claude Code goes through it; the checks here go directly");
    let advice = format!("If the gateway needs no proxy, add {} to NO_PROXY.", target.host);
    Some(Check::warn("proxy", found, advice))
}

/// Whether `NO_PROXY` names a host: itself, a domain above it, or everything.
fn is_excepted(host: &str, exceptions: &str) -> bool {
    let parts = exceptions.split([',', ' ']).map(|part| part.trim().trim_start_matches("*."));
    let mut parts = parts.map(|part| part.trim_start_matches('.')).filter(|part| !part.is_empty());
    parts.any(|part| {
        let above = host.strip_suffix(part).is_some_and(|rest| rest.ends_with('.'));
        part == "*" || host.eq_ignore_ascii_case(part) || above
    })
}

fn certificates(machine: &Machine) -> Vec<Check> {
    let mut checks = Vec::new();
    if machine.value("NODE_TLS_REJECT_UNAUTHORIZED").as_deref() == Some("0") {
        checks.push(Check::fail(
            "certificates",
            "NODE_TLS_REJECT_UNAUTHORIZED=0: anybody on the way can read keys and prompts",
            "Take it out, and name the authority's certificate in NODE_EXTRA_CA_CERTS.",
        ));
    }
    let extra = machine.variable("NODE_EXTRA_CA_CERTS").pop();
    if let Some(Found { value, place, .. }) = extra
        && !Path::new(&value).is_file()
    {
        let found = format!("NODE_EXTRA_CA_CERTS names {value}, which is not there (in {place})");
        checks.push(Check::fail("certificates", found, "Put the file there, or take it out."));
    }
    checks
}

fn timeout(machine: &Machine) -> Option<Check> {
    let found = machine.variable("API_TIMEOUT_MS").pop()?;
    let is_short = found.value.parse().is_ok_and(|ms: u64| ms < SHORT_TIMEOUT);
    let text = format!("API_TIMEOUT_MS={} (in {})", found.value, found.place);
    is_short.then(|| {
        Check::warn("timeout", text, "Models think for longer: take it out, or set 600000.")
    })
}

fn headers(machine: &Machine) -> Option<Check> {
    let found = machine.variable("ANTHROPIC_CUSTOM_HEADERS").pop()?;
    let lower = found.value.to_ascii_lowercase();
    let name = ["authorization", "x-api-key"].into_iter().find(|name| lower.contains(name))?;
    let text = format!("ANTHROPIC_CUSTOM_HEADERS sets {name} (in {})", found.place);
    Some(Check::warn("headers", text, "It replaces the credential: take it out."))
}

fn forced_login(machine: &Machine, target: &Target) -> Option<Check> {
    const NAME: &str = "forced login";
    let method = machine.setting("forceLoginMethod").pop()?;
    let credential = ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"];
    if let Some(name) = credential.into_iter().find(|name| machine.value(name).is_some()) {
        let found = format!("forceLoginMethod ({}) and {name} exclude each other", method.place);
        return Some(Check::fail(
            NAME,
            found,
            format!("Take {name} out, and sign in with /login."),
        ));
    }
    let url = machine.setting("forceLoginGatewayUrl").pop();
    let elsewhere = url.filter(|url| url.value.trim_end_matches('/') != target.url);
    Some(match elsewhere {
        Some(url) => Check::warn(
            NAME,
            format!("/login leads to {} (in {})", url.value, url.place),
            format!("Set forceLoginGatewayUrl to {} there.", target.url),
        ),
        None => Check::ok(NAME, format!("{} (in {})", method.value, method.place)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::report::Verdict;
    use super::*;

    const URL: &str = "https://ccag.example.com";

    fn told(env: Value, more: Value) -> Vec<(String, Verdict)> {
        let machine = Machine::with(&[("file", json!({ "env": env })), ("managed", more)]);
        let target = Target::at(URL).unwrap();
        let checks = checks(&machine, &target).into_iter();
        checks.map(|check| (check.name, check.verdict)).collect()
    }

    fn has(told: &[(String, Verdict)], name: &str, verdict: Verdict) {
        assert!(told.iter().any(|told| told.0 == name && told.1 == verdict), "{name}: {told:?}");
    }

    #[test]
    fn what_leads_to_the_gateway_is_well() {
        let env = json!({ "ANTHROPIC_BASE_URL": "https://ccag.example.com/", "ANTHROPIC_AUTH_TOKEN": "k" });
        let told = told(env, json!({}));
        assert!(told.iter().all(|(_, verdict)| *verdict == Verdict::Ok), "{told:?}");
    }

    #[test]
    fn what_leads_elsewhere_is_told() {
        for (env, more, name, verdict) in [
            (json!({}), json!({}), "base URL", Verdict::Warn),
            (json!({}), json!({}), "credential", Verdict::Warn),
            (
                json!({ "ANTHROPIC_BASE_URL": format!("{URL}/v1") }),
                json!({}),
                "base URL",
                Verdict::Fail,
            ),
            (json!({ "ANTHROPIC_BASE_URL": "ftp://x" }), json!({}), "base URL", Verdict::Fail),
            (json!({ "ANTHROPIC_BASE_URL": "https://else" }), json!({}), "base URL", Verdict::Warn),
            (
                json!({ "ANTHROPIC_BASE_URL": "https://else" }),
                json!({ "env": { "ANTHROPIC_BASE_URL": URL } }),
                "base URL",
                Verdict::Warn,
            ),
            (
                json!({ "ANTHROPIC_AUTH_TOKEN": "a" }),
                json!({ "apiKeyHelper": "h" }),
                "credential",
                Verdict::Warn,
            ),
            (json!({ "CLAUDE_CODE_USE_VERTEX": "1" }), json!({}), "provider", Verdict::Fail),
            (
                json!({ "CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_BEDROCK_BASE_URL": URL }),
                json!({}),
                "provider",
                Verdict::Ok,
            ),
            (json!({ "HTTPS_PROXY": "http://p:1" }), json!({}), "proxy", Verdict::Warn),
            (
                json!({ "HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.com" }),
                json!({}),
                "proxy",
                Verdict::Ok,
            ),
            (
                json!({ "NODE_TLS_REJECT_UNAUTHORIZED": "0" }),
                json!({}),
                "certificates",
                Verdict::Fail,
            ),
            (
                json!({ "NODE_EXTRA_CA_CERTS": "/no/such" }),
                json!({}),
                "certificates",
                Verdict::Fail,
            ),
            (json!({ "API_TIMEOUT_MS": "5000" }), json!({}), "timeout", Verdict::Warn),
            (
                json!({ "ANTHROPIC_CUSTOM_HEADERS": "X-Api-Key: x" }),
                json!({}),
                "headers",
                Verdict::Warn,
            ),
            (
                json!({ "ANTHROPIC_API_KEY": "k" }),
                json!({ "forceLoginMethod": "gateway" }),
                "forced login",
                Verdict::Fail,
            ),
            (
                json!({}),
                json!({ "forceLoginMethod": "gateway", "forceLoginGatewayUrl": "https://else" }),
                "forced login",
                Verdict::Warn,
            ),
        ] {
            has(&told(env, more), name, verdict);
        }
    }

    #[test]
    fn exceptions_of_a_proxy_are_hosts_and_domains() {
        for (exceptions, is) in [
            ("a.b.c", true),
            ("b.c", true),
            (".b.c, x", true),
            ("*", true),
            ("c.b", false),
            ("", false),
        ] {
            assert_eq!(is_excepted("a.b.c", exceptions), is, "{exceptions}");
        }
    }
}
