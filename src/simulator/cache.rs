//! Prompt tokens and the prompt cache: what of a prompt was seen before, what is new, and what will be kept.
//!
//! A token is taken to be four bytes of the JSON of a block. The memory has the digests of prefixes that
//! ended at a breakpoint; it is bounded in number and forgets by age, as the real cache does.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::models::Model;
use crate::domain::tokens::Tokens;

const MOST_PREFIXES: usize = 4096;
const BYTES_PER_TOKEN: usize = 4;
/// Tokens around the last turn, which no cache ever holds.
const FRAME: u64 = 3;

/// How long a cached prefix lives after its last use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Minutes,
    Hour,
}

impl Life {
    fn duration(self) -> Duration {
        match self {
            Self::Minutes => Duration::from_secs(300),
            Self::Hour => Duration::from_secs(3600),
        }
    }
}

/// A block that carries `cache_control`.
pub(super) struct Breakpoint<'a> {
    /// Where the block stands, as the service names it in complaints.
    pub(super) path: String,
    pub(super) block: &'a Value,
    pub(super) control: &'a Value,
}

impl Breakpoint<'_> {
    pub(super) fn life(&self) -> Life {
        life(self.control)
    }
}

fn life(control: &Value) -> Life {
    match control.get("ttl").and_then(Value::as_str) {
        Some("1h") => Life::Hour,
        _ => Life::Minutes,
    }
}

/// Tokens of `bytes` bytes of text.
pub(super) fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

/// The blocks of a prompt in the order in which the cache sees them, with their places.
fn prompt(body: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for part in ["tools", "system"] {
        if let Some(content) = body.get(part) {
            push(&mut all, part, content);
        }
    }
    let messages = body.get("messages").and_then(Value::as_array);
    for (at, message) in messages.into_iter().flatten().enumerate() {
        if let Some(content) = message.get("content") {
            push(&mut all, &format!("messages.{at}.content"), content);
        }
    }
    all
}

fn push<'a>(all: &mut Vec<(String, &'a Value)>, path: &str, content: &'a Value) {
    match content {
        Value::Array(blocks) => {
            let paths = blocks.iter().enumerate();
            all.extend(paths.map(|(at, block)| (format!("{path}.{at}"), block)));
        }
        text => all.push((path.to_owned(), text)),
    }
}

/// The breakpoints of a request, in the order of the cache: tools, system, messages.
pub(super) fn breakpoints(body: &Map<String, Value>) -> Vec<Breakpoint<'_>> {
    let marked = |(path, block): (String, _)| {
        let control = control(block)?;
        Some(Breakpoint { path, block, control })
    };
    prompt(body).into_iter().filter_map(marked).collect()
}

fn control(block: &Value) -> Option<&Value> {
    block.get("cache_control").filter(|it| !it.is_null())
}

/// Tokens of the whole prompt, cached or not.
pub(super) fn prompt_tokens(body: &Map<String, Value>) -> u64 {
    let blocks = prompt(body);
    let each = blocks.iter().map(|(_, block)| tokens(plain(block).len()));
    each.sum::<u64>() + FRAME
}

/// The block as the model sees it: a moved breakpoint changes no prefix.
fn plain(block: &Value) -> String {
    match block {
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.remove("cache_control");
            Value::Object(fields).to_string()
        }
        text => text.to_string(),
    }
}

type Prefix = [u8; 32];

struct Kept {
    until: Instant,
    life: Life,
}

/// The end of one block: the prefix up to there, its tokens, and the breakpoint if one stands there.
struct Boundary {
    prefix: Prefix,
    tokens: u64,
    life: Option<Life>,
}

fn boundaries(model: &Model, body: &Map<String, Value>) -> Vec<Boundary> {
    let mut hasher = Sha256::new_with_prefix(model.base);
    let mut total = 0;
    let mut end = |(_, block): (String, &Value)| {
        let text = plain(block);
        hasher.update(text.as_bytes());
        total += tokens(text.len());
        Boundary {
            prefix: hasher.clone().finalize().into(),
            tokens: total,
            life: control(block).map(life),
        }
    };
    prompt(body).into_iter().map(&mut end).collect()
}

/// The prefixes that the cache holds.
#[derive(Default)]
pub(super) struct Memory {
    kept: HashMap<Prefix, Kept>,
}

impl Memory {
    /// Counts the prompt by token class and keeps its breakpoints; `output` is left at 0.
    pub(super) fn count(
        &mut self,
        model: &Model,
        body: &Map<String, Value>,
        now: Instant,
    ) -> Tokens {
        self.kept.retain(|_, kept| kept.until > now);
        let all = boundaries(model, body);
        let mut counted = Tokens::default();
        let mut covered = 0;
        let long_enough = |end: &&Boundary| end.tokens >= model.least_cached;
        let marks = all.iter().rposition(|end| end.life.is_some());
        let cacheable = all.get(..marks.map_or(0, |last| last + 1)).unwrap_or_default();
        let known = cacheable.iter().rev().filter(long_enough);
        if let Some(hit) = known.into_iter().find(|end| self.touch(&end.prefix, now)) {
            covered = hit.tokens;
            counted.cache_read = hit.tokens;
        }
        for end in cacheable.iter().filter(long_enough) {
            let Some(life) = end.life else { continue };
            let written = end.tokens.saturating_sub(covered);
            match life {
                Life::Minutes => counted.cache_write_5m += written,
                Life::Hour => counted.cache_write_1h += written,
            }
            covered = covered.max(end.tokens);
            self.keep(end.prefix, life, now);
        }
        let total = all.last().map_or(0, |end| end.tokens);
        counted.input = total.saturating_sub(covered) + FRAME;
        counted
    }

    /// True for a known prefix, whose life then begins anew.
    fn touch(&mut self, prefix: &Prefix, now: Instant) -> bool {
        let Some(kept) = self.kept.get_mut(prefix) else {
            return false;
        };
        kept.until = now + kept.life.duration();
        true
    }

    fn keep(&mut self, prefix: Prefix, life: Life, now: Instant) {
        if self.kept.len() >= MOST_PREFIXES {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.until);
            if let Some(oldest) = oldest.map(|(prefix, _)| *prefix) {
                self.kept.remove(&oldest);
            }
        }
        let until = now + life.duration();
        self.kept.insert(prefix, Kept { until, life });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulator::models::MODELS;

    fn body(texts: &[(&str, Option<Value>)]) -> Map<String, Value> {
        let block = |(text, control): &(&str, Option<Value>)| {
            let mut block = json!({"type": "text", "text": text.repeat(4000)});
            if let Some(control) = control {
                block["cache_control"] = control.clone();
            }
            block
        };
        let system: Vec<Value> = texts.iter().map(block).collect();
        let body = json!({"system": system, "messages": [{"role": "user", "content": "hi"}]});
        body.as_object().unwrap().clone()
    }

    fn mark() -> Option<Value> {
        Some(json!({"type": "ephemeral"}))
    }

    #[test]
    fn a_prefix_is_written_once_then_read_until_it_expires() {
        let model = &MODELS[3];
        let mut memory = Memory::default();
        let now = Instant::now();
        let first = memory.count(model, &body(&[("a", None), ("b", mark())]), now);
        assert_eq!((first.cache_read, first.cache_write_5m), (0, 2014));
        assert_eq!(first.input, 4);
        // The breakpoint has moved on: the old prefix is read, the rest written.
        let longer = body(&[("a", None), ("b", None), ("c", mark())]);
        let second = memory.count(model, &longer, now + Duration::from_secs(299));
        assert_eq!((second.cache_read, second.cache_write_5m), (2014, 1007));
        let late = memory.count(model, &longer, now + Duration::from_secs(700));
        assert_eq!((late.cache_read, late.cache_write_5m), (0, 3021));
    }

    #[test]
    fn lives_are_counted_apart_and_short_prefixes_not_cached() {
        let model = &MODELS[3];
        let hour = Some(json!({"type": "ephemeral", "ttl": "1h"}));
        let both = body(&[("a", None), ("b", hour), ("c", mark())]);
        let counted = Memory::default().count(model, &both, Instant::now());
        assert_eq!((counted.cache_write_1h, counted.cache_write_5m), (2014, 1007));
        let short = Memory::default().count(model, &body(&[("a", mark())]), Instant::now());
        assert_eq!((short.cache_write_5m, short.input), (0, 1011));
        assert_eq!(prompt_tokens(&both), 3025);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut memory = Memory::default();
        let now = Instant::now();
        for at in 0..MOST_PREFIXES + 10 {
            let mut prefix = [0; 32];
            prefix[..8].copy_from_slice(&at.to_be_bytes());
            memory.keep(prefix, Life::Minutes, now);
        }
        assert_eq!(memory.kept.len(), MOST_PREFIXES);
    }
}
