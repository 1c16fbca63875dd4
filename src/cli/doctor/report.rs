//! What was checked, what was found, and what to do about it: for people and for programs.

use serde::Serialize;

use crate::cli::output;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    /// What to do; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &str, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    pub(super) fn warn(name: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, advice: Some(advice.into()), ..Self::ok(name, found) }
    }

    pub(super) fn fail(name: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(name, found, advice) }
    }
}

/// All checks of one run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    url: String,
    verdict: Verdict,
    checks: Vec<Check>,
}

impl Report {
    pub(super) fn of(url: &str, checks: Vec<Check>) -> Self {
        let worst = checks.iter().map(|check| check.verdict).max();
        Self { url: url.to_owned(), verdict: worst.unwrap_or(Verdict::Ok), checks }
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    pub(super) fn show(&self, as_json: bool) {
        if as_json {
            output::print(&serde_json::to_string_pretty(self).unwrap_or_default());
            return;
        }
        let width = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for Check { name, verdict, found, advice } in &self.checks {
            // What a server said must not drive the terminal.
            let found = found.replace(|c: char| c.is_control(), " ");
            output::print(&format!("{:<4}  {name:<width$}  {found}", verdict.word()));
            if let Some(advice) = advice {
                output::print(&format!("{:>width$}  → {advice}", "", width = width + 6));
            }
        }
        output::print(&format!(
            "\n{}: {} ok, {} to look at, {} failed.",
            self.url,
            self.count(Verdict::Ok),
            self.count(Verdict::Warn),
            self.count(Verdict::Fail)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_check_decides() {
        let checks = vec![Check::ok("a", ""), Check::fail("b", "", "x"), Check::warn("c", "", "x")];
        let report = Report::of("http://x", checks);
        assert_eq!((report.verdict, report.count(Verdict::Warn)), (Verdict::Fail, 1));
        assert_eq!(Report::of("http://x", Vec::new()).verdict, Verdict::Ok);
    }
}
