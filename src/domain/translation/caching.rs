//! What keeps the prompt cache working: the client's changing attribution goes, `cache_control` keeps what the
//! model takes, and automatic caching becomes a breakpoint.

use super::Draft;
use crate::domain::capability::Feature;
use crate::domain::json::{Span, Text};
use crate::domain::request::{Block, BlockKind, CacheControl, Content, Role};

/// Most breakpoints of a request.
const MAX_BREAKPOINTS: usize = 4;

impl Draft<'_> {
    /// Takes the attribution and empty blocks out of `system`. The attribution changes with the
    /// conversation and would spoil the prompt cache.
    pub(super) fn system(&mut self) {
        let system = self.request.system();
        let goes = |(at, block): (usize, &Block)| {
            (block.span, system.attribution == Some(at) || block.is_empty_text())
        };
        let items: Vec<(Span, bool)> = system.blocks.iter().enumerate().map(goes).collect();
        let gone = items.iter().filter(|(_, goes)| *goes).count();
        if gone == 0 {
            return;
        }
        if system.attribution.is_some() {
            self.adjusted("attribution");
        }
        if gone > usize::from(system.attribution.is_some()) {
            self.adjusted("empty_text");
        }
        if gone == items.len() {
            self.gone.push("system");
        } else {
            self.edits.remove_items(items);
        }
    }

    pub(super) fn cache_controls(&mut self) {
        let request = self.request;
        for control in request.cache_controls() {
            self.cache_control(control);
        }
    }

    fn cache_control(&mut self, control: &CacheControl) {
        let mut gone = Vec::new();
        if control.scope {
            gone.push("scope");
            self.adjusted("cache_control.scope");
        }
        if control.ttl.is_some() && !self.uses(Feature::CacheTtl) {
            gone.push("ttl");
            self.adjusted("cache_control.ttl");
        }
        self.strip(control.value, &gone);
    }

    /// Puts a breakpoint on the last block that can carry one, in the place of a top-level
    /// `cache_control`.
    pub(super) fn automatic_caching(&mut self) {
        let request = self.request;
        if request.field("cache_control").is_none() || self.uses(Feature::AutomaticCaching) {
            return;
        }
        self.gone.push("cache_control");
        let Some(control) = request.cache_control() else {
            return;
        };
        self.adjusted("cache_control");
        if request.cache_controls().count() > MAX_BREAKPOINTS {
            return;
        }
        let body = self.body();
        let control = self.edits.render(body, control.value);
        let control = format!(r#""cache_control":{}"#, String::from_utf8_lossy(&control));
        match self.last_block() {
            Some(Last::Block(block)) if !block.cached => {
                self.edits.insert(block.span.end - 1, format!(",{control}"));
            }
            Some(Last::Text(message, text)) => self.breakpoint = Some((message, text, control)),
            _ => {}
        }
    }

    /// The last block that can carry a breakpoint and stays where it is.
    fn last_block(&self) -> Option<Last> {
        let conversation = self.request.conversation();
        let folds = !self.capability.takes(Feature::SystemMessages);
        let messages = conversation.messages.iter().enumerate().rev();
        let mut staying = messages.filter(|(_, it)| !(folds && it.role == Role::System));
        staying.find_map(|(at, message)| match &message.content {
            Content::Text(text) if text.span.end - text.span.start > 2 => {
                Some(Last::Text(at, *text))
            }
            Content::Blocks(_, range) => {
                let carries =
                    |block: &&Block| block.kind != BlockKind::Thinking && !block.is_empty_text();
                let has_members = |block: &&Block| {
                    let inside = block.span.of(self.body()).strip_prefix(b"{");
                    inside.is_some_and(|rest| !rest.trim_ascii_start().starts_with(b"}"))
                };
                let mut blocks = conversation.blocks(range).iter().rev();
                blocks.find(|block| carries(block) && has_members(block)).copied().map(Last::Block)
            }
            _ => None,
        })
    }

    /// The text of a message as a block with the breakpoint, where it is to stand there.
    pub(super) fn take_breakpoint(&mut self, message: usize) -> Option<String> {
        let (_, text, control) = self.breakpoint.take_if(|(at, ..)| *at == message)?;
        let text = String::from_utf8_lossy(text.span.of(self.body()));
        Some(format!(r#"{{"type":"text","text":{text},{control}}}"#))
    }

    /// Puts the breakpoint on a text that nothing else has moved.
    pub(super) fn place_breakpoint(&mut self) {
        let Some((message, text, _)) = self.breakpoint else {
            return;
        };
        if let Some(block) = self.take_breakpoint(message) {
            self.edits.replace(text.span, format!("[{block}]"));
        }
    }
}

/// What can carry a breakpoint.
enum Last {
    Block(Block),
    /// The whole content of a message.
    Text(usize, Text),
}
