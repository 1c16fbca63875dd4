//! What the tree publishes about its children: read by the status page and the metrics without
//! asking anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};

/// One supervised child as others see it.
#[derive(Debug)]
pub struct ChildStatus {
    /// The child's name.
    pub label: &'static str,
    running: AtomicBool,
    restarts: AtomicU64,
    last_crash: ArcSwapOption<String>,
}

impl ChildStatus {
    fn new(label: &'static str) -> Self {
        Self {
            label,
            running: AtomicBool::new(true),
            restarts: AtomicU64::new(0),
            last_crash: ArcSwapOption::empty(),
        }
    }

    /// False between a death and the rebuild, and after a wanted stop.
    #[must_use]
    pub fn running(&self) -> bool {
        self.running.load(Ordering::Relaxed)
    }

    /// How often the child was rebuilt.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Message and place of the latest panic.
    #[must_use]
    pub fn last_crash(&self) -> Option<Arc<String>> {
        self.last_crash.load_full()
    }

    pub(super) fn died(&self, crash: Option<String>) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(crash) = crash {
            self.last_crash.store(Some(Arc::new(crash)));
        }
    }

    pub(super) fn rebuilt(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.running.store(true, Ordering::Relaxed);
    }
}

/// The statuses of all children, in the order of their start.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<ArcSwap<Vec<Arc<ChildStatus>>>>);

impl Board {
    /// The children known at this moment.
    #[must_use]
    pub fn children(&self) -> Arc<Vec<Arc<ChildStatus>>> {
        self.0.load_full()
    }

    pub(super) fn add(&self, label: &'static str) -> Arc<ChildStatus> {
        let status = Arc::new(ChildStatus::new(label));
        self.0.rcu(|children| {
            let mut children = Vec::clone(children);
            children.push(Arc::clone(&status));
            children
        });
        status
    }
}
