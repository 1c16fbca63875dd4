//! What the owners of live state show: read from what they publish when somebody scrapes, so that
//! showing costs them nothing.

use std::sync::atomic::Ordering;

use prometheus::Registry;
use prometheus::proto::MetricFamily;

use super::Gateway;
use super::endpoints::{TROUBLED, Vitals};
use crate::telemetry::label::{MAX_ENDPOINTS, OTHER};
use crate::telemetry::metric::{Kind, Label};
use crate::telemetry::{Declared, Family};

crate::telemetry::metric::metrics! {
    /// Requests being served.
    LIVE: "ccag_live_streams", Kind::Gauge, [];
    /// Connection actors that panicked.
    CRASHED: "ccag_streams_crashed_total", Kind::Counter, [];
    /// 1 once the gateway takes no new work, else 0.
    DRAINING: "ccag_draining", Kind::Gauge, [];
    /// How often an actor was rebuilt.
    RESTARTS: "ccag_actor_restarts_total", Kind::Counter, [Label::ACTOR];
    /// 1 while the actor is there, else 0.
    RUNNING: "ccag_actor_running", Kind::Gauge, [Label::ACTOR];
    /// Messages that nobody was there to take.
    DEAD_LETTERS: "ccag_actor_dead_letters_total", Kind::Counter, [Label::ACTOR];
    /// Questions to an actor that wait in its mailbox or are being answered.
    MAILBOX: "ccag_actor_mailbox_depth", Kind::Gauge, [Label::ACTOR];
    /// How long an actor's answers took, waiting in its mailbox included.
    ASKED: "ccag_actor_ask_seconds", Kind::Histogram(crate::telemetry::histogram::SHORT), [Label::ACTOR];
    /// Bytes of usage records that Postgres has not taken yet.
    JOURNAL: "ccag_usage_journal_bytes", Kind::Gauge, [];
    /// Age of the oldest usage record that Postgres has not taken yet; 0 where there is none.
    OLDEST: "ccag_usage_oldest_seconds", Kind::Gauge, [];
    /// Usage records kept in memory because the disk takes none.
    UNJOURNALED: "ccag_usage_unjournaled", Kind::Gauge, [];
    /// Batches of usage records that could not be written.
    WRITE_FAILURES: "ccag_usage_write_failures_total", Kind::Counter, [];
    /// Usage records that Postgres refuses for good, put aside.
    QUARANTINED: "ccag_usage_quarantined_total", Kind::Counter, [];
    /// Usage records that neither disk nor Postgres took.
    LOST: "ccag_usage_lost_total", Kind::Counter, [];
    /// Open database connections of the pool.
    CONNECTIONS: "ccag_database_connections", Kind::Gauge, [];
    /// Open database connections that nobody uses.
    IDLE: "ccag_database_connections_idle", Kind::Gauge, [];
    /// Most connections that the pool opens.
    MOST: "ccag_database_connections_max", Kind::Gauge, [];
    /// Work that waits for a database connection.
    WAITING: "ccag_database_waiting", Kind::Gauge, [];
    /// Requests that limits let through although Postgres could not be asked for their share.
    UNGRANTED: "ccag_limits_ungranted_total", Kind::Counter, [];
    /// Accounts of limits and budgets of which this instance holds a share.
    SHARES: "ccag_limits_shares", Kind::Gauge, [];
    /// 1 while limits are decided without Postgres, because it is away; else 0.
    LIMITS_AWAY: "ccag_limits_away", Kind::Gauge, [];
    /// What is known of endpoints and profiles beyond the capability table.
    VERDICTS: "ccag_capability_verdicts", Kind::Gauge, [Label::of("kind", &["feature", "beta", "field"]), Label::of("taken", &["false", "true"])];
    /// Models of an endpoint that are not simply served, by what their breaker says.
    BREAKERS: "ccag_endpoint_breakers", Kind::Gauge, [Label::ENDPOINT, Label::of("state", &["throttled", "half_open", "open", "parked"])];
    /// Requests that an endpoint serves now.
    IN_FLIGHT: "ccag_endpoint_in_flight", Kind::Gauge, [Label::ENDPOINT];
    /// 1 while there is a credential for an endpoint, else 0.
    CREDENTIAL: "ccag_endpoint_credential_ready", Kind::Gauge, [Label::ENDPOINT];
    /// Time since an endpoint's credential was fetched.
    CREDENTIAL_AGE: "ccag_endpoint_credential_age_seconds", Kind::Gauge, [Label::ENDPOINT];
    /// Notifications that Postgres has not taken yet.
    UNWRITTEN: "ccag_notifications_unwritten", Kind::Gauge, [];
    /// Notifications that were dropped because Postgres took none.
    DROPPED: "ccag_notifications_dropped_total", Kind::Counter, [];
    /// Attempts to deliver a notification, by how they ended.
    DELIVERIES: "ccag_notification_attempts_total", Kind::Counter, [Label::of("result", &["delivered", "failed", "parked"])];
}

/// Registers the metrics.
///
/// # Errors
/// Where they are registered already.
pub fn register(registry: &Registry, gateway: &Gateway) -> prometheus::Result<()> {
    gateway.traffic.register(registry)?;
    let gateway = gateway.clone();
    registry.register(Box::new(Declared::new(ALL, move || read(&gateway))?))
}

fn read(gateway: &Gateway) -> Vec<MetricFamily> {
    let mut families = singles(gateway);
    families.extend(tree(gateway));
    families.push(verdicts(gateway));
    families.push(deliveries(gateway));
    families.extend(endpoints(gateway));
    families
}

fn singles(gateway: &Gateway) -> Vec<MetricFamily> {
    let troubles = gateway.usage.troubles();
    let backlog = gateway.usage.backlog();
    let (open, idle, most) = gateway.database.connections();
    let values = [
        (&LIVE, gateway.live.count() as f64),
        (&CRASHED, gateway.live.crashed() as f64),
        (&DRAINING, f64::from(u8::from(gateway.readiness.is_draining()))),
        (&JOURNAL, backlog.bytes as f64),
        (&OLDEST, backlog.age.as_secs_f64()),
        (&UNJOURNALED, backlog.unjournaled as f64),
        (&WRITE_FAILURES, troubles.failures as f64),
        (&QUARANTINED, troubles.quarantined as f64),
        (&LOST, troubles.dropped as f64),
        (&CONNECTIONS, open as f64),
        (&IDLE, idle as f64),
        (&MOST, most as f64),
        (&WAITING, gateway.database.waiting() as f64),
        (&UNGRANTED, gateway.limiter.ungranted() as f64),
        (&SHARES, gateway.limiter.shares() as f64),
        (&LIMITS_AWAY, f64::from(u8::from(gateway.limiter.is_away()))),
        (&UNWRITTEN, gateway.notifier.unwritten() as f64),
        (&DROPPED, gateway.notifier.dropped() as f64),
    ];
    values.into_iter().map(|(metric, value)| Family::single(metric, value)).collect()
}

fn tree(gateway: &Gateway) -> [MetricFamily; 5] {
    let [mut restarts, mut running] = [Family::new(&RESTARTS), Family::new(&RUNNING)];
    for child in gateway.board.children().iter() {
        restarts.add(&[child.label], child.restarts() as f64);
        running.add(&[child.label], f64::from(u8::from(child.running())));
    }
    let [mut letters, mut depth, mut asked] =
        [Family::new(&DEAD_LETTERS), Family::new(&MAILBOX), Family::new(&ASKED)];
    for mail in gateway.mail() {
        letters.add(&[mail.actor], mail.dead_letters as f64);
        depth.add(&[mail.actor], mail.asking as f64);
        if mail.answered.total() > 0 {
            asked.add_times(&[mail.actor], &mail.answered);
        }
    }
    [restarts.done(), running.done(), letters.done(), depth.done(), asked.done()]
}

/// Of the endpoints in use; those behind the first 64 are together `other`, without credentials.
fn endpoints(gateway: &Gateway) -> [MetricFamily; 4] {
    let [mut breakers, mut running] = [Family::new(&BREAKERS), Family::new(&IN_FLIGHT)];
    let [mut ready, mut age] = [Family::new(&CREDENTIAL), Family::new(&CREDENTIAL_AGE)];
    let mut vitals = gateway.endpoints.vitals();
    let others = vitals.split_off(vitals.len().min(MAX_ENDPOINTS));
    for endpoint in &vitals {
        let name = endpoint.name.as_str();
        ready.add(&[name], f64::from(u8::from(endpoint.has_credential)));
        if let Some(seconds) = endpoint.credential_age {
            age.add(&[name], seconds.as_secs_f64());
        }
    }
    let told =
        vitals.iter().map(|endpoint| (endpoint.name.as_str(), std::slice::from_ref(endpoint)));
    let rest = (!others.is_empty()).then_some((OTHER, others.as_slice()));
    for (name, endpoints) in told.chain(rest) {
        let sum = |of: &dyn Fn(&Vitals) -> usize| endpoints.iter().map(of).sum::<usize>() as f64;
        running.add(&[name], sum(&|endpoint| endpoint.in_flight));
        for (place, phase) in TROUBLED.iter().enumerate() {
            let troubled = |endpoint: &Vitals| endpoint.troubled.get(place).copied().unwrap_or(0);
            breakers.add(&[name, phase.name()], sum(&troubled));
        }
    }
    [breakers.done(), running.done(), ready.done(), age.done()]
}

fn verdicts(gateway: &Gateway) -> MetricFamily {
    let mut family = Family::new(&VERDICTS);
    for (kind, taken, count) in gateway.learned.count() {
        family.add(&[kind, if taken { "true" } else { "false" }], count as f64);
    }
    family.done()
}

fn deliveries(gateway: &Gateway) -> MetricFamily {
    let mut family = Family::new(&DELIVERIES);
    let attempts = gateway.notifier.attempts();
    for (result, count) in [
        ("delivered", &attempts.delivered),
        ("failed", &attempts.failed),
        ("parked", &attempts.parked),
    ] {
        family.add(&[result], count.load(Ordering::Relaxed) as f64);
    }
    family.done()
}
