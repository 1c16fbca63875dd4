//! One server-sent event, parsed as strictly as the gateway promises to write it.

/// An event as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// Takes the first whole event off `text`; `None` while its end is missing.
///
/// # Panics
/// On anything but `event: NAME\ndata: DATA\n\n`.
pub(crate) fn take(text: &mut Vec<u8>) -> Option<Event> {
    let end = memchr::memmem::find(text, b"\n\n")?;
    let raw: Vec<u8> = text.drain(..end + 2).collect();
    let raw = String::from_utf8(raw).expect("an event is UTF-8");
    let (name, data) = raw
        .trim_end_matches('\n')
        .split_once('\n')
        .unwrap_or_else(|| panic!("an event has two lines: {raw:?}"));
    let name = name
        .strip_prefix("event: ")
        .unwrap_or_else(|| panic!("the first line names the event: {raw:?}"));
    let data = data
        .strip_prefix("data: ")
        .unwrap_or_else(|| panic!("the second line is the data: {raw:?}"));
    assert!(!data.contains('\n'), "data is one line: {raw:?}");
    Some(Event { name: name.to_owned(), data: data.to_owned() })
}
