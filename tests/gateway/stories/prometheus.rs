//! Debian's Prometheus, really scraping a gateway under load, with the rules that are shipped.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::client::Request;
use crate::support::gateway::{ADMIN, collect};
use crate::support::until;
use crate::support::world::{World, plain, streaming};

/// Requests of each thread of the load.
const REQUESTS: usize = 25;
const THREADS: usize = 4;

/// A running Prometheus; killed when dropped.
struct Prometheus {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Prometheus {
    /// One that scrapes `target` with the admin key, in short intervals.
    fn scraping(target: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/observability/rules.yml");
        let config = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n\
             rule_files: ['{rules}']\n\
             scrape_configs:\n  - job_name: ccag\n    authorization: {{ credentials: {ADMIN} }}\n    static_configs: [{{ targets: ['{target}'] }}]\n"
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let mut child = Command::new("prometheus")
            .args([
                "--config.file=prometheus.yml",
                "--web.listen-address=127.0.0.1:0",
                "--storage.tsdb.path=data",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus is there (Debian: apt-get install prometheus)");
        let log = Arc::new(Mutex::new(Vec::new()));
        collect(child.stderr.take().unwrap(), &log);
        collect(child.stdout.take().unwrap(), &log);
        let address = until("Prometheus listens", || {
            let lines = log.lock().unwrap();
            let line = lines.iter().find(|line: &&String| line.contains("msg=\"Listening on\""))?;
            let address = line.split("address=").nth(1)?;
            Some(address.split(' ').next()?.to_owned())
        });
        Self { child, address, _folder: folder }
    }

    fn get(&self, path: &str) -> Value {
        Request::get(path).send(&self.address).json()["data"].clone()
    }

    /// The value of an expression that has one.
    fn value(&self, expression: &str) -> Option<f64> {
        let query = expression.bytes().fold(String::new(), |mut query, byte| {
            let _ = write!(query, "%{byte:02x}");
            query
        });
        let result = self.get(&format!("/api/v1/query?query={query}"));
        result["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prometheus_scrapes_a_loaded_gateway() {
    let world = World::start();
    let prometheus = Prometheus::scraping(world.address());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..REQUESTS {
                    assert_eq!(plain().send(world.address()).status, 200);
                    streaming().open(world.address()).events();
                }
            });
        }
    });
    let all = (2 * REQUESTS * THREADS) as f64;
    until("all requests are scraped", || {
        prometheus.value("sum(ccag_requests_total)").filter(|sum| (sum - all).abs() < 0.5)
    });
    let targets = prometheus.get("/api/v1/targets");
    let target = &targets["activeTargets"][0];
    assert_eq!((&target["health"], &target["lastError"]), (&"up".into(), &"".into()), "{target}");
    assert_eq!(prometheus.value("min_over_time(up[10m])"), Some(1.0), "no scrape failed");
    let tokens = prometheus.value("sum(ccag_tokens_total{class=\"input\"})").unwrap();
    assert!((tokens - 11.0 * all).abs() < 0.5, "{tokens}");
    let quantile = "histogram_quantile(0.99, sum by (le) (ccag_request_duration_seconds_bucket))";
    assert!(prometheus.value(quantile).unwrap() > 0.0);
    assert!(prometheus.value("ccag_process_resident_memory_bytes").unwrap() > 1e6);
    let rules = prometheus.get("/api/v1/rules");
    let groups = rules["groups"].as_array().unwrap();
    let rules: Vec<&Value> =
        groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(rules.len() > 20, "{rules:#?}");
    for rule in rules {
        assert_ne!(rule["health"], "err", "{rule}");
    }
}

#[test]
fn promtool_finds_nothing_to_say_of_the_metrics() {
    let world = World::start();
    streaming().open(world.address()).events();
    plain().body("{").send(world.address());
    Request::get("/nowhere").send(world.address());
    Request::get("/metrics").bearer(ADMIN).send(world.address());
    let page = Request::get("/metrics").bearer(ADMIN).send(world.address());
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there (Debian: apt-get install prometheus)");
    promtool.stdin.take().unwrap().write_all(&page.body).unwrap();
    let done = promtool.wait_with_output().unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(done.status.success() && said.is_empty(), "{said}");
}
