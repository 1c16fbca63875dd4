//! Ids of tool calls in letters that Bedrock takes. One odd id would make a whole conversation impossible,
//! so it gets an alias, the same each time; what Bedrock says of the alias is told of the id.

use super::Draft;
use super::metadata::sha256;

/// Letters of an alias that come from the id's digest.
const DIGEST: usize = 40;

/// An alias that went to Bedrock, and the id that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// What Bedrock knows.
    pub alias: String,
    /// What the client knows.
    pub id: String,
}

impl Draft<'_> {
    pub(super) fn ids(&mut self) {
        let (request, source) = (self.request, self.body());
        for id in &request.conversation().findings.odd_ids {
            let original = id.decode(source).into_owned();
            let alias = alias(&original);
            self.edits.replace(id.span, format!("\"{alias}\""));
            self.adjusted("tool_use.id");
            if !self.aliases.iter().any(|known| known.alias == alias) {
                self.aliases.push(Alias { alias, id: original });
            }
        }
    }
}

fn alias(id: &str) -> String {
    let digest = sha256(id);
    format!("toolu_ccag_{}", digest.get(..DIGEST).unwrap_or(&digest))
}
