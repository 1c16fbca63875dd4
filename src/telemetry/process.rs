//! The process itself and its build, declared as the collector of the `prometheus` crate names them.

use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;

use super::metric::{Kind, Label, Values};
use super::{Declared, Family};

crate::telemetry::metric::metrics! {
    /// Total user and system CPU time spent in seconds.
    CPU: "ccag_process_cpu_seconds_total", Kind::Counter, [];
    /// Number of open file descriptors.
    OPEN_FDS: "ccag_process_open_fds", Kind::Gauge, [];
    /// Maximum number of open file descriptors.
    MAX_FDS: "ccag_process_max_fds", Kind::Gauge, [];
    /// Virtual memory size in bytes.
    VIRTUAL: "ccag_process_virtual_memory_bytes", Kind::Gauge, [];
    /// Resident memory size in bytes.
    RESIDENT: "ccag_process_resident_memory_bytes", Kind::Gauge, [];
    /// Start time of the process since unix epoch in seconds.
    START: "ccag_process_start_time_seconds", Kind::Gauge, [];
    /// Number of OS threads in the process.
    THREADS: "ccag_process_threads", Kind::Gauge, [];
}

/// What was built.
pub mod build {
    use super::{Kind, Label, Values};

    crate::telemetry::metric::metrics! {
        /// 1, with the version of this build.
        BUILD: "ccag_build_info", Kind::Gauge, [Label { name: "version", values: Values::Version }];
    }
}

/// Registers both.
///
/// # Errors
/// Where they are registered already.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    let id = i32::try_from(std::process::id()).unwrap_or(0);
    registry.register(Box::new(ProcessCollector::new(id, "ccag")))?;
    registry.register(Box::new(Declared::new(build::ALL, || vec![info()])?))
}

fn info() -> MetricFamily {
    let mut family = Family::new(&build::BUILD);
    family.add(&[env!("CARGO_PKG_VERSION")], 1.0);
    family.done()
}
