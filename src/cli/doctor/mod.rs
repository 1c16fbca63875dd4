//! `ccag doctor`: checks a deployment from a developer's machine, as Claude Code would meet it.

mod api;
mod firewall;
mod machine;
mod reach;
mod report;
mod settings;
mod stream;
mod target;
mod tls;
mod wire;

use clap::Args;

use self::machine::Machine;
use self::report::{Check, Report, Verdict};
use self::target::{Credential, Target};
use self::wire::Wire;
use super::failure::Failure;

/// What is to be checked.
#[derive(Debug, Args)]
pub struct Options {
    /// The model of the message that is asked for; else a small one of those that are offered.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// Ask for no message, so that nothing is spent.
    #[arg(long)]
    no_message: bool,
    /// Seconds of silence that what stands between is to bear; long calls need hundreds.
    #[arg(long, value_name = "SECONDS", default_value = "12", value_parser = clap::value_parser!(u32).range(1..=600))]
    silence: u32,
}

/// Checks all there is to check, and shows it.
///
/// # Errors
/// Where no gateway is named, or a check failed.
pub async fn run(options: &Options, url: Option<&String>, as_json: bool) -> Result<(), Failure> {
    let machine = Machine::read();
    let target = Target::find(url, &machine)?;
    let mut checks = settings::checks(&machine, &target);
    checks.extend(way(options, &machine, &target).await);
    let report = Report::of(&target.url, checks);
    report.show(as_json);
    match report.count(Verdict::Fail) {
        0 => Ok(()),
        failed => Err(Failure::Unwell(failed)),
    }
}

/// The checks of the way to the gateway and of the gateway; each only where those before it leave one.
async fn way(options: &Options, machine: &Machine, target: &Target) -> Vec<Check> {
    let (mut checks, open) = reach::checks(target);
    let Some(address) = open else { return checks };
    let roots = wire::roots(machine);
    let tls = tls::check(target, address, roots.clone());
    let is_secure = tls.verdict != Verdict::Fail || !target.is_tls;
    checks.push(tls);
    if !is_secure {
        return checks;
    }
    let (credential, missing) = match Credential::find(machine, target).await {
        Ok(credential) => (Some(credential), None),
        Err(why) => (None, Some(why)),
    };
    let wire = Wire::new(target, credential, roots);
    let health = api::health(&wire).await;
    let is_there = health.verdict != Verdict::Fail;
    checks.push(health);
    if !is_there {
        return checks;
    }
    if let Some(why) = missing {
        let advice = format!("Run `ccag login {}`, or set CCAG_API_KEY.", target.url);
        let found = format!("{why}: models, streams and the WAF are not checked");
        checks.push(Check::fail("sign-in", found, advice));
        return checks;
    }
    let (models, ids) = api::models(&wire, machine).await;
    let is_signed_in =
        models.iter().all(|check| check.name != "sign-in" || check.verdict == Verdict::Ok);
    checks.extend(models);
    if !is_signed_in {
        return checks;
    }
    if let Some(model) = options.model.as_ref().or_else(|| smallest(&ids)) {
        checks.push(api::count_tokens(&wire, model).await);
        if !options.no_message {
            checks.push(stream::message(&wire, model).await);
        }
    }
    checks.extend(firewall::checks(&wire).await);
    checks.extend(stream::flow(&wire).await);
    checks.push(stream::silence(&wire, options.silence).await);
    checks
}

/// The model that costs least.
fn smallest(ids: &[String]) -> Option<&String> {
    ids.iter().find(|id| id.contains("haiku")).or_else(|| ids.first())
}
