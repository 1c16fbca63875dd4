//! The W3C trace context of a request: what its client sends, and what goes on to Bedrock.

/// Longest `tracestate` that is passed on, in bytes; the specification asks for 512 at least.
const MAX_STATE: usize = 1024;

/// A valid `traceparent`, and the `tracestate` that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The header `traceparent`.
    pub traceparent: String,
    /// The header `tracestate`.
    pub tracestate: Option<String>,
}

impl TraceContext {
    /// Reads both headers; `None` where the first is not valid. A later version than 00 counts as far
    /// as 00 goes, as the specification says.
    #[must_use]
    pub fn read(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let traceparent = traceparent.trim();
        let mut parts = traceparent.split('-');
        let version = parts.next().filter(|text| is_hex(text, 2) && *text != "ff")?;
        let ids = [(parts.next()?, 32), (parts.next()?, 16)];
        let valid = |(text, length): &(&str, usize)| {
            is_hex(text, *length) && text.bytes().any(|byte| byte != b'0')
        };
        let flags = parts.next().filter(|text| is_hex(text, 2));
        if !ids.iter().all(valid) || flags.is_none() || (version == "00" && parts.next().is_some())
        {
            return None;
        }
        let plain = |text: &&str| {
            text.len() <= MAX_STATE && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        let tracestate = tracestate.filter(plain).map(str::trim).filter(|text| !text.is_empty());
        Some(Self {
            traceparent: traceparent.get(..55).unwrap_or(traceparent).to_owned(),
            tracestate: tracestate.map(str::to_owned),
        })
    }

    /// The trace's id: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.traceparent.get(3..35).unwrap_or_default()
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_contexts_are_passed_on() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = TraceContext::read(good, Some("a=1,b=2")).unwrap();
        assert_eq!(
            (read.traceparent.as_str(), read.tracestate.as_deref()),
            (good, Some("a=1,b=2"))
        );
        assert_eq!(read.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        ] {
            assert_eq!(TraceContext::read(bad, None), None, "{bad}");
        }
        let later = format!("01{}-future", &good[2..]);
        assert_eq!(TraceContext::read(&later, None).unwrap().traceparent.len(), 55);
        assert_eq!(TraceContext::read(good, Some("a=\n")).unwrap().tracestate, None);
    }
}
