//! What every supervised actor carries: its `Drop` tells the parent how the actor ended, for a
//! stop, a panic and the death of the thread alike.

use std::cell::RefCell;

use actix::{Message, Recipient};

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How an actor ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It panicked; with the panic's message and place where they are known.
    Crashed(Option<String>),
    /// It stopped by itself, or its thread ended.
    Ended,
    /// Its parent asked it to stop.
    Asked,
}

/// The fact that a child is gone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Down {
    /// The child's place with its parent.
    pub child: usize,
    /// Which of the child's lives this was; a late report of an earlier one is ignored.
    pub generation: u64,
    /// How it ended.
    pub exit: Exit,
}

/// Reports the end of the actor that owns it.
#[derive(Debug)]
pub struct Tombstone {
    parent: Recipient<Down>,
    child: usize,
    generation: u64,
    asked: bool,
}

impl Tombstone {
    /// A tombstone for one life of one child.
    #[must_use]
    pub fn new(parent: Recipient<Down>, child: usize, generation: u64) -> Self {
        Self { parent, child, generation, asked: false }
    }

    /// Marks the coming end as wanted, so that the child is not rebuilt.
    pub fn asked(&mut self) {
        self.asked = true;
    }
}

impl Drop for Tombstone {
    // Runs while the thread unwinds: a second panic here would abort the process.
    fn drop(&mut self) {
        let exit = if std::thread::panicking() {
            Exit::Crashed(LAST_PANIC.try_with(|p| p.try_borrow_mut().ok()?.take()).ok().flatten())
        } else if self.asked {
            Exit::Asked
        } else {
            Exit::Ended
        };
        self.parent.do_send(Down { child: self.child, generation: self.generation, exit });
    }
}

/// Logs each panic with its place, and keeps it for the tombstone of the actor that dies of it. Before there is a
/// log, panics are printed.
pub fn install_panic_hook() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !tracing::dispatcher::has_been_set() {
            print(info);
        }
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = LAST_PANIC.try_with(|p| {
            p.try_borrow_mut().map(|mut p| *p = Some(format!("{message} ({place})")))
        });
        tracing::error!(place, message, "A panic was caught; its actor is rebuilt or reported.");
    }));
}
