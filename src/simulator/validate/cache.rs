//! Rules for `cache_control`: its fields, how many there may be, and the order of their lives.

use serde_json::Value;

use super::{Complaint, Subject, extra};
use crate::simulator::cache::{Life, breakpoints};

const MOST: usize = 4;

pub(super) fn check(subject: Subject<'_>) -> Result<(), Complaint> {
    let found = breakpoints(subject.body);
    let mut short_seen = false;
    for mark in &found {
        let path = format!("{}.cache_control", mark.path);
        let fields = mark.control.as_object().into_iter().flatten();
        for (name, value) in fields {
            match name.as_str() {
                "type" if value.as_str() == Some("ephemeral") => {}
                "type" => {
                    return Err(format!(
                        "{path}: Input tag '{value}' found using 'type' does not match any of the expected tags: 'ephemeral'"
                    ));
                }
                "ttl" if subject.older_than(45) => {
                    return Err(extra(&format!("{path}.ephemeral.ttl")));
                }
                "ttl" if matches!(value.as_str(), Some("5m" | "1h")) => {}
                "ttl" => {
                    return Err(format!("{path}.ephemeral.ttl: Input should be '5m' or '1h'"));
                }
                _ => return Err(extra(&format!("{path}.ephemeral.{name}"))),
            }
        }
        if matches!(
            mark.block.get("type").and_then(Value::as_str),
            Some("thinking" | "redacted_thinking")
        ) {
            return Err(extra(&format!("{}.thinking.cache_control", mark.path)));
        }
        match mark.life() {
            Life::Minutes => short_seen = true,
            Life::Hour if short_seen => {
                return Err(format!(
                    "{path}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
                ));
            }
            Life::Hour => {}
        }
    }
    if found.len() > MOST {
        return Err(format!(
            "A maximum of {MOST} blocks with cache_control may be provided. Found {}.",
            found.len()
        ));
    }
    Ok(())
}
