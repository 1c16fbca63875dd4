//! The session that a request belongs to, as clients write it into `metadata.user_id`: those before 2.1
//! have no header for it.

use serde::Deserialize;

use super::MessagesRequest;

/// Longest id that is taken, in bytes.
const MAX_ID: usize = 64;

#[derive(Deserialize)]
struct Metadata {
    user_id: String,
}

/// What newer clients write, as a JSON string.
#[derive(Deserialize)]
struct UserId {
    session_id: String,
}

impl MessagesRequest {
    /// The session in `metadata.user_id`, in both forms of Claude Code: a JSON string, or
    /// `user_…_account_…_session_…`.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        let metadata = self.field("metadata")?.of(self.body());
        let user_id = serde_json::from_slice::<Metadata>(metadata).ok()?.user_id;
        let session = match serde_json::from_str::<UserId>(&user_id) {
            Ok(parts) => parts.session_id,
            Err(_) => user_id.rsplit_once("_session_")?.1.to_owned(),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        ((1..=MAX_ID).contains(&session.len()) && session.bytes().all(plain)).then_some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(user_id: &str) -> Option<String> {
        let body = serde_json::json!({
            "model": "m", "messages": [{ "role": "user", "content": "x" }],
            "metadata": { "user_id": user_id },
        });
        MessagesRequest::parse_count_tokens(body.to_string().into()).unwrap().session_id()
    }

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let id = "0b7e5c1e-7c7e-4e0e-9a35-1f8f7f3f0f10";
        assert_eq!(session(&format!("user_ab12_account__session_{id}")).as_deref(), Some(id));
        let json = format!(r#"{{"device_id":"d","account_uuid":"","session_id":"{id}"}}"#);
        assert_eq!(session(&json).as_deref(), Some(id));
        for other in ["", "ann@example.com", "user_x_session_", "a_session_<script>", "{}"] {
            assert_eq!(session(other), None, "{other}");
        }
    }
}
