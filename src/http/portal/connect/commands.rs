//! What a setup script is told to do, as commands to copy, and what it changes then.

/// Where Claude Code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    /// A system with a POSIX shell.
    Unix,
    /// PowerShell.
    Windows,
}

/// By what Claude Code gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'t> {
    /// Short-lived tokens, after signing in by the browser.
    Browser,
    /// An API key that the script fetches for a setup token; without one it is yet to be made.
    Token(Option<&'t str>),
    /// An API key that somebody has.
    Key,
}

/// The commands for one platform, scope and way.
pub(super) struct Commands {
    /// The platform, in words.
    pub(super) label: &'static str,
    /// What sets it up; none while its token is yet to be made.
    pub(super) setup: Option<String>,
    /// What undoes it.
    pub(super) undo: String,
    /// The settings that are changed.
    pub(super) file: &'static str,
    /// Where the token helper is put, where there is one.
    pub(super) helper: Option<&'static str>,
    /// The settings' names with their values.
    pub(super) changes: Vec<(&'static str, String)>,
    /// Whether it is for one project.
    pub(super) is_project: bool,
}

impl Commands {
    /// The commands for a gateway at `url`.
    pub(super) fn new(platform: Platform, is_project: bool, url: &str, way: Way<'_>) -> Self {
        let scope = if is_project { "project" } else { "user" };
        let token = match way {
            Way::Token(token) => token,
            Way::Browser | Way::Key => None,
        };
        let is_ready = way != Way::Token(None);
        let (label, setup, undo) = match platform {
            Platform::Unix => {
                let script = format!("curl -fsSL '{url}/setup' |");
                let (before, more) = match (way, token) {
                    (_, Some(token)) => ("", format!(" --token {token}")),
                    (Way::Browser, _) => ("", " --sso".to_owned()),
                    _ => ("CCAG_API_KEY=YOUR_API_KEY ", String::new()),
                };
                (
                    "macOS, Linux and WSL",
                    format!("{script} {before}sh -s -- --scope {scope}{more}"),
                    format!("{script} sh -s -- --scope {scope} --undo"),
                )
            }
            Platform::Windows => {
                let script =
                    format!("& ([scriptblock]::Create((Invoke-RestMethod '{url}/setup.ps1')))");
                let (before, more) = match (way, token) {
                    (_, Some(token)) => ("", format!(" -Token {token}")),
                    (Way::Browser, _) => ("", " -Sso".to_owned()),
                    _ => ("$env:CCAG_API_KEY = 'YOUR_API_KEY'; ", String::new()),
                };
                (
                    "Windows PowerShell",
                    format!("{before}{script} -Scope {scope}{more}"),
                    format!("{script} -Scope {scope} -Undo"),
                )
            }
        };
        let (file, helper) = places(platform, is_project);
        let helper = (way == Way::Browser).then_some(helper);
        let setup = is_ready.then_some(setup);
        Self { label, setup, undo, file, helper, changes: changes(url, helper), is_project }
    }
}

/// Where the settings are, and the helper.
fn places(platform: Platform, is_project: bool) -> (&'static str, &'static str) {
    match (platform, is_project) {
        (Platform::Unix, false) => ("~/.claude/settings.json", "~/.config/ccag/claude-token"),
        (Platform::Unix, true) => (".claude/settings.local.json", "~/.config/ccag/claude-token"),
        (Platform::Windows, false) => {
            (r"%USERPROFILE%\.claude\settings.json", r"%USERPROFILE%\.ccag\claude-token.ps1")
        }
        (Platform::Windows, true) => {
            (r".claude\settings.local.json", r"%USERPROFILE%\.ccag\claude-token.ps1")
        }
    }
}

fn changes(url: &str, helper: Option<&'static str>) -> Vec<(&'static str, String)> {
    let mut changes = vec![
        ("ANTHROPIC_BASE_URL", url.to_owned()),
        ("CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1".to_owned()),
    ];
    match helper {
        Some(helper) => changes.extend([
            ("apiKeyHelper", helper.to_owned()),
            ("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "300000".to_owned()),
        ]),
        None => changes.push(("ANTHROPIC_AUTH_TOKEN", "the API key".to_owned())),
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_that_the_scripts_take() {
        let url = "https://ccag.example.com";
        let of = |platform, is_project, way| Commands::new(platform, is_project, url, way);
        let unix = |way| of(Platform::Unix, true, way).setup.unwrap();
        let script = "curl -fsSL 'https://ccag.example.com/setup' |";
        assert_eq!(unix(Way::Browser), format!("{script} sh -s -- --scope project --sso"));
        assert_eq!(
            unix(Way::Token(Some("st-ccag-1"))),
            format!("{script} sh -s -- --scope project --token st-ccag-1")
        );
        let with_key = format!("{script} CCAG_API_KEY=YOUR_API_KEY sh -s -- --scope project");
        assert_eq!(unix(Way::Key), with_key);
        assert_eq!(of(Platform::Unix, true, Way::Token(None)).setup, None);
        let windows = of(Platform::Windows, false, Way::Browser);
        let setup = windows.setup.unwrap();
        assert!(setup.ends_with("-Scope user -Sso"), "{setup}");
        assert!(windows.undo.ends_with("-Scope user -Undo"), "{}", windows.undo);
        // The scripts say themselves what they take and change.
        let (sh, ps1) = (
            include_str!("../../../../templates/setup/setup.sh"),
            include_str!("../../../../templates/setup/setup.ps1"),
        );
        for option in ["--sso)", "--token)", "--scope)", "--undo)", "/ccag", "claude-token"] {
            assert!(sh.contains(option), "{option}");
        }
        for option in ["$Sso", "$Token", "$Scope", "$Undo", "'.ccag'", "claude-token.ps1"] {
            assert!(ps1.contains(option), "{option}");
        }
        for (name, _) in changes(url, None).into_iter().chain(changes(url, Some("x"))) {
            assert!(sh.contains(name) && ps1.contains(name), "{name}");
        }
    }
}
