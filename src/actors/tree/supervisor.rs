//! The parent: starts its children, rebuilds one that died, and gives up when one dies too often.
//!
//! One for one: a death concerns only the child that died. The supervisor handles no requests, so
//! it stays too small to crash.

use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use tokio::sync::watch;

use super::board::{Board, ChildStatus};
use super::recipe::Recipe;
use super::tombstone::{Down, Exit, Tombstone};
use crate::domain::restart::{Intensity, Verdict};

struct Child {
    recipe: Box<dyn Recipe>,
    status: Arc<ChildStatus>,
    generation: u64,
    intensity: Intensity,
}

/// The root of the tree.
pub struct Supervisor {
    children: Vec<Child>,
    board: Board,
    gave_up: watch::Sender<bool>,
    began: Instant,
    retired: bool,
}

impl Supervisor {
    /// A supervisor that publishes its children on `board` and says on `gave_up` when one of them
    /// died too often.
    #[must_use]
    pub fn new(board: Board, gave_up: watch::Sender<bool>) -> Self {
        Self { children: Vec::new(), board, gave_up, began: Instant::now(), retired: false }
    }

    fn start(&mut self, index: usize, ctx: &mut Context<Self>) {
        if let Some(child) = self.children.get_mut(index) {
            child.generation += 1;
            let parent = ctx.address().recipient();
            child.recipe.start(Tombstone::new(parent, index, child.generation));
        }
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

/// The order to take on a child and keep it alive.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt(pub Box<dyn Recipe>);

impl Handler<Adopt> for Supervisor {
    type Result = ();

    fn handle(&mut self, Adopt(recipe): Adopt, ctx: &mut Context<Self>) {
        let status = self.board.add(recipe.label());
        self.children.push(Child {
            recipe,
            status,
            generation: 0,
            intensity: Intensity::default(),
        });
        self.start(self.children.len() - 1, ctx);
    }
}

/// The order to rebuild nobody any more: the threads of the children are about to end.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Retire;

impl Handler<Retire> for Supervisor {
    type Result = ();

    fn handle(&mut self, _: Retire, _: &mut Context<Self>) {
        self.retired = true;
    }
}

impl Handler<Down> for Supervisor {
    type Result = ();

    fn handle(&mut self, down: Down, ctx: &mut Context<Self>) {
        let Some(child) = self.children.get_mut(down.child) else { return };
        if self.retired || down.generation != child.generation {
            return;
        }
        let actor = child.recipe.label();
        let crash = match down.exit {
            Exit::Asked => {
                child.status.died(None);
                return;
            }
            Exit::Ended => None,
            Exit::Crashed(crash) => Some(crash.unwrap_or_else(|| "unknown".to_owned())),
        };
        child.status.died(crash);
        match child.intensity.hit(self.began.elapsed()) {
            Verdict::Restart(delay) => {
                tracing::warn!(actor, ?delay, "An actor died and is rebuilt.");
                ctx.run_later(delay, move |supervisor, ctx| {
                    supervisor.start(down.child, ctx);
                    if let Some(child) = supervisor.children.get(down.child) {
                        child.status.rebuilt();
                    }
                });
            }
            Verdict::GiveUp => {
                tracing::error!(actor, "An actor died too often; the gateway gives up.");
                self.gave_up.send_replace(true);
            }
        }
    }
}
