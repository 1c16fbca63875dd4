//! Logging in to the database as a deployment on AWS does: with a secret that is rotated, and with tokens.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use ccag::bedrock::rds_token::rds_token;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::client::Request;
use crate::support::cluster::Cluster;
use crate::support::gateway::{ADMIN, Gateway, KEY, Setup};
use crate::support::secrets_manager::{ARN, SecretsManager};
use crate::support::tls::Authority;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::world::{plain, streaming};

/// What `infra/` makes for the smallest deployment, held there against the CDK app.
const TEMPLATE: &str = include_str!("../../../infra/test/minimal.template.json");
const ID: &str = "AKIASTORIES000000001";
const SECRET: &str = "storiesSecret/0123456789abcdefghijklmnop";

/// What the task definition of the smallest deployment sets (`infra/`, its template): fixed values as they are,
/// and for what is known on AWS only, a stand-in.
fn deployed(cluster: &Cluster, password: &str) -> BTreeMap<String, String> {
    let port = cluster.port.to_string();
    let mut stand_ins = BTreeMap::from([
        ("PUBLIC_URL", "http://load-balancer.example"),
        ("TRUSTED_PROXIES", "10.0.0.0/16"),
        ("DATABASE_HOST", "localhost"),
        ("DATABASE_PORT", &port),
        ("DB_SECRET_ARN", ARN),
        ("DB_PASSWORD", password),
        ("BOOTSTRAP_API_KEY", KEY),
        ("ADMIN_API_KEY", ADMIN),
        ("ADMIN_PASSWORD", "a password of the stories"),
        ("SECRETS_KEY", "stories-seal-0123456789abcdefghijklmnopqrstuv"),
    ]);
    let template: Value = serde_json::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let task = resources.values().find(|r| r["Type"] == "AWS::ECS::TaskDefinition").unwrap();
    let container = &task["Properties"]["ContainerDefinitions"][0];
    let named = |list: &str| container[list].as_array().unwrap().clone();
    let mut variables = BTreeMap::new();
    for variable in named("Environment").iter().chain(&named("Secrets")) {
        let name = variable["Name"].as_str().unwrap();
        let value = variable["Value"].as_str().or_else(|| stand_ins.remove(name));
        let value = value.unwrap_or_else(|| panic!("{name} has neither a value nor a stand-in"));
        variables.insert(name.to_owned(), value.to_owned());
    }
    assert!(stand_ins.is_empty(), "the deployment does not set {stand_ins:?}");
    // Stories run beside each other.
    assert_eq!(variables.insert("PROXY_PORT".to_owned(), "0".to_owned()).as_deref(), Some("8080"));
    variables
}

/// Starts a gateway with those variables, and with what its platform and the story put around them.
fn start(
    variables: BTreeMap<String, String>,
    more: &[(&str, &str)],
    upstream: &Upstream,
    roots: &Path,
) -> Gateway {
    let bedrock = format!("http://{}", upstream.address);
    let roots = roots.display().to_string();
    let platform = [
        ("AWS_ACCESS_KEY_ID", ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock),
        ("AWS_ENDPOINT_URL_BEDROCK", &bedrock),
        ("PRICING_REFRESH_ENABLED", "false"),
        ("ENDPOINT_PROBE_INTERVAL", "0"),
        ("SSL_CERT_FILE", &roots),
    ];
    let around = platform.iter().chain(more);
    around.fold(Setup::exactly(variables), |setup, (name, value)| setup.env(name, value)).start()
}

/// Asks for what needs the database at once: a key that no snapshot knows, and a list.
#[track_caller]
fn ask_the_database(cluster: &Cluster, gateway: &Gateway, name: &str) {
    let key = format!("sk-ccag-{name}-{}", "0123456789".repeat(4));
    cluster.sql(&format!(
        "insert into api_keys (id, name, key_hash, user_id)
         select gen_random_uuid(), '{name}', sha256('{key}'), id from users limit 1"
    ));
    let reply = plain().without("x-api-key").x_api_key(&key).send(&gateway.address);
    assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    let reply = Request::get("/admin/keys").bearer(ADMIN).send(&gateway.address);
    assert_eq!(reply.status, 200, "{name}: {}", reply.text());
}

/// Does `work` while messages are asked for without pause, and returns how many were answered.
#[track_caller]
fn under_load(gateway: &Gateway, work: impl FnOnce(&AtomicUsize)) -> usize {
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for request in [plain(), streaming(), plain(), streaming()] {
            let (over, answered, failed) = (&over, &answered, &failed);
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    match request.try_send(&gateway.address) {
                        Ok(reply)
                            if reply.status == 200 && !reply.text().contains("event: error") =>
                        {
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(reply) => failed.lock().unwrap().push(reply.text()),
                        Err(error) => failed.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
        // Threads that are not told to stop would keep a failed story waiting.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&answered)));
        over.store(true, Ordering::SeqCst);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    assert_eq!(failed.into_inner().unwrap(), Vec::<String>::new());
    answered.into_inner()
}

/// Waits until some more messages were answered.
fn some_more(answered: &AtomicUsize) {
    let before = answered.load(Ordering::SeqCst);
    until("messages are answered", || {
        (answered.load(Ordering::SeqCst) >= before + 8).then_some(())
    });
}

fn roots(authority: &Authority) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    file
}

#[test]
fn a_rotated_password_fails_no_request() {
    let (authority, upstream) = (Authority::new(), Upstream::start());
    let cluster = Cluster::with_password(&authority.issue(), "first");
    let secrets = SecretsManager::start("first");
    let variables = deployed(&cluster, "first");
    let url = format!("http://{}", secrets.address);
    let around = [("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.as_str())];
    let roots = roots(&authority);
    let gateway = start(variables, &around, &upstream, roots.path());
    assert_eq!(secrets.read(), 0, "the password that was given is right");
    let answered = under_load(&gateway, |answered| {
        for next in ["second", "third"] {
            secrets.create_pending(next);
            cluster.set_password(next);
            cluster.end_sessions();
            ask_the_database(&cluster, &gateway, &format!("{next}-pending"));
            some_more(answered);
            secrets.finish();
            cluster.end_sessions();
            ask_the_database(&cluster, &gateway, &format!("{next}-current"));
            some_more(answered);
        }
    });
    let recorded = "select count(*) as n from usage where outcome = 'completed'";
    until("every answer has its record", || {
        let rows = cluster.sql(recorded);
        (rows[0]["n"].as_deref() == Some(&(answered + 4).to_string())).then_some(())
    });
}

#[test]
fn a_password_that_was_not_given_is_read() {
    let (authority, upstream) = (Authority::new(), Upstream::start());
    let cluster = Cluster::with_password(&authority.issue(), "kept apart");
    let secrets = SecretsManager::start("kept apart");
    let mut variables = deployed(&cluster, "");
    variables.remove("DB_PASSWORD");
    let url = format!("http://{}", secrets.address);
    let around = [("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.as_str())];
    let roots = roots(&authority);
    let gateway = start(variables, &around, &upstream, roots.path());
    ask_the_database(&cluster, &gateway, "read");
    let said = gateway.process.lines().join("\n");
    assert!(!said.contains("kept apart"), "the password stands in the log");
}

#[test]
fn a_server_whose_certificate_nobody_vouches_for_gets_no_password() {
    let (authority, other) = (Authority::new(), Authority::new());
    let cluster = Cluster::with_password(&other.issue(), "first");
    let mut variables = deployed(&cluster, "first");
    variables.remove("DB_SECRET_ARN");
    let roots = roots(&authority);
    let roots = roots.path().display().to_string();
    let mut process = Setup::exactly(variables).env("SSL_CERT_FILE", &roots).run(&["migrate"]);
    assert_eq!(process.wait().code(), Some(1));
    let said = process.lines().join("\n");
    assert!(said.contains("certificate"), "{said}");
}

#[test]
fn a_token_is_signed_for_each_connection() {
    let (authority, upstream) = (Authority::new(), Upstream::start());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let cluster = Cluster::with_token(&authority.issue(), move |token| {
        let right = is_right(token);
        count.fetch_add(usize::from(right), Ordering::SeqCst);
        right
    });
    let mut variables = deployed(&cluster, "");
    // As the deployment does with rds_iam_auth.
    variables.retain(|name, _| name != "DB_PASSWORD" && name != "DB_SECRET_ARN");
    variables.insert("RDS_IAM_AUTH".to_owned(), "true".to_owned());
    let roots = roots(&authority);
    let gateway = start(variables, &[], &upstream, roots.path());
    under_load(&gateway, |answered| {
        for round in ["one", "two"] {
            ask_the_database(&cluster, &gateway, round);
            some_more(answered);
            let before = taken.load(Ordering::SeqCst);
            cluster.end_sessions();
            ask_the_database(&cluster, &gateway, &format!("{round}-again"));
            assert!(taken.load(Ordering::SeqCst) > before, "no new connection was opened");
        }
    });
}

/// Signs again what the token says of itself, and compares.
fn is_right(token: &str) -> bool {
    let url = url::Url::parse(&format!("https://{token}")).unwrap();
    let value = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    assert_eq!(value("X-Amz-Expires"), "900");
    let date =
        chrono::NaiveDateTime::parse_from_str(&value("X-Amz-Date"), "%Y%m%dT%H%M%SZ").unwrap();
    let at = SystemTime::from(date.and_utc());
    assert!(
        at.elapsed().unwrap_or_default() < Duration::from_secs(60),
        "an old token is used again"
    );
    let identity = Credentials::new(ID, SECRET, None, None, "story").into();
    let server = ("localhost", url.port().unwrap());
    let again = rds_token(&identity, "us-west-2", server, "proxy", at).unwrap();
    again.expose_secret() == token
}
