//! What kind of client signs in by a device code, and what that opens to it.

/// A kind of client, by the word it sends as `surface`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Claude Code's own `/login`.
    ClaudeCode,
    /// The gateway's command line, which may manage what its user may.
    Cli,
    /// The script that Claude Code asks for a token.
    TokenHelper,
    /// Any other.
    Other,
}

impl Surface {
    /// The kind of this word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "claude_code" => Self::ClaudeCode,
            "ccag_cli" => Self::Cli,
            "ccag_token_helper" => Self::TokenHelper,
            _ => Self::Other,
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Cli => "The ccag command line",
            Self::TokenHelper => "The token helper of Claude Code",
            Self::Other => "A client",
        }
    }
}
