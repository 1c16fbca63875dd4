//! Reading environment variables so that every wrong one is reported, not just the first.

use std::collections::HashSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;

/// The environment, with what was found wrong in it.
pub struct Environment<'e> {
    read: &'e dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'e> Environment<'e> {
    /// An environment in which `read` looks variables up.
    #[must_use]
    pub fn new(read: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self { read, problems: Vec::new() }
    }

    /// What is wrong, a sentence each.
    #[must_use]
    pub fn into_problems(self) -> Vec<String> {
        let mut told = HashSet::new();
        self.problems.into_iter().filter(|problem| told.insert(problem.clone())).collect()
    }

    /// Notes a problem that concerns more than one variable.
    pub fn problem(&mut self, sentence: impl Into<String>) {
        self.problems.push(sentence.into());
    }

    /// A variable's text; an empty one counts as not set.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        (self.read)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A list, with commas or spaces between; an empty one counts as not set.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        let entries = text.split([',', ' ']).filter(|entry| !entry.is_empty());
        Some(entries.map(str::to_owned).collect())
    }

    /// A variable that `parse` understands; `takes` says what it takes.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        takes: impl Display,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.problems.push(format!("{name} is \"{text}\", but takes {takes}."));
        }
        parsed
    }

    /// A whole number within a range.
    pub fn number(&mut self, name: &str, range: RangeInclusive<u64>, default: u64) -> u64 {
        let takes = format!("a number from {} to {}", range.start(), range.end());
        let parse = |text: &str| text.parse().ok().filter(|n| range.contains(n));
        self.parsed(name, takes, parse).unwrap_or(default)
    }

    /// A time in milliseconds, from 1 ms to 24 hours.
    pub fn milliseconds(&mut self, name: &str, default: u64) -> Duration {
        let parse = |text: &str| text.parse().ok().filter(|n| (1..=86_400_000).contains(n));
        let takes = "a time in milliseconds, from 1 to 86400000";
        Duration::from_millis(self.parsed(name, takes, parse).unwrap_or(default))
    }

    /// A switch.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "true or false", |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// A base URL.
    pub fn url(&mut self, name: &str) -> Option<String> {
        self.parsed(name, "an http:// or https:// URL", |text| {
            let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
            let fit = !rest.is_empty() && !rest.contains([' ', '?', '#']);
            fit.then(|| text.trim_end_matches('/').to_owned())
        })
    }

    /// A password of at least so many characters, spaces and all scripts included. What it got is not
    /// shown.
    pub fn password(&mut self, name: &str, at_least: usize) -> Option<SecretString> {
        let text = self.text(name)?;
        let length = text.chars().count();
        if length < at_least || text.chars().any(char::is_control) {
            self.problems.push(format!(
                "{name} has {length} characters, but takes at least {at_least}, none of control."
            ));
            return None;
        }
        Some(text.into())
    }

    /// A secret of at least so many characters. What it got is not shown.
    pub fn secret(&mut self, name: &str, at_least: usize) -> Option<SecretString> {
        let text = self.text(name)?;
        if text.len() < at_least {
            let length = text.len();
            self.problems
                .push(format!("{name} has {length} characters, but takes at least {at_least}."));
            return None;
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.problems.push(format!("{name} takes only printable ASCII without spaces."));
            return None;
        }
        Some(text.into())
    }
}
