//! `output_config`: an effort that the model knows, and structured outputs where it has them.

use super::{Draft, Refusal, Stripped};
use crate::domain::capability::Feature;
use crate::domain::json::{Cursor, JsonError, Kind, Span, Text};

const UNSUPPORTED: Option<&str> = Some("structured_outputs_unsupported");

/// The members of `output_config` that are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OutputConfig {
    /// Where it is a string.
    pub(super) effort: Option<Text>,
    format: Option<Span>,
}

impl Draft<'_> {
    /// Translates `output_config` and `output_format`. `effort` is one to add, where none is asked for.
    pub(super) fn output_config(&mut self, effort: Option<&'static str>) -> Result<(), Refusal> {
        let value = self.request.field("output_config");
        let config = value.and_then(|value| read(self.body(), value));
        let found = config.unwrap_or_default();
        let mut gone = Vec::new();
        if let Some(level) = found.effort {
            if !self.uses(Feature::Effort) {
                gone.push("effort");
                self.adjusted("output_config.effort");
            } else if let Some(lower) = self.lower(&level.decode(self.body())) {
                self.edits.replace(level.span, format!("\"{lower}\""));
                self.adjusted("output_config.effort");
            }
        }
        let mut added = Vec::new();
        if let Some(effort) =
            effort.filter(|_| found.effort.is_none() && self.uses(Feature::Effort))
        {
            added.push(format!(r#""effort":"{effort}""#));
            self.adjusted("output_config.effort");
        }
        if found.format.is_some() && !self.uses(Feature::StructuredOutputs) {
            return Err(Refusal::Field { field: "output_config.format", capability: UNSUPPORTED });
        }
        added.extend(self.output_format(found.format.is_some())?);
        self.place(value.filter(|_| config.is_some()), &gone, &added);
        Ok(())
    }

    /// The older `output_format` as a member of `output_config`.
    fn output_format(&mut self, has_format: bool) -> Result<Option<String>, Refusal> {
        let Some(value) = self.request.field("output_format") else {
            return Ok(None);
        };
        self.gone.push("output_format");
        let format = value.of(self.body());
        if format == b"null" {
            return Ok(None);
        }
        if !self.uses(Feature::StructuredOutputs) {
            return Err(Refusal::Field { field: "output_format", capability: UNSUPPORTED });
        }
        self.adjusted("output_format");
        let format = String::from_utf8_lossy(format);
        Ok((!has_format).then(|| format!(r#""format":{format}"#)))
    }

    /// Takes members out of `output_config` and puts others in, wherever it stands.
    fn place(&mut self, value: Option<Span>, gone: &[&str], added: &[String]) {
        let members = added.join(",");
        let Some(value) = value else {
            if !added.is_empty() {
                self.added = format!(r#""output_config":{{{members}}},"#);
            }
            return;
        };
        let left = self.strip(value, gone);
        let is_empty = left == Stripped::All || value.of(self.body()).len() == 2;
        if added.is_empty() {
            if left == Stripped::All {
                self.gone.push("output_config");
            }
        } else {
            let comma = if is_empty { "" } else { "," };
            self.edits.insert(value.start + 1, format!("{members}{comma}"));
        }
    }

    /// The next lower effort that the model knows, where it does not know `level`.
    fn lower(&self, level: &str) -> Option<&'static str> {
        let takes = |feature| self.capability.takes(feature);
        match level {
            "max" if takes(Feature::EffortMax) => None,
            "max" if takes(Feature::EffortXhigh) => Some("xhigh"),
            "xhigh" if takes(Feature::EffortXhigh) => None,
            "max" | "xhigh" => Some("high"),
            _ => None,
        }
    }
}

/// Reads `output_config`; `None` where it is no object.
pub(super) fn read(source: &[u8], value: Span) -> Option<OutputConfig> {
    let mut cursor = Cursor::within(source, value);
    if cursor.kind() != Ok(Kind::Object) {
        return None;
    }
    let mut config = OutputConfig::default();
    let read = cursor.object(|inner, key| {
        let next = inner.kind()?;
        if key.is(source, "effort") && next == Kind::String {
            config.effort = Some(inner.string()?);
        } else if key.is(source, "format") && next != Kind::Null {
            config.format = Some(inner.skip()?);
        } else {
            inner.skip()?;
        }
        Ok::<_, JsonError>(())
    });
    read.ok().map(|_| config)
}
