//! How the owners of snapshots read from Postgres: at the start, at each announcement, and once a
//! minute as the net under lost announcements.

use std::future::Future;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, Message, WrapFuture as _,
};

use crate::storage::StorageError;

const POLL: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(2);

/// The order to read from Postgres again.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Reload;

/// Has an owner read now, and once a minute.
pub(super) fn keep_fresh<A>(ctx: &mut Context<A>)
where
    A: Actor<Context = Context<A>> + Handler<Reload>,
{
    ctx.notify(Reload);
    ctx.run_interval(POLL, |_, ctx| ctx.notify(Reload));
}

/// Has an owner read again soon, after a read that failed.
pub(super) fn again_soon<A>(ctx: &mut Context<A>)
where
    A: Actor<Context = Context<A>> + Handler<Reload>,
{
    ctx.notify_later(Reload, RETRY);
}

/// Reads and has the owner publish what was read; after a failure the last state of `what` stays.
pub(super) fn read<A, T>(
    owner: &A,
    ctx: &mut Context<A>,
    what: &'static str,
    read: impl Future<Output = Result<T, StorageError>> + 'static,
    publish: fn(&A, T),
) where
    A: Actor<Context = Context<A>> + Handler<Reload>,
    T: 'static,
{
    ctx.spawn(read.into_actor(owner).map(move |read, owner, ctx| match read {
        Ok(read) => publish(owner, read),
        Err(error) => {
            tracing::warn!(%error, "The {what} cannot be read; the last ones stay.");
            again_soon(ctx);
        }
    }));
}
