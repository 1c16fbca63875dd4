//! What is shown of a resource: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::{Map, Value};

use super::path::{Name, Place};
use super::schema::ResourceType;

/// What always stays.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// Which attributes are shown.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    only: Vec<Name>,
    without: Vec<Name>,
}

impl Projection {
    /// That of two lists of names with commas between. Where both are given, the first counts.
    #[must_use]
    pub fn of(only: Option<&str>, without: Option<&str>) -> Self {
        let names = |list: Option<&str>| {
            let names = list.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(Name::new).collect()
        };
        Self { only: names(only), without: names(without) }
    }

    /// Whether anything of the attribute is shown.
    #[must_use]
    pub fn shows(&self, attribute: &str, kind: &ResourceType) -> bool {
        let is_of = |name: &Name| {
            name.place(kind).and_then(|place| place.attribute).is_some_and(|a| a.name == attribute)
        };
        let is_whole = |name: &&Name| name.place(kind).is_some_and(|place| place.sub.is_none());
        if self.only.is_empty() {
            !self.without.iter().filter(is_whole).any(is_of)
        } else {
            self.only.iter().any(is_of)
        }
    }

    /// What is shown of a resource.
    #[must_use]
    pub fn apply(&self, resource: Map<String, Value>, kind: &ResourceType) -> Map<String, Value> {
        if !self.only.is_empty() {
            let mut shown = Map::new();
            for name in ALWAYS {
                shown.extend(resource.get(name).map(|value| (name.to_owned(), value.clone())));
            }
            for place in self.only.iter().filter_map(|name| name.place(kind)) {
                copy(&resource, &mut shown, place);
            }
            return shown;
        }
        let mut shown = resource;
        for place in self.without.iter().filter_map(|name| name.place(kind)) {
            remove(&mut shown, place);
        }
        shown
    }
}

fn copy(from: &Map<String, Value>, to: &mut Map<String, Value>, place: Place) {
    let Some(attribute) = place.attribute else {
        let whole = place.extension.and_then(|schema| from.get_key_value(schema.id));
        to.extend(whole.map(|(name, value)| (name.clone(), value.clone())));
        return;
    };
    let Some(value) = place.container(from).and_then(|within| within.get(attribute.name)) else {
        return;
    };
    let shown = match place.sub {
        Some(sub) => only_sub(value, sub.name),
        None => value.clone(),
    };
    if let Some(within) = place.container_mut(to) {
        match (within.get_mut(attribute.name), shown) {
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
            (Some(Value::Array(there)), Value::Array(more)) => {
                for (there, more) in there.iter_mut().zip(more) {
                    if let (Value::Object(there), Value::Object(more)) = (there, more) {
                        there.extend(more);
                    }
                }
            }
            (_, shown) => {
                within.insert(attribute.name.to_owned(), shown);
            }
        }
    }
}

fn only_sub(value: &Value, sub: &str) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(|element| only_sub(element, sub)).collect(),
        Value::Object(members) => {
            let kept = members.get(sub).map(|value| (sub.to_owned(), value.clone()));
            Value::Object(kept.into_iter().collect())
        }
        _ => Value::Null,
    }
}

fn remove(from: &mut Map<String, Value>, place: Place) {
    let Some(attribute) = place.attribute else {
        if let Some(schema) = place.extension {
            from.remove(schema.id);
        }
        return;
    };
    let is_always = ALWAYS.contains(&attribute.name);
    let is_missing = place.container(from).is_none();
    if is_always || is_missing {
        return;
    }
    let Some(within) = place.container_mut(from) else { return };
    match (place.sub, within.get_mut(attribute.name)) {
        (None, _) => {
            within.remove(attribute.name);
        }
        (Some(sub), Some(Value::Object(members))) => {
            members.remove(sub.name);
        }
        (Some(sub), Some(Value::Array(elements))) => {
            let members = elements.iter_mut().filter_map(Value::as_object_mut);
            members.for_each(|members| {
                members.remove(sub.name);
            });
        }
        _ => {}
    }
}
