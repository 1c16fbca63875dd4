//! The order that makes an actor panic, for the supervision tests. Not part of a release.

use actix::Message;

/// Panics the actor that handles it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Crash;

/// Gives an actor a handler for [`Crash`].
macro_rules! crashable {
    ($actor:ty) => {
        impl actix::Handler<$crate::actors::tree::chaos::Crash> for $actor {
            type Result = ();

            #[allow(clippy::panic)]
            fn handle(&mut self, _: $crate::actors::tree::chaos::Crash, _: &mut Self::Context) {
                panic!("crashed by order");
            }
        }
    };
}
pub(crate) use crashable;
