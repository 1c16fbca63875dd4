//! Sends one notification to one destination, of whichever kind.

use std::sync::Arc;

use aws_smithy_runtime_api::client::identity::Identity;
use serde_json::Value;
use uuid::Uuid;

use super::credentials::Credentials;
use super::webhook::Webhook;
use crate::bedrock::event_bridge::{self, Bus, Entry};
use crate::bedrock::service::{Access, ServiceError};
use crate::bedrock::sns::{self, Publication, Topic};
use crate::domain::notification::{Arn, Target};
use crate::domain::outbound::Outbound;

/// How destinations are reached.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// Which hosts webhooks may have.
    pub outbound: Outbound,
    /// The base URL of SNS, where it is not AWS's own.
    pub sns_url: Option<String>,
    /// The base URL of EventBridge, where it is not AWS's own.
    pub event_bridge_url: Option<String>,
}

/// A destination with what it takes to reach it.
#[derive(Clone)]
pub enum Destination {
    /// A webhook with its secrets.
    Webhook(Webhook),
    /// An SNS topic.
    Sns(Arn),
    /// An EventBridge bus.
    Eventbridge(Arn),
}

impl Destination {
    /// The destination of a target; a webhook without a secret is not signed.
    #[must_use]
    pub fn unsigned(target: Target) -> Self {
        match target {
            Target::Webhook(url) => Self::Webhook(Webhook::new(url, None)),
            Target::Sns(arn) => Self::Sns(arn),
            Target::Eventbridge(arn) => Self::Eventbridge(arn),
        }
    }
}

/// A notification on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Stays the same from attempt to attempt.
    pub id: Uuid,
    /// What destinations get.
    pub payload: Value,
}

impl Letter {
    fn text(&self, member: &str) -> &str {
        self.payload.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Sends from one thread.
pub struct Sender {
    client: awc::Client,
    routes: Arc<Routes>,
    credential: Credentials,
}

impl Sender {
    /// A sender for the thread it is made on.
    #[must_use]
    pub fn new(client: awc::Client, routes: Arc<Routes>, credential: Credentials) -> Self {
        Self { client, routes, credential }
    }

    /// Sends a notification; returns what the destination says of it: a status or an id.
    ///
    /// # Errors
    /// Why it is not delivered, in words that may be shown.
    pub async fn send(&self, destination: &Destination, letter: &Letter) -> Result<String, String> {
        let body = letter.payload.to_string();
        match destination {
            Destination::Webhook(webhook) => {
                webhook.post(&self.client, &self.routes.outbound, letter.id, body).await
            }
            Destination::Sns(topic) => {
                let identity = self.credential.identity().await?;
                let access = self.access(&identity, self.routes.sns_url.as_deref());
                self.said(publish(&access, topic, letter, &body).await)
            }
            Destination::Eventbridge(bus) => {
                let identity = self.credential.identity().await?;
                let access = self.access(&identity, self.routes.event_bridge_url.as_deref());
                let bus = Bus { arn: bus.text(), region: &bus.region, domain: bus.domain };
                let entry = Entry {
                    source: letter.text("source"),
                    detail_type: letter.text("type"),
                    detail: &body,
                };
                self.said(event_bridge::put_event(&access, bus, entry).await)
            }
        }
    }

    fn access<'a>(&'a self, identity: &'a Identity, base_url: Option<&'a str>) -> Access<'a> {
        Access { client: &self.client, identity, base_url }
    }

    /// What a service said; a credential that it no longer takes is not used again.
    fn said(&self, said: Result<String, ServiceError>) -> Result<String, String> {
        said.map_err(|error| {
            if error.is_stale_credential() {
                self.credential.forget();
            }
            error.to_string()
        })
    }
}

async fn publish(
    access: &Access<'_>,
    topic: &Arn,
    letter: &Letter,
    body: &str,
) -> Result<String, ServiceError> {
    let [category, kind, severity] = ["category", "type", "severity"].map(|m| letter.text(m));
    let id = letter.id.to_string();
    let publication = Publication {
        message: body,
        subject: &format!("CCAG: {kind} ({severity})"),
        attributes: &[("category", category), ("type", kind), ("severity", severity)],
        group: category,
        deduplication: &id,
    };
    let topic = Topic { arn: topic.text(), region: &topic.region, domain: topic.domain };
    sns::publish(access, topic, &publication).await
}
