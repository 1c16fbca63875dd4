//! `BUDGET_NOTIFICATION_URL`, `BUDGET_NOTIFICATION_SECRET`, `NOTIFICATION_ALLOWED_NETWORKS`,
//! `AWS_ENDPOINT_URL_SNS`, `AWS_ENDPOINT_URL_EVENTBRIDGE`: where notifications go, and by what way.

use ipnet::IpNet;
use secrecy::SecretString;

use super::environment::Environment;
use crate::domain::notification::Target;

/// Where notifications go, and by what way.
#[derive(Debug, Clone)]
pub struct NotificationsConfig {
    /// Where they go while no destination is active.
    pub fallback: Option<Target>,
    /// What signs them there, where it is a webhook.
    pub secret: Option<SecretString>,
    /// Networks in which webhooks may lie although they are not public.
    pub allowed: Vec<IpNet>,
    /// The base URL of SNS, where it is not AWS's own.
    pub sns_url: Option<String>,
    /// The base URL of EventBridge, where it is not AWS's own.
    pub event_bridge_url: Option<String>,
}

impl NotificationsConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let takes = "an https:// address, or the ARN of an SNS topic or an EventBridge bus";
        let fallback = environment.text("BUDGET_NOTIFICATION_URL").and_then(|text| {
            let target = Target::of_any_kind(&text);
            if target.is_none() {
                // Not shown: the path of a webhook may be a secret.
                environment.problem(format!("BUDGET_NOTIFICATION_URL takes {takes}."));
            }
            target
        });
        let networks = "networks with commas between, such as 10.0.0.0/16";
        let allowed = environment.parsed("NOTIFICATION_ALLOWED_NETWORKS", networks, |text| {
            text.split(',').map(|part| part.trim().parse().ok()).collect()
        });
        // Checked where the upstream is read.
        let general = environment.text("AWS_ENDPOINT_URL");
        let sns = environment.url("AWS_ENDPOINT_URL_SNS");
        let event_bridge = environment.url("AWS_ENDPOINT_URL_EVENTBRIDGE");
        Self {
            fallback,
            secret: environment.secret("BUDGET_NOTIFICATION_SECRET", 24),
            allowed: allowed.unwrap_or_default(),
            sns_url: sns.or_else(|| general.clone()),
            event_bridge_url: event_bridge.or(general),
        }
    }
}
