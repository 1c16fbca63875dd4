//! `ccag demo`: the gateway on a simulated Bedrock and its embedded PostgreSQL, ready to be tried.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::app::{self, AppError, Running};
use crate::config::Config;
use crate::simulator::{ACCESS_KEY_ID, Options, SECRET_ACCESS_KEY, Simulator};

/// The pace at which the simulated model writes.
const PACE: Duration = Duration::from_millis(15);

/// Serves until told to stop.
pub(super) fn demo(mut config: Config) -> Result<(), AppError> {
    let options = Options { port: 0, delta_interval: PACE };
    let simulator = Simulator::start(options).map_err(AppError::Simulator)?;
    let bedrock = format!("http://{}", simulator.address());
    config.upstream.runtime_url = Some(bedrock.clone());
    config.upstream.control_url = Some(bedrock.clone());
    config.upstream.quotas_url = Some(bedrock.clone());
    config.upstream.region = Some("us-east-1".to_owned());
    config.pricing.refresh = false;
    config.upstream.simulated = Some([ACCESS_KEY_ID, SECRET_ACCESS_KEY]);
    let api_key = key(&mut config.identity.bootstrap_api_key);
    let admin_key = key(&mut config.identity.admin_api_key);
    let member = Arc::new(SecretString::from(Uuid::new_v4().simple().to_string()));
    config.demo = Some(Arc::clone(&member));
    let served = app::serve(&config, |running| {
        announce(&running, &bedrock, [&api_key, &admin_key, &member])
    });
    simulator.stop();
    served
}

/// The configured key, else a new one.
fn key(configured: &mut Option<Arc<SecretString>>) -> Arc<SecretString> {
    let new = || {
        let random = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Arc::new(format!("sk-ccag-{random}").into())
    };
    Arc::clone(configured.get_or_insert_with(new))
}

fn announce(running: &Running, bedrock: &str, secrets: [&SecretString; 3]) {
    let [api_key, admin_key, member] = secrets.map(SecretString::expose_secret);
    let url = format!("http://{}", running.address);
    println!(
        "\nCCAG is running on a simulated Bedrock: answers, people and their usage\n\
         of the last 90 days are made up, everything else is real.\n\n\
         Portal:            {url}/\n\
         Simulated Bedrock: {bedrock}\n\
         Admin key:         {admin_key}\n\
         A member:          {} with the password {member}\n\n\
         Point Claude Code at it:\n\n  \
         export ANTHROPIC_BASE_URL={url}\n  \
         export ANTHROPIC_AUTH_TOKEN={api_key}\n  \
         export CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1\n  \
         claude\n",
        app::MEMBER,
    );
}
