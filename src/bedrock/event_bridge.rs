//! EventBridge `PutEvents` (JSON 1.1). A 200 can have failures inside.

use serde::{Deserialize, Serialize};

use super::service::{Access, Call, ServiceError, call};

/// A bus.
#[derive(Debug, Clone, Copy)]
pub struct Bus<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The region that it lies in.
    pub region: &'a str,
    /// The domain of its partition.
    pub domain: &'a str,
}

/// An event.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Who tells it.
    pub source: &'a str,
    /// What rules match by.
    pub detail_type: &'a str,
    /// A JSON object.
    pub detail: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Put<'a> {
    entries: [PutEntry<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutEntry<'a> {
    source: &'a str,
    detail_type: &'a str,
    detail: &'a str,
    event_bus_name: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    entries: Vec<Placed>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Placed {
    event_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

/// Puts an event on a bus; returns the event's id.
///
/// # Errors
/// [`ServiceError`], also where the answer is a 200 that refuses the event.
pub async fn put_event(
    access: &Access<'_>,
    bus: Bus<'_>,
    entry: Entry<'_>,
) -> Result<String, ServiceError> {
    let refused = |code: &str, message: &str| ServiceError::refused("EventBridge", code, message);
    let Entry { source, detail_type, detail } = entry;
    let put = Put { entries: [PutEntry { source, detail_type, detail, event_bus_name: bus.arn }] };
    let body = serde_json::to_vec(&put).map_err(|error| refused("none", &error.to_string()))?;
    let sent = Call {
        service: "EventBridge",
        scope: "events",
        region: bus.region,
        domain: bus.domain,
        content_type: "application/x-amz-json-1.1",
        target: Some("AWSEvents.PutEvents"),
        body: body.into(),
    };
    let (status, answer) = call(access, sent).await?;
    if status != 200 {
        return Err(ServiceError::of_json("EventBridge", status, &answer));
    }
    let answer: Answer = serde_json::from_slice(&answer).unwrap_or_default();
    let result = answer.entries.into_iter().next().unwrap_or_default();
    match (result.event_id, result.error_code) {
        (Some(id), None) => Ok(id),
        (_, Some(code)) => Err(refused(&code, &result.error_message.unwrap_or_default())),
        (None, None) => Err(refused("none", "the answer tells of no event")),
    }
}
