//! Resources as they come in and go out: brought to the schema's names and types, so that everything
//! behind it can rely on them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::schema::{Attribute, Kind, ResourceType, Schema, find};

/// What a client may set of a resource, by the schema's names: without `id`, `meta`, `schemas` and
/// what is read-only.
pub type Attributes = Map<String, Value>;

/// Longest text of an attribute, in bytes.
const MAX_TEXT: usize = 8192;

/// Reads the whole resource that a client sends. What the schema does not know is left out.
///
/// # Errors
/// What is missing or does not fit.
pub fn read(body: &Value, kind: &ResourceType) -> Result<Attributes, Fault> {
    let Value::Object(members) = body else {
        return Err(Fault::syntax("The body must be a JSON object."));
    };
    if let Some(schemas) = member(members, "schemas") {
        let listed = schemas.as_array().into_iter().flatten().filter_map(Value::as_str);
        if !listed.into_iter().any(|schema| schema.eq_ignore_ascii_case(kind.schema.id)) {
            return Err(Fault::value(format!("schemas must have {} in it.", kind.schema.id)));
        }
    }
    let mut attributes = Attributes::new();
    for (name, value) in members {
        if let Some(schema) = kind.extension(name) {
            let value = whole_extension(schema, value)?;
            put(&mut attributes, schema.id, value);
        } else if let Some(attribute) = settable(kind, name) {
            put(&mut attributes, attribute.name, shape(attribute, value)?);
        }
    }
    complete(&attributes, kind)?;
    Ok(attributes)
}

/// Makes sure that what is required is there.
///
/// # Errors
/// What is missing.
pub(super) fn complete(attributes: &Attributes, kind: &ResourceType) -> Result<(), Fault> {
    let mut needed = kind.schema.attributes.iter().filter(|attribute| attribute.is_required);
    match needed.find(|attribute| !attributes.contains_key(attribute.name)) {
        Some(missing) => Err(Fault::value(format!("{} is required.", missing.name))),
        None => Ok(()),
    }
}

/// The resource as clients get it.
#[must_use]
pub fn assemble(
    kind: &ResourceType,
    id: &str,
    attributes: Attributes,
    (created, changed): (DateTime<Utc>, DateTime<Utc>),
    base: &str,
) -> Map<String, Value> {
    let mut resource = attributes;
    let extensions = kind.extensions.iter().map(|schema| schema.id);
    let used: Vec<&str> = extensions.filter(|id| resource.contains_key(*id)).collect();
    let schemas: Vec<&str> = [kind.schema.id].into_iter().chain(used).collect();
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    resource.insert("schemas".to_owned(), schemas.into());
    resource.insert("id".to_owned(), id.into());
    let meta = json!({
        "resourceType": kind.name,
        "created": time(created),
        "lastModified": time(changed),
        "location": format!("{base}{}/{id}", kind.endpoint),
    });
    resource.insert("meta".to_owned(), meta);
    resource
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The attribute of this name that clients may set.
fn settable(kind: &ResourceType, name: &str) -> Option<&'static Attribute> {
    let own = match name.rsplit_once(':') {
        Some((urn, rest)) if urn.eq_ignore_ascii_case(kind.schema.id) => rest,
        _ => name,
    };
    let found = find(kind.schema.attributes, own);
    found.or_else(|| find(&super::schemas::COMMON, own)).filter(|found| !found.is_read_only())
}

fn put(attributes: &mut Attributes, name: &str, value: Option<Value>) {
    match value {
        Some(value) => attributes.insert(name.to_owned(), value),
        None => attributes.remove(name),
    };
}

/// All that a client sends of an extension; `None` where that is nothing.
pub(super) fn whole_extension(schema: &Schema, value: &Value) -> Result<Option<Value>, Fault> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(None),
        _ => return Err(Fault::value(format!("{} takes an object.", schema.id))),
    };
    let mut shaped = Map::new();
    for (name, value) in members {
        if let Some(attribute) = find(schema.attributes, name) {
            put(&mut shaped, attribute.name, shape(attribute, value)?);
        }
    }
    Ok((!shaped.is_empty()).then_some(Value::Object(shaped)))
}

/// A value as the schema has it; `None` where it stands for none.
///
/// # Errors
/// Where it does not fit.
pub(super) fn shape(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Fault> {
    if !attribute.is_many {
        return shape_one(attribute, value);
    }
    let given = match value {
        Value::Array(elements) => elements.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut elements: Vec<Value> = Vec::with_capacity(given.len());
    for element in given {
        elements.extend(shape_one(attribute, element)?);
    }
    if elements.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(Fault::value(format!("{} has more than one primary value.", attribute.name)));
    }
    Ok((!elements.is_empty()).then_some(Value::Array(elements)))
}

/// Whether it is the first choice among the values of its attribute.
pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// One value as the schema has it.
pub(super) fn shape_one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Fault> {
    let takes = |what| Err(Fault::value(format!("{} takes {what}.", attribute.name)));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(value.clone())),
        // Some providers quote it.
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Ok(Some(Value::Bool(true)))
        }
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Ok(Some(Value::Bool(false)))
        }
        (Kind::Boolean, _) => takes("true or false"),
        (Kind::Complex, Value::Object(members)) => complex(attribute, members),
        (Kind::Complex, Value::String(_)) if attribute.sub("value").is_some() => {
            complex(attribute, &Map::from_iter([("value".to_owned(), value.clone())]))
        }
        (Kind::Complex, _) => takes("an object"),
        (_, Value::String(text)) if text.len() > MAX_TEXT || text.contains('\0') => {
            takes("text of at most 8192 bytes without NUL")
        }
        (Kind::DateTime, Value::String(text)) if DateTime::parse_from_rfc3339(text).is_err() => {
            takes("a time as in RFC 3339")
        }
        (_, Value::String(text)) => Ok((!text.is_empty()).then(|| value.clone())),
        _ => takes("text"),
    }
}

fn complex(attribute: &Attribute, members: &Map<String, Value>) -> Result<Option<Value>, Fault> {
    let mut shaped = Map::new();
    for (name, value) in members {
        if let Some(sub) = attribute.sub(name).filter(|sub| !sub.is_read_only()) {
            put(&mut shaped, sub.name, shape(sub, value)?);
        }
    }
    Ok((!shaped.is_empty()).then_some(Value::Object(shaped)))
}
