//! Log lines as JSON. A span's fields are written once, as a piece of JSON, and copied into each line: the
//! formatter of `tracing-subscriber` parses them anew for each line and each field that is added, which is a
//! third of what a request's instrumentation costs.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// How the fields begin in which the `log` crate's records tell their place.
const OF_LOG: &str = "log.";

/// Writes the fields of a span as members, without the braces around them.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonFields;

/// Writes an event as one line: `timestamp`, `level`, its fields, `target`, and the span around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLine;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members::new(&mut writer, true);
        fields.record(&mut members);
        members.written
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let is_first = current.fields.is_empty();
        let mut writer = current.as_writer();
        let mut members = Members::new(&mut writer, is_first);
        fields.record(&mut members);
        members.written
    }
}

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // What came by the `log` crate has its own place and level in fields.
        let of_log = event.normalized_metadata();
        let metadata = of_log.as_ref().unwrap_or_else(|| event.metadata());
        writer.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, r#"","level":"{}""#, metadata.level())?;
        let mut members = Members::new(&mut writer, false);
        event.record(&mut members);
        members.written?;
        writer.write_str(r#","target":"#)?;
        quoted(&mut writer, metadata.target())?;
        let parent = event.parent().and_then(|id| context.span(id));
        if let Some(span) = parent.or_else(|| context.lookup_current()) {
            writer.write_str(r#","span":{"name":"#)?;
            quoted(&mut writer, span.name())?;
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                write!(writer, ",{fields}")?;
            }
            writer.write_char('}')?;
        }
        writer.write_str("}\n")
    }
}

/// Writes each field that it visits as a member.
struct Members<'a, 'w> {
    writer: &'a mut Writer<'w>,
    is_first: bool,
    written: fmt::Result,
}

impl<'a, 'w> Members<'a, 'w> {
    fn new(writer: &'a mut Writer<'w>, is_first: bool) -> Self {
        Self { writer, is_first, written: Ok(()) }
    }

    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'w>) -> fmt::Result) {
        if self.written.is_ok() && !field.name().starts_with(OF_LOG) {
            self.written = self.name(field).and_then(|()| value(self.writer));
        }
    }

    fn name(&mut self, field: &Field) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.writer.write_char(',')?;
        }
        quoted(self.writer, field.name())?;
        self.writer.write_char(':')
    }
}

impl Visit for Members<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |writer| match value.is_finite() {
            true => write!(writer, "{value}"),
            false => writer.write_str("null"),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |writer| quoted(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |writer| quoted(writer, &format!("{value:?}")));
    }
}

/// A JSON string.
fn quoted(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        writer.write_char('"')?;
        writer.write_str(text)?;
        return writer.write_char('"');
    }
    write!(writer, "{}", serde_json::Value::from(text))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let sink = Sink::default();
        let made = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields)
            .event_format(JsonLine)
            .with_writer(move || made.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = sink.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_kind_of_value_is_json_and_nothing_that_is_logged_breaks_out_of_its_line() {
        let hostile = "a \"quote\", a \\, a\nbreak and \u{202e}ünï\u{1}";
        let lines = logged(|| {
            tracing::info!(
                target: "ccag::access", text = hostile, shown = %hostile, debugged = ?Some(hostile),
                whole = -3_i64, large = u64::MAX, part = 0.5, none = f64::NAN, yes = true, "It \"ended\"."
            );
        });
        let line = &lines[0];
        for (name, value) in [
            ("level", json!("INFO")),
            ("target", json!("ccag::access")),
            ("message", json!("It \"ended\".")),
            ("text", json!(hostile)),
            ("shown", json!(hostile)),
            ("debugged", json!(format!("{:?}", Some(hostile)))),
            ("whole", json!(-3)),
            ("large", json!(u64::MAX)),
            ("part", json!(0.5)),
            ("none", Value::Null),
            ("yes", json!(true)),
        ] {
            assert_eq!(line[name], value, "{name}: {line}");
        }
        let at = line["timestamp"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");
        assert!(line.get("span").is_none());
    }

    #[test]
    fn what_libraries_log_has_their_target_and_level() {
        tracing_log::LogTracer::init().unwrap();
        let lines = logged(|| log::warn!(target: "library", "It \"broke\"."));
        let line = &lines[0];
        assert_eq!((&line["target"], &line["level"]), (&json!("library"), &json!("WARN")));
        assert_eq!(line["message"], "It \"broke\".");
        assert!(line.get("log.target").is_none(), "{line}");
    }

    #[test]
    fn fields_that_a_span_gets_later_stand_beside_its_first_ones() {
        let lines = logged(|| {
            let span = tracing::info_span!("request", id = "req_1", user = Empty, team = Empty);
            let entered = span.enter();
            tracing::info!("Before.");
            span.record("user", "a\"b");
            span.record("team", 7);
            tracing::info!("After.");
            drop(entered);
            let bare = tracing::info_span!("bare", later = Empty);
            let _entered = bare.enter();
            tracing::info!("Bare.");
            bare.record("later", true);
            tracing::info!("Late.");
        });
        let spans: Vec<&Value> = lines.iter().map(|line| &line["span"]).collect();
        assert_eq!(*spans[0], json!({"name": "request", "id": "req_1"}));
        assert_eq!(*spans[1], json!({"name": "request", "id": "req_1", "user": "a\"b", "team": 7}));
        assert_eq!(*spans[2], json!({"name": "bare"}));
        assert_eq!(*spans[3], json!({"name": "bare", "later": true}));
    }
}
