//! `/portal/audit`: who changed what, searched a page at a time, with what each change did.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use serde_json::Value;

use super::form::{self, Answer};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts::{Finder, Pager};
use super::sent::Sent;
use super::words::Moment;
use crate::control::audit::{self, AuditEntry, AuditFilter, Integrity};
use crate::http::server::Edge;

/// What can be asked for by noun.
const NOUNS: [(&str, &str); 11] = [
    ("", "Everything"),
    ("key", "Keys"),
    ("user", "Members"),
    ("team", "Teams"),
    ("endpoint", "Endpoints"),
    ("budget", "Budgets"),
    ("price", "Prices"),
    ("settings", "Settings"),
    ("verdict", "Verdicts"),
    ("session", "Sign-ins"),
    ("password", "Passwords"),
];
/// The longest value that is shown, in characters.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    rows: Vec<Row>,
    export: String,
    integrity: Option<Integrity>,
}

/// One entry, in words.
struct Row {
    id: i64,
    at: Moment,
    action: String,
    subject: String,
    actor: String,
    way: String,
    changes: Vec<Difference>,
}

/// A field with its value before and after.
type Difference = (String, Option<String>, Option<String>);

/// Shows the log.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let filter = AuditFilter {
        action: asked.given("action").map(str::to_owned),
        search: asked.search(),
        ..AuditFilter::default()
    };
    let (control, caller) = (&edge.control, &visitor.caller);
    let page = audit::list(control, caller, filter, asked.paging()).await?;
    let integrity = match asked.given("verify") {
        Some(_) => Some(audit::verify(control, caller).await?),
        None => None,
    };
    let nouns = NOUNS
        .iter()
        .map(|(value, label)| Choice::new(value, label, asked.text("action") == *value));
    let export = Sent::of_query(request.query_string());
    Ok(render(&Audit {
        frame: Frame::new("Audit", &request, Some(&visitor)),
        finder: Finder::new(
            "/portal/audit",
            &asked,
            "Who, or what it was done to",
            vec![Input::select("action", "Of", nouns.collect())],
        ),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: page.data.into_iter().map(row).collect(),
        export: exported(&export),
        integrity,
    }))
}

/// The part of the export's query that narrows it as the page is.
fn exported(asked: &Sent) -> String {
    let narrowed = asked.query_with("after", None);
    narrowed
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| match pair.split_once('=')? {
            ("q", text) => Some(format!("&search={text}")),
            ("action", text) => Some(format!("&action={text}")),
            _ => None,
        })
        .collect()
}

fn row(entry: AuditEntry) -> Row {
    let way = [entry.credential, entry.address];
    let way: Vec<_> = way.into_iter().flatten().map(|part| part.replace('_', " ")).collect();
    Row {
        id: entry.id,
        at: entry.at.into(),
        changes: changes(entry.before.as_ref(), entry.after.as_ref()),
        action: entry.action,
        subject: entry.subject_name,
        actor: entry.actor_name,
        way: way.join(", "),
    }
}

/// The fields that differ.
fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let members =
        |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let mut fields: Vec<_> = before.keys().chain(after.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let differing = fields.into_iter().filter(|field| before.get(*field) != after.get(*field));
    let differing = differing.filter(|field| *field != "id");
    differing
        .map(|field| (field.clone(), shown(before.get(field)), shown(after.get(field))))
        .collect()
}

fn shown(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return Some(text);
    }
    Some(text.chars().take(SHOWN).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let (before, after) =
            (json!({"name": "a", "team": null, "n": 1}), json!({"name": "b", "team": "t", "n": 1}));
        let expected = [("name", Some("a"), Some("b")), ("team", None, Some("t"))];
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let expected = expected.map(|(field, b, a)| (field.to_owned(), owned(b), owned(a)));
        assert_eq!(changes(Some(&before), Some(&after)), expected);
        assert_eq!(
            changes(None, Some(&json!({"id": 1, "x": "y".repeat(300)})))[0]
                .2
                .as_ref()
                .unwrap()
                .chars()
                .count(),
            201
        );
        assert!(changes(None, None).is_empty());
    }

    #[test]
    fn the_export_is_narrowed_as_the_page_is() {
        assert_eq!(
            exported(&Sent::of_query("q=a%26b&action=key&after=7&verify=true")),
            "&search=a%26b&action=key"
        );
    }
}
