//! The signature of a request (AWS Signature Version 4), made anew from what came in, by AWS's published
//! rules and not by the library that the gateway signs with.

use actix_web::http::header::HeaderMap;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use sha2::{Digest as _, Sha256};

use crate::domain::hex;

/// A request as far as its signature covers it.
pub struct Signed<'r> {
    /// Its method.
    pub method: &'r str,
    /// As it was sent, still encoded.
    pub path: &'r str,
    /// Without the question mark.
    pub query: &'r str,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// Its body.
    pub body: &'r [u8],
}

impl Signed<'_> {
    /// The signature that `secret` gives the headers named in `signed_headers` and the rest, in
    /// hexadecimal; `scope` is `date/region/service/aws4_request`.
    #[must_use]
    pub fn signature(&self, secret: &str, scope: &str, signed_headers: &str) -> String {
        let request = hex::encode(&Sha256::digest(self.canonical(signed_headers)));
        let date = self.header("x-amz-date");
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{request}");
        let first = format!("AWS4{secret}").into_bytes();
        let key = scope.split('/').fold(first, |key, part| mac(&key, part));
        hex::encode(&mac(&key, &text))
    }

    fn canonical(&self, signed_headers: &str) -> String {
        let headers: String = signed_headers
            .split(';')
            .map(|name| format!("{name}:{}\n", self.header(name)))
            .collect();
        let mut query: Vec<&str> = self.query.split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        [
            self.method,
            &encoded(self.path),
            &query.join("&"),
            &headers,
            signed_headers,
            &hex::encode(&Sha256::digest(self.body)),
        ]
        .join("\n")
    }

    /// All values of a header, each without spaces around it and runs of them inside.
    fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).filter_map(|value| value.to_str().ok());
        let values: Vec<String> =
            values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        values.join(",")
    }
}

/// The path, encoded once more: every service but S3 wants that.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    /// The example "GET ListUsers" of AWS's documentation of the signature.
    #[test]
    fn the_documented_example_has_the_documented_signature() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let request = Signed {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &headers,
            body: b"",
        };
        let signature = request.signature(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "20150830/us-east-1/iam/aws4_request",
            "content-type;host;x-amz-date",
        );
        assert_eq!(signature, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }
}
