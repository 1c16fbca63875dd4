//! What is declared, as a document.

use std::fmt::Write as _;

use super::metric::{Kind, Metric};

/// A heading, and the metrics below it.
pub type Section = (&'static str, &'static [&'static Metric]);

/// The document of all metrics, in Markdown.
#[must_use]
pub fn document(sections: &[Section]) -> String {
    let mut out = String::new();
    for (heading, metrics) in sections {
        let _ = writeln!(out, "\n## {heading}\n\n| metric | kind | labels | |\n|---|---|---|---|");
        for metric in *metrics {
            let labels: Vec<String> = metric
                .labels
                .iter()
                .map(|label| format!("`{}`: {}", label.name, label.values.told()))
                .collect();
            let (name, help) = (metric.name, metric.help());
            let _ = writeln!(
                out,
                "| `{name}` | {} | {} | {help} |",
                metric.kind.word(),
                labels.join("<br>")
            );
        }
    }
    out
}

impl Kind {
    /// The kind's word in Prometheus' text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}
