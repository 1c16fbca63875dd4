//! An endpoint: an AWS region as reached with one credential.

use std::time::Duration;

use crate::domain::guardrail::Guardrail;

/// The domain of AWS's own addresses in a region.
pub(super) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// Where requests go. The credential travels apart, because it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The endpoint's name, in usage rows and metrics.
    pub name: String,
    /// The AWS region that requests are signed for.
    pub region: String,
    /// Base URL of `bedrock-runtime`, without a slash at its end.
    pub runtime_url: String,
    /// Base URL of `bedrock`, the control plane, without a slash at its end.
    pub control_url: String,
    /// What every conversation here is held against.
    pub guardrail: Option<Guardrail>,
}

/// How long the parts of an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until the head of the answer is there.
    pub first_byte: Duration,
    /// Between two reads of a stream.
    pub idle: Duration,
    /// The whole of a request, from its start to the end of its answer.
    pub whole: Duration,
    /// How long a client may take no part of its answer.
    pub client: Duration,
    /// How long an answer is read on after its client has left.
    pub settle_alone: Duration,
}

impl Endpoint {
    /// The endpoint of a region, at AWS's own addresses or at other base URLs of `bedrock-runtime` and
    /// `bedrock`.
    #[must_use]
    pub fn new(
        name: &str,
        region: &str,
        runtime_url: Option<&str>,
        control_url: Option<&str>,
    ) -> Self {
        let address = |service: &str, other: Option<&str>| match other {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.{}", domain(region)),
        };
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            runtime_url: address("bedrock-runtime", runtime_url),
            control_url: address("bedrock", control_url),
            guardrail: None,
        }
    }

    /// The URL of an operation on a model; the id is one path segment.
    #[must_use]
    pub fn url(&self, profile: &str, operation: &str) -> String {
        let mut url = String::with_capacity(self.runtime_url.len() + profile.len() + 48);
        url.push_str(&self.runtime_url);
        url.push_str("/model/");
        for byte in profile.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    url.push(char::from(byte));
                }
                _ => {
                    url.push('%');
                    for nibble in [byte >> 4, byte & 15] {
                        let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                        url.push(digit.to_ascii_uppercase());
                    }
                }
            }
        }
        url.push('/');
        url.push_str(operation);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_is_one_path_segment() {
        let endpoint = Endpoint::new("default", "us-east-1", None, None);
        assert_eq!(
            endpoint.url("arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0", "invoke"),
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x-v1%3A0/invoke"
        );
        let other = Endpoint::new("default", "eu-west-1", Some("http://127.0.0.1:9100/"), None);
        assert_eq!(other.url("é", "invoke"), "http://127.0.0.1:9100/model/%C3%A9/invoke");
    }
}
