use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorContext as _, Addr, Arbiter, AsyncContext as _, Context, Handler, Message,
};
use tokio::sync::watch;

use super::*;

/// Counts in what its parent owns; dies by order.
struct Child {
    lent: Arc<AtomicU32>,
    own: u32,
    tombstone: Tombstone,
}

impl Actor for Child {
    type Context = Context<Self>;
}

#[derive(Clone, Copy, Message)]
#[rtype(result = "(u32, u32)")]
struct Count;

impl Handler<Count> for Child {
    type Result = actix::MessageResult<Count>;

    fn handle(&mut self, _: Count, _: &mut Context<Self>) -> Self::Result {
        self.own += 1;
        actix::MessageResult((self.own, self.lent.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
enum Die {
    Panic,
    PanicLater,
    End,
    Asked,
}

impl Handler<Die> for Child {
    type Result = ();

    fn handle(&mut self, how: Die, ctx: &mut Context<Self>) {
        match how {
            Die::Panic => panic!("boom"),
            Die::PanicLater => {
                ctx.run_later(Duration::ZERO, |_, _| panic!("boom"));
            }
            Die::End => ctx.stop(),
            Die::Asked => {
                self.tombstone.asked();
                ctx.stop();
            }
        }
    }
}

struct Tree {
    name: Name<Child>,
    board: Board,
    root: Addr<Supervisor>,
    gave_up: watch::Receiver<bool>,
}

async fn tree() -> Tree {
    let (tell, gave_up) = watch::channel(false);
    let board = Board::default();
    let root = Supervisor::new(board.clone(), tell).start();
    let name = Name::new("child");
    let lent = Arc::new(AtomicU32::new(0));
    let recipe = OnArbiter::new(&name, &Arbiter::current(), move |tombstone| Child {
        lent: Arc::clone(&lent),
        own: 0,
        tombstone,
    });
    root.do_send(Adopt(Box::new(recipe)));
    let tree = Tree { name, board, root, gave_up };
    tree.restarts(0).await;
    tree
}

impl Tree {
    async fn restarts(&self, wanted: u64) {
        self.until(|status| status.restarts() == wanted && status.running()).await;
    }

    async fn until(&self, reached: impl Fn(&ChildStatus) -> bool) {
        let began = Instant::now();
        while !self.board.children().first().is_some_and(|status| reached(status)) {
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", self.board.children());
            actix::clock::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[actix::test]
async fn a_child_is_rebuilt_however_it_died_and_what_was_lent_goes_on() {
    let tree = tree().await;
    for (deaths, how) in [Die::Panic, Die::PanicLater, Die::End].into_iter().enumerate() {
        let deaths = u32::try_from(deaths).unwrap();
        assert_eq!(tree.name.ask_again(Count).await, Ok((1, 2 * deaths + 1)));
        assert_eq!(tree.name.ask(Count).await, Ok((2, 2 * deaths + 2)));
        tree.name.tell(how);
        tree.restarts(u64::from(deaths) + 1).await;
    }
}

#[actix::test]
async fn the_asker_of_a_crash_is_told_and_others_may_ask_again() {
    let tree = tree().await;
    assert_eq!(tree.name.ask(Die::Panic).await, Err(Unavailable("child")));
    assert_eq!(tree.name.ask_again(Count).await, Ok((1, 1)));
    assert!(tree.name.mail().dead_letters >= 1);
    assert!(tree.board.children()[0].restarts() == 1);
}

#[actix::test]
async fn a_wanted_stop_is_final() {
    let tree = tree().await;
    tree.name.tell(Die::Asked);
    tree.until(|status| !status.running()).await;
    assert!(tree.name.ask_again(Count).await.is_err());
    assert_eq!(tree.board.children()[0].restarts(), 0);
}

#[actix::test]
async fn the_sixth_death_makes_the_parent_give_up() {
    let mut tree = tree().await;
    for death in 1..=5 {
        tree.name.tell(Die::Panic);
        tree.restarts(death).await;
        assert!(!*tree.gave_up.borrow());
    }
    tree.name.tell(Die::Panic);
    let waited = tree.gave_up.wait_for(|gave_up| *gave_up);
    tokio::time::timeout(Duration::from_secs(5), waited).await.unwrap().unwrap();
}

#[actix::test]
async fn a_late_report_of_an_earlier_life_is_ignored() {
    let tree = tree().await;
    tree.name.tell(Die::End);
    tree.restarts(1).await;
    let late = Down { child: 0, generation: 1, exit: Exit::Ended };
    tree.root.send(late).await.unwrap();
    assert_eq!(tree.name.ask(Count).await, Ok((1, 1)));
    assert_eq!(tree.board.children()[0].restarts(), 1);
}

#[actix::test]
async fn a_retired_parent_rebuilds_nobody() {
    let tree = tree().await;
    tree.root.send(Retire).await.unwrap();
    assert!(tree.name.ask(Die::Panic).await.is_err());
    assert!(tree.name.ask_again(Count).await.is_err());
    assert_eq!(tree.board.children()[0].restarts(), 0);
}
