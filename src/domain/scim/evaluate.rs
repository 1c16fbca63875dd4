//! Whether a resource fits a filter.

use std::cmp::Ordering;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::filter::{Filter, Operator};
use super::path::Name;
use super::schema::{Attribute, Kind, ResourceType};

/// What names are looked up in.
#[derive(Clone, Copy)]
pub(super) enum Scope<'r> {
    /// A whole resource.
    Resource(&'r Map<String, Value>, &'r ResourceType),
    /// One value of an attribute.
    Element(&'r Value, &'static Attribute),
}

/// Whether a resource of this type fits the filter. An attribute that the type does not have has no
/// value.
#[must_use]
pub fn matches(filter: &Filter, resource: &Map<String, Value>, kind: &ResourceType) -> bool {
    fits(filter, Scope::Resource(resource, kind))
}

pub(super) fn fits(filter: &Filter, scope: Scope<'_>) -> bool {
    match filter {
        Filter::Present(name) => found(name, scope).values.iter().any(|value| is_present(value)),
        Filter::Compare(name, operator, value) => compares(&found(name, scope), *operator, value),
        Filter::Element(name, inner) => {
            let Scope::Resource(resource, kind) = scope else { return false };
            let place = name.place(kind);
            let Some((place, attribute)) = place.and_then(|p| Some((p, p.attribute?))) else {
                return false;
            };
            let value = place.container(resource).and_then(|within| within.get(attribute.name));
            elements(value).any(|element| fits(inner, Scope::Element(element, attribute)))
        }
        Filter::Not(inner) => !fits(inner, scope),
        Filter::And(left, right) => fits(left, scope) && fits(right, scope),
        Filter::Or(left, right) => fits(left, scope) || fits(right, scope),
    }
}

/// The values behind a name, and the attribute that says how they compare.
struct Found<'r> {
    values: Vec<&'r Value>,
    attribute: Option<&'static Attribute>,
}

fn found<'r>(name: &Name, scope: Scope<'r>) -> Found<'r> {
    match scope {
        Scope::Resource(resource, kind) => {
            let Some(place) = name.place(kind) else { return nothing() };
            let within = place.container(resource);
            let Some(attribute) = place.attribute else {
                let whole = place.extension.and_then(|schema| resource.get(schema.id));
                return Found { values: whole.into_iter().collect(), attribute: None };
            };
            let value = within.and_then(|within| within.get(attribute.name));
            deeper(value, attribute, place.sub)
        }
        Scope::Element(element, attribute) => {
            let sub = attribute.sub(name.text());
            if sub.is_none() && !name.text().eq_ignore_ascii_case("value") {
                return nothing();
            }
            deeper(Some(element), attribute, sub)
        }
    }
}

/// The values themselves, or those of a sub-attribute; of a complex one without, those of `value`.
fn deeper<'r>(
    value: Option<&'r Value>,
    attribute: &'static Attribute,
    sub: Option<&'static Attribute>,
) -> Found<'r> {
    let Some(sub) = sub.or_else(|| attribute.sub("value")) else {
        return Found { values: elements(value).collect(), attribute: Some(attribute) };
    };
    let values = elements(value).filter_map(|element| element.get(sub.name)).collect();
    Found { values, attribute: Some(sub) }
}

fn nothing<'r>() -> Found<'r> {
    Found { values: Vec::new(), attribute: None }
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Some(Value::Array(elements)) => (elements.as_slice(), None),
        one => (&[][..], one),
    };
    many.iter().chain(one)
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compares(found: &Found<'_>, operator: Operator, wanted: &Value) -> bool {
    let any =
        |operator| found.values.iter().any(|value| is(value, operator, wanted, found.attribute));
    match (operator, wanted) {
        (Operator::Eq, Value::Null) => !found.values.iter().any(|value| is_present(value)),
        (Operator::Ne, Value::Null) => found.values.iter().any(|value| is_present(value)),
        (Operator::Ne, _) => !any(Operator::Eq),
        (operator, _) => any(operator),
    }
}

fn is(value: &Value, operator: Operator, wanted: &Value, attribute: Option<&Attribute>) -> bool {
    match (value, wanted) {
        (Value::String(text), Value::String(wanted)) => {
            if attribute.is_some_and(|attribute| attribute.kind == Kind::DateTime) {
                let times = DateTime::parse_from_rfc3339(text)
                    .ok()
                    .zip(DateTime::parse_from_rfc3339(wanted).ok());
                if let Some((time, wanted)) = times {
                    return in_order(time.cmp(&wanted), operator);
                }
            }
            if attribute.is_some_and(|attribute| attribute.is_case_exact) {
                text_is(text, operator, wanted)
            } else {
                text_is(&text.to_lowercase(), operator, &wanted.to_lowercase())
            }
        }
        (Value::Bool(value), Value::Bool(wanted)) => operator == Operator::Eq && value == wanted,
        // Some providers quote it.
        (Value::Bool(value), Value::String(wanted)) => {
            operator == Operator::Eq && wanted.eq_ignore_ascii_case(&value.to_string())
        }
        _ => false,
    }
}

fn text_is(text: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Co => text.contains(wanted),
        Operator::Sw => text.starts_with(wanted),
        Operator::Ew => text.ends_with(wanted),
        operator => in_order(text.cmp(wanted), operator),
    }
}

fn in_order(ordering: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Ne => ordering.is_ne(),
        Operator::Gt => ordering.is_gt(),
        Operator::Ge => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Le => ordering.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
