//! What Claude Code finds on this machine: its settings files and the environment, in the order in
//! which it reads them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::report::Check;

/// Largest settings file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// Where an organisation's settings are.
const MANAGED: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/ClaudeCode/managed-settings.json"
} else {
    "/etc/claude-code/managed-settings.json"
};

/// A place that settings come from.
#[derive(Debug)]
struct Source {
    place: String,
    settings: Map<String, Value>,
    is_readable_by_others: bool,
}

/// All settings, the later ones over the earlier ones.
#[derive(Debug, Default)]
pub(super) struct Machine {
    sources: Vec<Source>,
    /// Files that cannot be read.
    pub(super) faults: Vec<Check>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) place: String,
    pub(super) is_readable_by_others: bool,
}

impl Machine {
    /// Reads this machine as Claude Code does when it is started in the current folder.
    pub(super) fn read() -> Self {
        let mut machine = Self::default();
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, Value::String(value.into_string().ok()?)))
        });
        machine.sources.push(Source {
            place: "the environment".to_owned(),
            settings: Map::from_iter([("env".to_owned(), Value::Object(variables.collect()))]),
            is_readable_by_others: false,
        });
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = variable("CLAUDE_CONFIG_DIR")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".claude")));
        let project = PathBuf::from(".claude");
        let files = [
            home.map(|folder| folder.join("settings.json")),
            Some(project.join("settings.json")),
            Some(project.join("settings.local.json")),
            Some(PathBuf::from(MANAGED)),
        ];
        for file in files.into_iter().flatten() {
            machine.add(&file);
        }
        machine
    }

    fn add(&mut self, file: &Path) {
        let place = file.display().to_string();
        let metadata = match fs::metadata(file) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.fault(&place, &error.to_string()),
        };
        if metadata.len() > MAX_FILE {
            return self.fault(&place, "it is larger than 1 MB");
        }
        let read = fs::read(file).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| {
            serde_json::from_slice(&text).map_err(|error| format!("it is no JSON object: {error}"))
        });
        match parsed {
            Ok(settings) => self.sources.push(Source {
                place,
                settings,
                is_readable_by_others: metadata.permissions().mode() & 0o044 != 0,
            }),
            Err(why) => self.fault(&place, &why),
        }
    }

    fn fault(&mut self, place: &str, why: &str) {
        let advice = "Claude Code leaves out what it cannot read: mend the file.";
        self.faults.push(Check::fail("settings", format!("{place}: {why}"), advice));
    }

    /// All values of a variable, the one that counts last. An empty one counts as none.
    pub(super) fn variable(&self, name: &str) -> Vec<Found> {
        self.all(|settings| settings.get("env")?.get(name))
    }

    /// All values of a setting, the one that counts last.
    pub(super) fn setting(&self, name: &str) -> Vec<Found> {
        self.all(|settings| settings.get(name))
    }

    /// The value of a variable that counts.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.variable(name).pop().map(|found| found.value)
    }

    /// Whether a variable switches something on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let off = ["", "0", "false", "no", "off"];
        self.value(name).is_some_and(|value| !off.contains(&value.to_ascii_lowercase().as_str()))
    }

    fn all<'m>(&'m self, get: impl Fn(&'m Map<String, Value>) -> Option<&'m Value>) -> Vec<Found> {
        let found = self.sources.iter().filter_map(|source| {
            let value = match get(&source.settings)? {
                Value::String(text) => text.trim().to_owned(),
                Value::Null => return None,
                other => other.to_string(),
            };
            let Source { place, is_readable_by_others, .. } = source;
            let is_readable_by_others = *is_readable_by_others;
            Some(Found { value, place: place.clone(), is_readable_by_others })
        });
        found.filter(|found| !found.value.is_empty()).collect()
    }

    /// One with these sources, for tests.
    #[cfg(test)]
    pub(super) fn with(sources: &[(&str, Value)]) -> Self {
        let sources = sources.iter().map(|(place, settings)| Source {
            place: (*place).to_owned(),
            settings: settings.as_object().unwrap().clone(),
            is_readable_by_others: false,
        });
        Self { sources: sources.collect(), faults: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_place_counts() {
        let machine = Machine::with(&[
            ("a", json!({ "env": { "X": "1", "ON": "true" } })),
            ("b", json!({ "env": { "X": " 2 ", "ON": "0" }, "apiKeyHelper": "h" })),
            ("c", json!({ "env": { "X": "" } })),
        ]);
        assert_eq!(machine.value("X").as_deref(), Some("2"));
        assert_eq!(machine.variable("X").len(), 2);
        assert!(!machine.is_on("ON") && !machine.is_on("Y"));
        assert_eq!(machine.setting("apiKeyHelper")[0].place, "b");
    }
}
