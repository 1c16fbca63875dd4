//! One management command: its arguments become a call, and the answer is shown.

use clap::ArgMatches;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::client::Client;
use super::failure::Failure;
use super::nouns::{Argument, Kind, Place, Verb};
use super::output;

/// Entries of one page at the most.
const PAGE: u32 = 200;

/// Runs `verb` and shows what it answers, as JSON or for people.
///
/// # Errors
/// [`Failure`]
pub async fn run(
    client: &Client,
    verb: &Verb,
    given: &ArgMatches,
    as_json: bool,
) -> Result<(), Failure> {
    let (mut path, mut query, mut body) = (verb.path.to_owned(), Vec::new(), Map::new());
    for argument in verb.arguments {
        let Some(value) = value(client, argument, given, verb).await? else { continue };
        match argument.place {
            Place::Path => {
                let text = utf8_percent_encode(&plain(&value), NON_ALPHANUMERIC).to_string();
                path = path.replace(&format!("{{{}}}", argument.field), &text);
            }
            Place::Query => query.push((argument.field, plain(&value))),
            Place::Body if argument.field == "*" => body.extend(settings(&value)?),
            Place::Body => put(&mut body, argument.field, value),
        }
    }
    if verb.is_list() {
        let found = list(client, &path, query, given).await?;
        output::show(&found, verb.columns, as_json);
        return Ok(());
    }
    let path = with_query(&path, &query);
    if verb.name == "export" {
        let file = client.call(verb.method, &path, None).await?;
        return output::raw(&file);
    }
    let body = Value::Object(body);
    let takes_body = matches!(verb.method, "POST" | "PUT" | "PATCH");
    let answer = client.json(verb.method, &path, takes_body.then_some(&body)).await?;
    if answer.is_null() {
        output::done(as_json);
    } else {
        output::show(&answer, verb.columns, as_json);
    }
    Ok(())
}

/// All entries that are asked for, page by page.
async fn list(
    client: &Client,
    path: &str,
    query: Vec<(&'static str, String)>,
    given: &ArgMatches,
) -> Result<Value, Failure> {
    let all = given.get_flag("all");
    let limit = if all { PAGE } else { given.get_one("limit").copied().unwrap_or(PAGE) };
    let (mut entries, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = query.clone();
        query.push(("limit", limit.to_string()));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let mut page = client.json("GET", &with_query(path, &query), None).await?;
        if let Some(Value::Array(some)) = page.get_mut("data").map(Value::take) {
            entries.extend(some);
        }
        cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() || !all {
            break;
        }
    }
    if cursor.is_some() {
        output::tell("There are more: --all shows them.");
    }
    Ok(Value::Array(entries))
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// What was given for an argument, as the API takes it.
async fn value(
    client: &Client,
    argument: &Argument,
    given: &ArgMatches,
    verb: &Verb,
) -> Result<Option<Value>, Failure> {
    let texts: Vec<&String> =
        given.get_many::<String>(argument.name).map(Iterator::collect).unwrap_or_default();
    let Some(first) = texts.first() else { return Ok(None) };
    let is_cleared = verb.method == "PATCH" && argument.place == Place::Body && *first == "none";
    if is_cleared {
        return Ok(Some(Value::Null));
    }
    let wrong = |takes| Failure::Usage(format!("--{} takes {takes}", argument.name));
    Ok(Some(match argument.kind {
        Kind::Text => json!(first),
        Kind::Number => json!(first.parse::<i64>().map_err(|_| wrong("a whole number"))?),
        Kind::Boolean => json!(first.parse::<bool>().map_err(|_| wrong("true or false"))?),
        Kind::List => json!(texts),
        Kind::Json => serde_json::from_str(first).unwrap_or_else(|_| json!(first)),
        Kind::Named(list) => json!(find(client, list, first).await?),
    }))
}

/// The id of what has this id or name.
async fn find(client: &Client, list: &str, wanted: &str) -> Result<String, Failure> {
    if Uuid::parse_str(wanted).is_ok() {
        return Ok(wanted.to_owned());
    }
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", PAGE.to_string())];
        if matches!(list, "/admin/keys" | "/admin/users" | "/admin/teams") {
            query.push(("search", wanted.to_owned()));
        }
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = client.json("GET", &with_query(list, &query), None).await?;
        let entries = page.get("data").and_then(Value::as_array);
        let named = entries.into_iter().flatten().filter(|entry| {
            let has = |field: &str| entry.get(field).and_then(Value::as_str) == Some(wanted);
            has("name") || has("email")
        });
        ids.extend(named.filter_map(|entry| entry.get("id")?.as_str().map(str::to_owned)));
        cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() || ids.len() > 1 {
            break;
        }
    }
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Failure::Refused(format!("nothing in {list} is called {wanted:?}"))),
        _ => Err(Failure::Refused(format!("several in {list} are called {wanted:?}: use an id"))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Puts a value where the dots of its name lead.
fn put(body: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            body.insert(name.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = body.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// `NAME=VALUE`, each.
fn settings(given: &Value) -> Result<Map<String, Value>, Failure> {
    let pairs = given.as_array().into_iter().flatten().filter_map(Value::as_str);
    let pairs = pairs.map(|pair| {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("{pair:?} is not NAME=VALUE")))?;
        let value = match value {
            "none" => Value::Null,
            value => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
        };
        Ok((name.trim().to_owned(), value))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_dots_lead_into_objects() {
        let mut body = Map::new();
        put(&mut body, "name", json!("n"));
        put(&mut body, "limits.requests_per_minute", json!(1));
        put(&mut body, "limits.tokens_per_minute", json!(2));
        let limits = json!({ "requests_per_minute": 1, "tokens_per_minute": 2 });
        assert_eq!(Value::Object(body), json!({ "name": "n", "limits": limits }));
    }

    #[test]
    fn settings_are_json_or_text_or_cleared() {
        let given = json!(["a=1", "b=text=x", "c=none", "d=true"]);
        let read = Value::Object(settings(&given).unwrap());
        assert_eq!(read, json!({ "a": 1, "b": "text=x", "c": null, "d": true }));
        assert!(settings(&json!(["a"])).is_err());
    }

    #[test]
    fn what_is_asked_for_is_encoded() {
        let query = [("search", "a&b=ü".to_owned())];
        assert_eq!(with_query("/x", &query), "/x?search=a%26b%3D%C3%BC");
        assert_eq!(with_query("/x", &[]), "/x");
    }
}
