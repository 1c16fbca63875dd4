//! Changes of a resource by `PATCH` (RFC 7644, section 3.5.2): all of them, or none.

use serde_json::{Map, Value};

use super::evaluate::{Scope, fits};
use super::fault::{Fault, FaultKind};
use super::filter::{Filter, Operator, Parser};
use super::lexer::{Word, words};
use super::path::{Name, Place, object};
use super::resource::{Attributes, complete, is_primary, shape, shape_one, whole_extension};
use super::schema::{Attribute, ResourceType};

/// Operations of one request at the most.
const MAX_OPERATIONS: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// What a path names.
struct Target {
    place: Place,
    /// Which values of the attribute; `None` means all.
    which: Option<Filter>,
    /// The attribute of those values.
    sub: Option<&'static Attribute>,
}

/// The resource after the operations of `body`.
///
/// # Errors
/// The first thing that is wrong.
pub fn patch(
    attributes: &Attributes,
    body: &Value,
    kind: &ResourceType,
) -> Result<Attributes, Fault> {
    let operations = body.as_object().and_then(|body| {
        body.iter().find(|(name, _)| name.eq_ignore_ascii_case("operations")).map(|(_, list)| list)
    });
    let Some(operations) = operations.and_then(Value::as_array) else {
        return Err(Fault::syntax("The body must have a list of Operations."));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(Fault::syntax(format!("A request has at most {MAX_OPERATIONS} operations.")));
    }
    let mut changed = attributes.clone();
    for operation in operations {
        apply(&mut changed, operation, kind)?;
    }
    match complete(&changed, kind) {
        Ok(()) => Ok(changed),
        Err(missing) => Err(Fault::new(FaultKind::Mutability, missing.detail)),
    }
}

fn apply(to: &mut Attributes, operation: &Value, kind: &ResourceType) -> Result<(), Fault> {
    let verb = operation.get("op").and_then(Value::as_str).unwrap_or_default();
    let verb = match verb.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(Fault::syntax("op takes add, replace or remove.")),
    };
    let path = match operation.get("path") {
        Some(Value::String(path)) if !path.trim().is_empty() => Some(path),
        None | Some(Value::Null | Value::String(_)) => None,
        Some(_) => return Err(Fault::path("path takes text.")),
    };
    let value = operation.get("value").unwrap_or(&Value::Null);
    match (path, verb, value) {
        (Some(path), ..) => {
            let target = target(path, kind)?;
            let named = target.sub.or(target.place.sub).or(target.place.attribute);
            if named.or(target.place.attribute).is_some_and(Attribute::is_read_only)
                || target.place.attribute.is_some_and(Attribute::is_read_only)
            {
                return Err(Fault::mutability(path));
            }
            change(to, verb, &target, value)
        }
        (None, Verb::Remove, _) => Err(Fault::new(FaultKind::NoTarget, "remove needs a path.")),
        (None, _, Value::Object(members)) => {
            // Providers write paths as names here, and send what is read-only along.
            for (name, value) in members {
                let Ok(target) = target(name, kind) else { continue };
                if target.place.attribute.is_some_and(Attribute::is_read_only) {
                    continue;
                }
                change(to, verb, &target, value)?;
            }
            Ok(())
        }
        (None, ..) => Err(Fault::syntax("Without a path, value must be an object.")),
    }
}

fn target(path: &str, kind: &ResourceType) -> Result<Target, Fault> {
    let unreadable = |fault: Fault| Fault::path(fault.detail);
    let mut parser = Parser::of(words(path).map_err(unreadable)?);
    let Some(Word::Name(name)) = parser.next() else {
        return Err(Fault::path(format!("{path:?} is no path.")));
    };
    let unknown = || Fault::path(format!("{path:?} names nothing."));
    let place = Name::new(&name).place(kind).ok_or_else(unknown)?;
    let Some(attribute) = place.attribute.filter(|_| parser.takes('[')) else {
        parser.end().map_err(unreadable)?;
        return Ok(Target { place, which: None, sub: None });
    };
    if place.sub.is_some() || !attribute.is_many {
        return Err(Fault::path(format!("{name} has no values to choose among.")));
    }
    let which = parser.or(0).and_then(|which| parser.needs(']').map(|()| which));
    let which = which.map_err(unreadable)?;
    let sub = match parser.next() {
        None => None,
        Some(Word::Name(rest)) => {
            let sub = rest.strip_prefix('.').and_then(|name| attribute.sub(name));
            Some(sub.ok_or_else(unknown)?)
        }
        Some(_) => return Err(unknown()),
    };
    parser.end().map_err(unreadable)?;
    Ok(Target { place, which: Some(which), sub })
}

fn change(to: &mut Attributes, verb: Verb, target: &Target, value: &Value) -> Result<(), Fault> {
    let Some(attribute) = target.place.attribute else {
        return change_extension(to, verb, target, value);
    };
    let Some(within) = target.place.container_mut(to) else { return Ok(()) };
    let sub = target.sub.or(target.place.sub);
    match (attribute.is_many, verb, sub, &target.which) {
        (true, Verb::Remove, sub, Some(which)) => {
            remove_elements(within, attribute, sub, |element| {
                fits(which, Scope::Element(element, attribute))
            });
        }
        (true, Verb::Remove, None, None) if !value.is_null() => {
            let given = shape(attribute, value)?.unwrap_or_default();
            let given = given.as_array().cloned().unwrap_or_default();
            remove_elements(within, attribute, None, |element| {
                given.iter().any(|given| is_same(element, given))
            });
        }
        (true, Verb::Remove, Some(sub), None) => {
            remove_elements(within, attribute, Some(sub), |_| true);
        }
        (true, Verb::Add | Verb::Replace, sub, which) if sub.is_some() || which.is_some() => {
            change_elements(within, attribute, verb, (which.as_ref(), sub), value)?;
        }
        (true, Verb::Add, ..) => add_elements(within, attribute, value)?,
        (false, Verb::Remove, Some(sub), _) => {
            if let Some(Value::Object(members)) = within.get_mut(attribute.name) {
                members.remove(sub.name);
            }
        }
        (false, _, Some(sub), _) => {
            let shaped = shape(sub, value)?;
            if let Some(members) = object(within.entry(attribute.name).or_insert(Value::Null)) {
                set(members, sub.name, shaped);
            }
        }
        (_, Verb::Remove, None, None) => {
            within.remove(attribute.name);
        }
        (false, _, None, _) if value.is_object() && !attribute.sub.is_empty() => {
            let shaped = shape(attribute, value)?;
            if let (Some(Value::Object(there)), Some(Value::Object(more))) =
                (within.get_mut(attribute.name), &shaped)
            {
                there.extend(more.clone());
            } else {
                set(within, attribute.name, shaped);
            }
        }
        _ => set(within, attribute.name, shape(attribute, value)?),
    }
    tidy(to, target);
    Ok(())
}

/// Takes away what became empty: it stands for nothing (RFC 7643, section 2.5).
fn tidy(attributes: &mut Attributes, target: &Target) {
    let is_empty = |value: &Value| match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    };
    if let Some((within, attribute)) =
        target.place.container_mut(attributes).zip(target.place.attribute)
        && within.get(attribute.name).is_some_and(is_empty)
    {
        within.remove(attribute.name);
    }
    if let Some(schema) = target.place.extension
        && attributes.get(schema.id).is_some_and(is_empty)
    {
        attributes.remove(schema.id);
    }
}

fn change_extension(
    to: &mut Attributes,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), Fault> {
    let Some(schema) = target.place.extension else { return Ok(()) };
    if verb == Verb::Remove {
        to.remove(schema.id);
        return Ok(());
    }
    let shaped = whole_extension(schema, value)?;
    if let (Some(Value::Object(there)), Some(Value::Object(more))) =
        (to.get_mut(schema.id), &shaped)
    {
        there.extend(more.clone());
    } else {
        set(to, schema.id, shaped);
    }
    Ok(())
}

fn set(within: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => within.insert(name.to_owned(), value),
        None => within.remove(name),
    };
}

/// Whether two values of an attribute are the same: by `value`, where they have one.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.get("value"), other.get("value")) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn add_elements(
    within: &mut Map<String, Value>,
    attribute: &'static Attribute,
    value: &Value,
) -> Result<(), Fault> {
    let Some(Value::Array(given)) = shape(attribute, value)? else { return Ok(()) };
    let there = within.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(there) = there else { return Ok(()) };
    // A group has many members: each is looked for by its id, not along the list.
    let known: std::collections::HashSet<String> = there.iter().map(identity).collect();
    for element in given {
        if is_primary(&element) {
            nothing_is_primary(there);
        }
        if !known.contains(&identity(&element)) {
            there.push(element);
        } else if let Some(same) = there.iter_mut().find(|there| is_same(there, &element)) {
            *same = element;
        }
    }
    Ok(())
}

/// What tells a value of an attribute from another.
fn identity(element: &Value) -> String {
    element.get("value").unwrap_or(element).to_string()
}

fn nothing_is_primary(elements: &mut [Value]) {
    for members in elements.iter_mut().filter_map(Value::as_object_mut) {
        if members.get("primary") == Some(&Value::Bool(true)) {
            members.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

fn change_elements(
    within: &mut Map<String, Value>,
    attribute: &'static Attribute,
    verb: Verb,
    (which, sub): (Option<&Filter>, Option<&'static Attribute>),
    value: &Value,
) -> Result<(), Fault> {
    let shaped = match sub {
        Some(sub) => shape(sub, value)?.map(|value| Value::from_iter([(sub.name, value)])),
        None => shape_one(attribute, value)?,
    };
    let there = within.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(there) = there else { return Ok(()) };
    let chosen =
        |element: &Value| which.is_none_or(|which| fits(which, Scope::Element(element, attribute)));
    let places: Vec<usize> =
        there.iter().enumerate().filter(|(_, element)| chosen(element)).map(|(at, _)| at).collect();
    let becomes_primary = shaped.as_ref().is_some_and(is_primary);
    if becomes_primary {
        nothing_is_primary(there);
    }
    if places.is_empty() {
        if verb == Verb::Replace && which.is_some() {
            return Err(Fault::new(FaultKind::NoTarget, "The path finds no value to replace."));
        }
        let mut made = which.map(described).unwrap_or_default();
        if let Some(Value::Object(more)) = shaped {
            made.extend(more);
        }
        there.extend(shape_one(attribute, &Value::Object(made))?);
        return Ok(());
    }
    for at in places {
        let Some(members) = there.get_mut(at).and_then(Value::as_object_mut) else { continue };
        match (sub, &shaped) {
            (Some(sub), None) => {
                members.remove(sub.name);
            }
            (None, Some(Value::Object(more))) if verb == Verb::Replace => *members = more.clone(),
            (_, Some(Value::Object(more))) => members.extend(more.clone()),
            _ => {}
        }
    }
    Ok(())
}

/// The value that a filter describes by `eq` alone: what is added where none fits it yet.
fn described(filter: &Filter) -> Map<String, Value> {
    match filter {
        Filter::Compare(name, Operator::Eq, value) => {
            Map::from_iter([(name.text().to_owned(), value.clone())])
        }
        Filter::And(left, right) => {
            let mut both = described(left);
            both.extend(described(right));
            both
        }
        _ => Map::new(),
    }
}

fn remove_elements(
    within: &mut Map<String, Value>,
    attribute: &'static Attribute,
    sub: Option<&'static Attribute>,
    is_chosen: impl Fn(&Value) -> bool,
) {
    let Some(Value::Array(elements)) = within.get_mut(attribute.name) else { return };
    let Some(sub) = sub else {
        elements.retain(|element| !is_chosen(element));
        return;
    };
    for element in elements.iter_mut().filter(|element| is_chosen(element)) {
        if let Some(members) = element.as_object_mut() {
            members.remove(sub.name);
        }
    }
    elements.retain(|element| element.as_object().is_none_or(|members| !members.is_empty()));
}
