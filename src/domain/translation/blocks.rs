//! Blocks of messages that go: empty texts, which no model takes, and the thinking of earlier turns
//! where its signatures are not taken.

use super::Draft;
use crate::domain::capability::Feature;
use crate::domain::json::Span;
use crate::domain::request::{Block, BlockKind, Content, Message, Role};

/// What a turn says that held nothing but thinking, since no turn may be empty.
const NOTHING_SAID: &str = r#"{"type":"text","text":"(no content)"}"#;

impl Draft<'_> {
    /// Takes out empty texts of messages that say something else, and thinking that is not taken.
    pub(super) fn blocks(&mut self) {
        let conversation = self.request.conversation();
        let thinks = |block: &Block| block.kind == BlockKind::Thinking;
        let thinking_goes =
            conversation.blocks.iter().any(thinks) && !self.uses(Feature::ThinkingBlocks);
        if !thinking_goes && !conversation.blocks.iter().any(Block::is_empty_text) {
            return;
        }
        for message in &conversation.messages {
            let Content::Blocks(_, range) = &message.content else {
                continue;
            };
            self.blocks_of(conversation.blocks(range), thinking_goes);
        }
        if thinking_goes {
            self.adjusted("messages.thinking");
            self.stop_thinking_in_a_tool_turn(&conversation.messages);
        }
    }

    fn blocks_of(&mut self, blocks: &[Block], thinking_goes: bool) {
        let thinking = |block: &&Block| thinking_goes && block.kind == BlockKind::Thinking;
        let said = |block: &&Block| !thinking(block) && !block.is_empty_text();
        if !blocks.iter().any(|block| said(&block)) {
            // Texts that are all empty are the upstream's to refuse.
            if let (Some(first), Some(last)) = (blocks.iter().find(thinking), blocks.last()) {
                let whole = Span { start: blocks.first().unwrap_or(first).span.start, ..last.span };
                self.edits.replace(whole, NOTHING_SAID);
            }
            return;
        }
        if blocks.iter().any(Block::is_empty_text) {
            self.adjusted("empty_text");
        }
        self.edits.remove_items(blocks.iter().map(|block| (block.span, !said(&block))));
    }

    /// A turn that goes on after a tool's result has to begin with its thinking, where thinking has a
    /// budget; without that thinking it can only go on without.
    fn stop_thinking_in_a_tool_turn(&mut self, messages: &[Message]) {
        let conversation = self.request.conversation();
        let of_tools = |message: &Message| match &message.content {
            Content::Blocks(_, range) => {
                conversation.blocks(range).iter().any(|it| it.kind == BlockKind::ToolResult)
            }
            _ => false,
        };
        let last = messages.iter().rev().find(|message| message.role == Role::User);
        self.thinking_ends = last.is_some_and(of_tools);
    }
}
